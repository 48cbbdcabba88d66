"""The student's own backward: right, wrong in each way that occurs, left to autograd, not there."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.checks import backward
from grader.checks.base import ClaimedGradients, Evidence, Need
from grader.network.gradients import DirectionalCheck, GradientCheck, directional_check
from grader.records import Fault, Judgement, Outcome, Review
from grader.submission import open_submission
from grader.worker.own import Watched, others, own_functions
from tests.checks.graph_work import NO_FILES, NO_GRAPH, case, measured, verdict, word
from tests.folders import write
from tests.network.exporting import HERE


class Scaled(torch.autograd.Function):
    """y = scale * x ** 3, with a backward that may be spoilt."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, spoil: str) -> Tensor:
        ctx.save_for_backward(x, scale)
        ctx.spoil = spoil
        return scale * x**3

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, scale = ctx.saved_tensors
        of_x, of_scale = gradient * scale * 3 * x**2, (gradient * x**3).sum().reshape(1)
        if ctx.spoil == "factor":
            return 2 * of_x, 2 * of_scale, None
        if ctx.spoil == "sign":
            return -of_x, -of_scale, None
        if ctx.spoil == "negative":
            return torch.where(x < 0, 0.0, of_x), 0 * of_scale, None
        if ctx.spoil == "one":
            return of_x, 2 * of_scale, None
        return of_x, None if ctx.spoil == "missing" else of_scale, None


class Cubed(nn.Module):
    def __init__(self, spoil: str = "") -> None:
        super().__init__()
        self.scale, self.spoil = nn.Parameter(torch.tensor([1.5])), spoil

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.scale * x**3 if self.spoil == "autograd" else Scaled.apply(x, self.scale, self.spoil)
        return result


