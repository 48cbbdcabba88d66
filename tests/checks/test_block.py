"""Residual blocks: the skip, the branch, the shapes; each missing one costs its share."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from torch import Tensor, nn

from grader.checks import block
from grader.checks.base import Need
from grader.records import Fault, Judgement, Review
from tests.checks.graph_work import NO_GRAPH, Residual, case, conv, evidence, word

SHAPE = (8, 6, 6)


def judged(kind: str, *work: nn.Module | Fault) -> Judgement:
    names = ["net", "net#1"][: len(work)]
    asked = case(block, variants=[{"shape": list(SHAPE)}] * len(work), kind=kind, outputs=[[8, 6, 6], [16, 3, 3]][: len(work)])
    return word(block.judge(asked, evidence(dict(zip(names, work, strict=True)), dict.fromkeys(names, SHAPE))))


def chain(*widths: tuple[int, int, int], **rest: int) -> nn.Sequential:
    """Convolutions (given, out, side), a norm behind each, a ReLU between them."""
    layers: list[nn.Module] = []
    for given, out, side in widths:
        layers += [conv(given, out, side, **rest), nn.BatchNorm2d(out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def basic() -> nn.Module:
    return chain((8, 8, 3), (8, 8, 3))


def bottleneck(inner: int = 2) -> nn.Module:
    return chain((8, inner, 1), (inner, inner, 3), (inner, 8, 1))


def wide(inner: int = 16) -> nn.Module:
    return chain((8, inner, 3), (inner, 8, 3))


class Gated(nn.Module):
    """A branch with squeeze and excitation behind it, out of 1x1 convolutions."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(8, 4, 1), nn.ReLU(), conv(4, 8, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        x = self.branch(x)
        gated: Tensor = x * self.gate(x)
        return gated


def preactivated() -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(8), nn.ReLU(), conv(8, 8), nn.BatchNorm2d(8), nn.ReLU(), conv(8, 8))


def separable() -> nn.Module:
    halves = [nn.Sequential(conv(8, 8, groups=8), conv(8, 8, 1), nn.BatchNorm2d(8)) for _ in range(2)]
    return nn.Sequential(halves[0], nn.ReLU(), halves[1])


def test_it_wants_the_graphs_of_all_variants() -> None:
    asked = case(block, variants=[{"shape": [1]}] * 2, kind="basic", outputs=[[1], [1]])
    assert block.needs(asked) == {Need("export", "net"), Need("export", "net#1")}


HONEST = [
    ("basic", basic()),
    ("basic", preactivated()),
    ("basic", separable()),
    ("basic", Gated(basic())),
    ("bottleneck", bottleneck()),
    ("bottleneck", Gated(bottleneck())),
    ("wide", wide()),
]


@pytest.mark.parametrize(("kind", "branch"), HONEST)
def test_an_honest_block_earns_everything(kind: str, branch: nn.Module) -> None:
    judgement = judged(kind, Residual(branch))
    assert judgement.fraction == 1, str(judgement.found)


WRONG = [
    ("basic", bottleneck(), "1x1 to 2 channels"),
    ("basic", chain((8, 8, 3)), "3x3 to 8 channels"),
    ("bottleneck", bottleneck(8), "1x1 to 8 channels, 3x3 to 8 channels"),
    ("bottleneck", bottleneck(32), "3x3 to 32 channels"),
    ("bottleneck", basic(), "3x3 to 8 channels, 3x3 to 8 channels"),
    ("wide", wide(8), "3x3 to 8 channels"),
    ("wide", chain((8, 16, 1), (16, 8, 1)), "1x1 to 16 channels"),
]


@pytest.mark.parametrize(("kind", "branch", "found"), WRONG)
def test_another_branch_costs_three_eighths(kind: str, branch: nn.Module, found: str) -> None:
    judgement = judged(kind, Residual(branch))
    assert judgement.fraction == Fraction(5, 8) and found in str(judgement.found)


@pytest.mark.parametrize(("kind", "branch"), [("basic", basic()), ("bottleneck", bottleneck()), ("wide", wide())])
def test_a_block_without_a_skip_costs_three_eighths(kind: str, branch: nn.Module) -> None:
    judgement = judged(kind, branch)
    assert judgement.fraction == Fraction(5, 8) and str(judgement.found) == "none"
    assert "out = branch(x) + shortcut(x)" in str(judgement.expected)


class Discarded(nn.Module):
    """A skip that is added and taken away again."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = basic()

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = (self.branch(x) + x) - x
        return result


def test_a_skip_without_effect_is_none() -> None:
    assert judged("basic", Discarded()).fraction == Fraction(5, 8)


def strided(given: int, out: int) -> nn.Module:
    return Residual(
        nn.Sequential(conv(given, out, stride=2), nn.ReLU(), conv(out, out)),
        nn.Sequential(nn.Conv2d(given, out, 1, stride=2), nn.BatchNorm2d(out)),
    )


def test_a_shape_that_does_not_work_costs_an_eighth() -> None:
    identity = Residual(basic())
    assert judged("basic", identity, strided(8, 16)).fraction == 1
    fault = Fault("forward", "the shapes of the sum differ", "models/custom_layers.py", 30)
    for second in (fault, strided(8, 12)):
        judgement = judged("basic", identity, second)
        assert judgement.fraction == Fraction(7, 8)
    assert judged("basic", identity, fault).look_at == "models/custom_layers.py:30"


def test_a_block_without_a_graph_goes_to_a_person() -> None:
    judgement = judged("basic", NO_GRAPH)
    assert (judgement.fraction, judgement.review, judgement.look_at) == (0, Review.REQUIRED, "models/net.py:12")


def test_variants_that_could_not_be_asked_are_said_and_a_person_may_look() -> None:
    found = replace(evidence({"net": Residual(basic())}, {"net": SHAPE}), shapes={"net": SHAPE}, unasked=frozenset({"net"}))
    judgement = word(block.judge(case(block, variants=[{"shape": list(SHAPE)}], kind="basic", outputs=[[8, 6, 6]]), found))
    assert (judgement.fraction, judgement.review) == (1, Review.RECOMMENDED) and "not asked" in str(judgement.found)
