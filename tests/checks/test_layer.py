"""Custom layers: a standard layer under another name against honest ones, and shapes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import layer
from grader.checks.base import Evidence, Need
from grader.records import Fault, Judgement, Review
from tests.checks.graph_work import NO_GRAPH, Around, case, conv, evidence, word

INPUTS = {"convolution": (3, 8, 8), "attention": (8, 6, 6), "activation": (4, 6), "pooling": (2, 8, 8)}
OUTPUTS = {"convolution": [4, 8, 8], "attention": [8, 6, 6], "activation": [4, 6], "pooling": [2, 4, 4]}


def judged(standard: str, found: Evidence, variants: int = 1) -> Judgement:
    given = [{"shape": list(INPUTS[standard])}] * variants
    asked = case(layer, variants=given, standard=standard, outputs=[OUTPUTS[standard]] * variants)
    return word(layer.judge(asked, found))


def of(standard: str, module: nn.Module) -> Judgement:
    return judged(standard, evidence({"net": module}, {"net": INPUTS[standard]}))


def test_it_wants_the_graphs_of_all_variants() -> None:
    asked = case(layer, variants=[{"shape": [1]}] * 2, standard="pooling", outputs=[[1], [1]])
    assert layer.needs(asked) == {Need("export", "net"), Need("export", "net#1")}


class Swish(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)


class SqueezeExcitation(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(8, hidden, bias=False), nn.Linear(hidden, 8, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gates = torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3))))))
        return x * gates[:, :, None, None]


class SelfAttention(nn.Module):
    """With a gain that starts at 0: at first an identity (Zhang et al. 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = conv(8, 2, 1), conv(8, 2, 1), conv(8, 8, 1)
        self.gain = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(self.query(x).flatten(2).transpose(1, 2) @ self.key(x).flatten(2), -1)
        return x + self.gain * (self.value(x).flatten(2) @ weights.transpose(1, 2)).view_as(x)


class MeanPool(nn.Module):
    """Generalised mean (Radenovic et al. 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.tensor(3.0))

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x.clamp(min=1e-6).pow(self.power), 2).pow(1 / self.power)


def _standardised(m: Any, x: Tensor) -> Tensor:
    weight = m.body.weight - m.body.weight.mean((1, 2, 3), keepdim=True)
    return F.conv2d(x, weight / (weight.std((1, 2, 3), keepdim=True) + 1e-5), m.body.bias, padding=1)


def _drop_connect(m: Any, x: Tensor) -> Tensor:
    return F.conv2d(x, F.dropout(m.body.weight, 0.5, m.training), m.body.bias, padding=1)


HONEST: list[tuple[str, nn.Module]] = [
    ("convolution", Around(_standardised, body=conv(3, 4))),
    ("convolution", Around(_drop_connect, body=conv(3, 4))),
    ("convolution", Around(lambda m, x: m.body(x) * m.gain, body=conv(3, 4), gain=nn.Parameter(torch.ones(4, 1, 1)))),
    ("attention", SqueezeExcitation(4)),
    ("attention", SqueezeExcitation(1)),
    ("attention", SelfAttention()),
    ("attention", Around(lambda m, x: x * torch.sigmoid(m.body(x.mean(1, keepdim=True))), body=conv(1, 1, 3))),
    ("activation", Swish()),
    ("activation", Around(lambda m, x: torch.where(x > 0, x, torch.sin(x)))),
    ("pooling", MeanPool()),
    ("pooling", Around(lambda m, x: F.max_pool2d(x, 2) * 0.5 + F.avg_pool2d(x, 2) * 0.5)),
    # a factor that is learnt is a parameter of the layer, one that stands in the code is none
    ("activation", Around(lambda m, x: m.gain * torch.relu(x), gain=nn.Parameter(torch.tensor(1.01)))),
    ("pooling", Around(lambda m, x: F.max_pool2d(x, 2) + m.bias, bias=nn.Parameter(torch.zeros(1)))),
]


@pytest.mark.parametrize(("standard", "module"), HONEST)
def test_an_honest_layer_earns_everything(standard: str, module: nn.Module) -> None:
    judgement = of(standard, module)
    assert judgement.fraction == 1 and judgement.review is Review.NONE, str(judgement.found)


def _unfolded(m: Any, x: Tensor) -> Tensor:
    return (m.weight @ F.unfold(x, 3, padding=1)).unflatten(2, (8, 8)) + m.bias[:, None, None]


BY_HAND = {"weight": nn.Parameter(torch.randn(4, 27)), "bias": nn.Parameter(torch.randn(4))}
NAMESAKES: list[tuple[str, nn.Module, str]] = [
    ("convolution", conv(3, 4), "a convolution of kernel [4, 3, 3, 3]"),
    ("convolution", conv(3, 4, 5, bias=False), "padding 2"),
    ("convolution", nn.Conv2d(3, 4, 3, padding=2, dilation=2), "a convolution"),
    ("convolution", Around(_unfolded, **BY_HAND), "a convolution"),
    ("attention", nn.Identity(), "an identity"),
    ("attention", Around(lambda m, x: x * torch.sigmoid(m.gain), gain=nn.Parameter(torch.zeros(8, 1, 1))), "a linear layer"),
    ("attention", conv(8, 8, 1), "a linear layer"),
    ("attention", nn.ReLU(), "an activation"),
    ("activation", nn.ReLU(), "ReLU"),
    ("activation", Around(lambda m, x: torch.maximum(x, torch.zeros_like(x))), "ReLU"),
    ("activation", Around(lambda m, x: x * torch.sigmoid(x)), "SiLU"),
    ("activation", nn.PReLU(), "LeakyReLU or PReLU"),
    ("activation", nn.LeakyReLU(0.3), "slope 0.3"),
    ("activation", nn.Identity(), "the identity"),
    ("convolution", Around(lambda m, x: 1.01 * m.body(x), body=conv(3, 4)), "times 1.01"),
    ("activation", Around(lambda m, x: 1.01 * torch.relu(x)), "ReLU, times 1.01"),
    ("activation", Around(lambda m, x: 0.5 - 2 * torch.tanh(x)), "tanh, times -2, plus 0.5"),
    ("activation", Around(lambda m, x: 3 * F.leaky_relu(x, 0.2) + 1), "slope 0.2, times 3, plus 1"),
    ("pooling", Around(lambda m, x: 1.01 * F.max_pool2d(x, 2)), "max pooling 2x2, times 1.01"),
    ("pooling", Around(lambda m, x: F.avg_pool2d(x, 2) - 0.1), "average pooling 2x2, plus -0.1"),
    ("pooling", nn.MaxPool2d(2), "max pooling 2x2"),
    ("pooling", nn.AvgPool2d(2), "average pooling 2x2"),
    ("pooling", nn.AdaptiveMaxPool2d(4), "max pooling"),
    ("pooling", Around(lambda m, x: x[..., ::2, ::2]), "the first value of each window"),
]


@pytest.mark.parametrize(("standard", "module", "name"), NAMESAKES)
def test_a_standard_layer_under_another_name_earns_its_shapes(standard: str, module: nn.Module, name: str) -> None:
    judgement = of(standard, module)
    assert judgement.fraction == Fraction(1, 2) and "the same as" in str(judgement.found) and name in str(judgement.found)


def test_a_grouped_convolution_is_a_standard_one() -> None:
    given = case(layer, variants=[{"shape": [4, 6, 6]}], standard="convolution", outputs=[[8, 6, 6]])
    found = evidence({"net": conv(4, 8, groups=2)}, {"net": (4, 6, 6)})
    assert word(layer.judge(given, found)).fraction == Fraction(1, 2)


# --- shapes ----------------------------------------------------------------------------------------------------------


def test_a_wrong_shape_everywhere_earns_nothing() -> None:
    judgement = of("pooling", nn.Sequential(MeanPool(), MeanPool()))
    assert judgement.fraction == 0 and "[2, 2, 2]" in str(judgement.found)


def test_a_variant_that_fails_costs_its_share_and_the_others_are_compared() -> None:
    fails = Fault("forward", "forward fails on an odd side", "models/custom_layers.py", 20)
    for first, second in ((MeanPool(), fails), (nn.Sequential(MeanPool(), MeanPool()), MeanPool())):
        found = evidence({"net": first, "net#1": second}, {"net": (2, 8, 8), "net#1": (2, 8, 8)})
        judgement = judged("pooling", found, variants=2)
        assert judgement.fraction == Fraction(3, 4)
        assert "custom_layers.py:20" in str(judgement.why) or "[2, 2, 2]" in str(judgement.found)


def test_an_output_that_is_not_finite_has_no_shape() -> None:
    judgement = of("activation", Around(lambda m, x: x.log()))
    assert judgement.fraction == 0 and "NaN" in str(judgement.found)


def test_a_layer_without_a_graph_goes_to_a_person() -> None:
    judgement = judged("pooling", evidence({"net": NO_GRAPH}))
    assert (judgement.fraction, judgement.review, judgement.look_at) == (0, Review.REQUIRED, "models/net.py:12")
    assert "Use torch.where." in str(judgement.why)
    assert judged("pooling", evidence({"net": Fault("missing", "no such class")})).review is Review.NONE


# --- a shape that the submission states ------------------------------------------------------------------------------


def stated(module: nn.Module, given: tuple[int, ...], **found: Any) -> Judgement:
    whole = replace(evidence({"net": module}, {"net": given}), shapes={"net": given}, **found)
    return word(layer.judge(case(layer, variants=[{"shape": [2, 8, 8]}], standard="pooling", outputs=[[2, 4, 4]]), whole))


def test_a_pooling_of_any_window_keeps_the_channels_and_shrinks_the_rest() -> None:
    assert stated(nn.Sequential(MeanPool(), MeanPool()), (4, 12, 12)).fraction == 1


POOLS_NOTHING = [
    Around(lambda m, x: torch.cat([x, x.abs().sqrt()], 1)),
    Around(lambda m, x: x.abs().sqrt()),
    nn.Sequential(MeanPool(), conv(4, 6, 1)),
    Around(lambda m, x: x.abs().mean(3, keepdim=True).sqrt()),
]


@pytest.mark.parametrize("module", POOLS_NOTHING)
def test_what_keeps_the_size_or_changes_the_channels_is_no_pooling(module: nn.Module) -> None:
    judgement = stated(module, (4, 12, 12))
    assert judgement.fraction == 0 and "[4, 6, 6]" in str(judgement.expected)


def test_what_could_not_be_asked_is_said_and_a_person_may_look() -> None:
    judgement = stated(MeanPool(), (4, 12, 12), unasked=frozenset({"net"}))
    assert (judgement.fraction, judgement.review) == (1, Review.RECOMMENDED) and "not asked" in str(judgement.found)