class HandsOn(torch.autograd.Function):
    """y = factor * x: whatever comes before is left to autograd."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return factor * x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.factor * gradient, None


class Ends(nn.Module):
    """Plain autograd with an own function at its end, at its side, or, as an honest layer has it, in its middle."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.scale, self.how = nn.Parameter(torch.tensor([1.5])), how

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor
        if self.how == "middle":
            result = 2 * Scaled.apply(x.flip(0).flip(0).unsqueeze(0), self.scale, "").squeeze(0) + x * self.scale - 1
        elif self.how == "side":
            result = torch.sin(x) * self.scale + 1e-3 * Scaled.apply(x, self.scale, "")
        else:
            result = HandsOn.apply(x * x * x * self.scale, 1.0 if self.how == "identity" else 0.5)
        return result


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.sign(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


class Step(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = Sign.apply(x)
        return result


def claim(module: nn.Module) -> ClaimedGradients:
    """What the worker would claim at a random point, compared as the examiner compares it."""
    exported, _ = measured(module, 6)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(3, 6, generator=generator, dtype=torch.float64)
    cotangent = torch.randn(3, 6, generator=generator, dtype=torch.float64)
    module.double().zero_grad()
    leaf = x.clone().requires_grad_()
    output = module(leaf.clone())
    functions, left, watched = own_functions([output], HERE), others([output], HERE), Watched([output], HERE)
    output.backward(cotangent)
    weights = {path: value.detach() for path, value in module.named_parameters()}
    claims = {path: value.grad for path, value in module.named_parameters() if value.grad is not None}
    compared = directional_check(exported, [x], cotangent, weights, [leaf.grad], claims, seed=2)
    return ClaimedGradients(tuple(functions), compared, tuple(watched.idle()), tuple(left))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("submission")
    return open_submission(write(root, {"models/custom_layers.py": Path(__file__).read_text(encoding="utf-8")}))


def judged(claimed: ClaimedGradients | Fault, submission: Any = NO_FILES) -> Judgement:
    return word(backward.judge(case(backward), Evidence(submission, gradients={"net": claimed})))


def test_it_wants_the_claimed_gradients() -> None:
    assert backward.needs(case(backward)) == {Need("export", "net"), Need("gradients", "net")}


def test_a_right_backward_earns_everything(files: Any) -> None:
    judgement = judged(claim(Cubed()), files)
    assert judgement.fraction == 1 and "Scaled agrees" in str(judgement.found) and "1e-" in str(judgement.why)


SPOILT = [
    ("factor", 0, "the gradient of inputs.0 is off by"),
    ("sign", 0, "the gradient of inputs.0 is off by"),
    ("negative", 0, "the gradient of inputs.0 is off by"),
    ("one", Fraction(1, 4), "the gradient of scale is off by"),
    ("missing", Fraction(1, 4), "there is no gradient of scale"),
]


@pytest.mark.parametrize(("spoil", "fraction", "found"), SPOILT)
def test_a_wrong_backward_earns_at_most_what_is_right_in_it(files: Any, spoil: str, fraction: Fraction, found: str) -> None:
    judgement = judged(claim(Cubed(spoil)), files)
    assert judgement.fraction == fraction and found in str(judgement.found) and judgement.review is Review.NONE


def test_autograd_alone_earns_a_part(files: Any) -> None:
    judgement = judged(claim(Cubed("autograd")), files)
    assert judgement.fraction == Fraction(1, 2) and "no own autograd.Function" in str(judgement.found)
    tenth = word(backward.judge(case(backward, automatic=0.1), Evidence(files, gradients={"net": claim(Cubed("autograd"))})))
    assert tenth.fraction == Fraction(1, 10)


@pytest.mark.parametrize("how", ["identity", "factor"])
def test_a_function_that_only_hands_on_is_no_own_backward(files: Any, how: str) -> None:
    judgement = judged(claim(Ends(how)), files)
    assert (judgement.fraction, judgement.review) == (Fraction(1, 2), Review.NONE)
    assert "HandsOn only hands on" in str(judgement.found)


def test_a_function_beside_what_autograd_does_is_a_part_of_one(files: Any) -> None:
    judgement = judged(claim(Ends("side")), files)
    assert (judgement.fraction, judgement.review) == (Fraction(1, 2), Review.RECOMMENDED)
    assert "Scaled, and Sin by automatic differentiation" in str(judgement.found)


def test_views_sums_and_products_around_a_function_leave_it_the_layers_own(files: Any) -> None:
    judgement = judged(claim(Ends("middle")), files)
    assert judgement.fraction == 1, str(judgement.found)


BODIES = {"pass": "pass", "raise": "raise NotImplementedError", "return": "return gradient"}


@pytest.mark.parametrize("body", BODIES)
def test_a_function_that_is_claimed_has_to_stand_in_the_code(tmp_path: Path, body: str) -> None:
    text = f"class Scaled:\n    @staticmethod\n    def backward(ctx, gradient):\n        {BODIES[body]}\n"
    submission = open_submission(write(tmp_path, {"layers.py": text}))
    assert judged(claim(Cubed()), submission).fraction == (1 if body == "return" else Fraction(1, 2))


def test_a_layer_that_jumps_goes_to_a_person(files: Any) -> None:
    judgement = judged(claim(Step()), files)
    assert (judgement.fraction, judgement.review) == (0, Review.REQUIRED)
    edges = DirectionalCheck((GradientCheck("inputs.0", None, 0, 8),), (), False)
    assert judged(ClaimedGradients(("Scaled",), edges), files).review is Review.REQUIRED


def test_a_backward_that_fails_is_told_with_its_place() -> None:
    fault = Fault("backward", "backward returned 1 gradient, 2 were expected", "models/custom_layers.py", 44)
    judgement = judged(fault)
    assert judgement.fraction == 0 and judgement.look_at == "models/custom_layers.py:44" and "44" in str(judgement.why)
    assert judged(Fault("deadline", "no answer after 60 seconds")).review is Review.REQUIRED


def test_a_layer_without_a_graph_is_skipped() -> None:
    found = Evidence(NO_FILES, exports={"net": NO_GRAPH}, facts={"net": NO_GRAPH}, gradients={"net": NO_GRAPH})
    given = verdict(case(backward), "backward", found)
    assert (given.outcome, given.depends_on) == (Outcome.SKIPPED, "has net")
    assert backward.judge(case(backward), Evidence(NO_FILES)) is None


TWO = ({"arguments": {}, "shape": [2, 4]}, {"arguments": {}, "shape": [3, 5]})


def test_the_worst_variant_of_a_layer_counts(files: Any) -> None:
    given = case(backward, variants=TWO)
    assert backward.needs(given) == {Need(kind, subject) for kind in ("export", "gradients") for subject in ("net", "net#1")}
    right, wrong = claim(Cubed()), claim(Cubed("sign"))
    assert word(backward.judge(given, Evidence(files, gradients={"net": right, "net#1": right}))).fraction == 1
    spoilt = word(backward.judge(given, Evidence(files, gradients={"net": right, "net#1": wrong})))
    assert spoilt.fraction < 1 and "is off by" in str(spoilt.found)


def test_a_variant_that_cannot_be_had_takes_nothing_from_the_backward(files: Any) -> None:
    found = Evidence(files, exports={"net#1": NO_GRAPH}, gradients={"net": claim(Cubed()), "net#1": NO_GRAPH})
    assert word(backward.judge(case(backward, variants=TWO), found)).fraction == 1
