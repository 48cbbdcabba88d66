"""Networks: each requirement with work that has the defect and work that has not, and honest work of many kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import network
from grader.checks.base import Evidence, Need
from grader.records import Fault, Judgement, Review
from tests.checks.graph_work import NO_GRAPH, Around, Residual, around, case, conv, evidence, word

DEFINES, RUNS = network.DEFINES, network.RUNS


def judged(found: Evidence, **require: Any) -> Judgement:
    return word(network.judge(case(network, output=[10], **require), found))


def of(module: nn.Module, **require: Any) -> Judgement:
    return judged(evidence({"net": module}), **require)


def perceptron(*between: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 16), *between, nn.Linear(16, 10))


def test_it_wants_the_graphs_of_its_roles() -> None:
    assert network.needs(case(network, "net", "other", output=[10])) == {Need("export", "net"), Need("export", "other")}


PLAIN = perceptron(nn.ReLU())
TWO = around(conv(3, 4), nn.ReLU(), conv(4, 4, 1), nn.ReLU())
BASIC = Residual(nn.Sequential(conv(4, 4), nn.BatchNorm2d(4), nn.ReLU(), conv(4, 4)))
SMALL = around(conv(3, 4), nn.ReLU())
RESIDUAL = around(conv(3, 4), nn.GroupNorm(2, 4), nn.ReLU(), BASIC)
RIGHT = [
    (perceptron(nn.ReLU(), nn.Dropout(0.5)), {"linears": {"least": 2, "most": 2}, "convolutions": {"most": 0}}),
    (perceptron(nn.LayerNorm(16), nn.PReLU()), {"linears": {"least": 2}}),
    (nn.Sequential(*perceptron(nn.Tanh()), nn.LogSoftmax(1)), {"linears": {"least": 2, "most": 2}}),
    (around(conv(3, 4), nn.ReLU(), conv(4, 4, stride=2), nn.ReLU()), {"convolutions": {"least": 2, "most": 2}}),
    (RESIDUAL, {"residuals": {"least": 1}, "convolutions": {"least": 3, "most": 3}}),
    (around(conv(3, 4, 5), nn.MaxPool2d(2), conv(4, 4, 5), nn.GELU()), {"kernels": [5]}),
    (TWO, {"kernels": [1, 3], "kernel_rule": "all of"}),
    (TWO, {"kernels": [3]}),  # a 1x1 beside them is no other size
    (PLAIN, {"parameters": {"least": 3258, "most": 3258}}),
]


@pytest.mark.parametrize(("module", "require"), RIGHT)
def test_what_was_asked_for_earns_everything(module: nn.Module, require: dict[str, Any]) -> None:
    judgement = of(module, **require)
    assert judgement.fraction == 1 and judgement.review is Review.NONE and judgement.hint is None


WRONG = [
    (PLAIN, {"linears": {"least": 3, "most": 4}}, "2 fully connected layers"),
    (SMALL, {"convolutions": {"least": 2, "most": 3}}, "1 convolution layers"),
    (TWO, {"residuals": {"least": 1}}, "0 residual connections"),
    (RESIDUAL, {"residuals": {"most": 0}}, "1 residual connections"),
    (SMALL, {"kernels": [5]}, "kernels of extent 3"),
    (SMALL, {"kernels": [1, 3], "kernel_rule": "all of"}, "kernels of extent 3"),
    (PLAIN, {"parameters": {"most": 3000}}, "3258 parameters"),
    (perceptron(nn.Dropout(0.5)), {}, "none between 1.weight and 3.weight"),
    (perceptron(nn.BatchNorm1d(16)), {}, "none between 1.weight and 3.weight"),
    (around(conv(3, 4), nn.AvgPool2d(2), conv(4, 4), nn.ReLU()), {}, "none between 0.weight and 2.weight"),
]


@pytest.mark.parametrize(("module", "require", "found"), WRONG)
def test_what_is_not_there_costs_what_defines_the_network(module: nn.Module, require: dict[str, Any], found: str) -> None:
    judgement = of(module, nonlinear=not require, **require)
    assert judgement.fraction == RUNS and found in str(judgement.found) and str(judgement.hint) == "do it"


def test_each_requirement_weighs_the_same() -> None:
    judgement = of(PLAIN, linears={"least": 2}, convolutions={"least": 1}, residuals={"least": 1})
    assert judgement.fraction == RUNS + DEFINES * Fraction(2, 4)  # the linear layers and the non-linearity


def test_a_3x1_beside_a_1x3_is_no_1x1() -> None:
    pair = around(nn.Conv2d(3, 4, (3, 1), padding=(1, 0)), nn.Conv2d(4, 4, (1, 3), padding=(0, 1)), nn.ReLU())
    assert of(pair, kernels=[1, 3], kernel_rule="all of", nonlinear=False).fraction == RUNS
    assert of(pair, kernels=[3]).fraction == 1  # and factors of one convolution need nothing between them


# --- non-linearities, however they are written -----------------------------------------------------------------------

BETWEEN: dict[str, Callable[[Tensor], Tensor]] = {
    "where": lambda x: torch.where(x > 0, x, 0.1 * x),
    "mask": lambda x: x * (x > 0),
    "clamp": lambda x: x.clamp(min=0),
    "gate": lambda x: x * torch.sigmoid(x),
    "maxout": lambda x: torch.max(x, x.roll(1, 1)),
    "softmax": lambda x: torch.softmax(x, 1),
    "division": lambda x: 1 / (x.square() + 1),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_a_non_linearity_may_be_written_by_hand(name: str) -> None:
    parts = {"a": conv(3, 4), "b": conv(4, 4)}
    body = Around(lambda m, x: torch.relu(m.b(BETWEEN[name](m.a(x)))), **parts)
    assert of(around(body)).fraction == 1


@pytest.mark.parametrize("function", [lambda x: 2 * x - 1, lambda x: x / 3, lambda x: x - x.mean(1, keepdim=True)])
def test_linear_arithmetic_is_none(function: Callable[[Tensor], Tensor]) -> None:
    body = Around(lambda m, x: torch.relu(m.b(function(m.a(x)))), a=conv(3, 4), b=conv(4, 4))
    assert "none between" in str(of(around(body)).found)


def _side_by_side(m: Any, x: Tensor) -> Tensor:
    return F.relu(m.last(F.relu(torch.cat([m.a(x), m.b(x)], 1))))


def _skip(m: Any, x: Tensor) -> Tensor:
    x = F.relu(m.stem(x))
    x = x + m.b(F.relu(m.a(x)))  # no activation behind the sum
    return F.relu(m.last(x))


HONEST = {
    "side by side": around(Around(_side_by_side, a=conv(3, 2), b=conv(3, 2, 5), last=conv(4, 4))),
    "no activation behind a sum": around(Around(_skip, stem=conv(3, 4), a=conv(4, 4), b=conv(4, 4), last=conv(4, 4))),
    "no activation before a block": around(
        conv(3, 4), Residual(nn.Sequential(conv(4, 4), nn.ReLU(), conv(4, 4)), nn.Identity()), nn.ReLU()
    ),
    "3x3 shortcut": around(conv(3, 4), nn.ReLU(), Residual(nn.Sequential(conv(4, 4), nn.ReLU(), conv(4, 4)), conv(4, 4))),
    "depthwise separable": around(conv(3, 4), nn.ReLU(), conv(4, 4, groups=4), conv(4, 8, 1), nn.ReLU(), channels=8),
    "pre-activation": around(
        conv(3, 4), Around(lambda m, x: x + m.f(x), f=nn.Sequential(nn.ReLU(), conv(4, 4), nn.ReLU(), conv(4, 4))), nn.ReLU()
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_architectures_keep_their_points(name: str) -> None:
    judgement = of(HONEST[name], convolutions={"least": 3})
    assert judgement.fraction == 1, str(judgement.found)


# --- the output ------------------------------------------------------------------------------------------------------


def test_a_wrong_output_earns_nothing() -> None:
    judgement = of(nn.Sequential(nn.Flatten(), nn.Linear(192, 7)))
    assert judgement.fraction == 0 and "2 -> [2, 7]" in str(judgement.found)


def test_a_batch_of_one_that_is_squeezed_away_costs_its_share_only() -> None:
    judgement = of(Around(lambda m, x: m.body(x).squeeze(), body=PLAIN))
    assert 1 - RUNS / 2 < judgement.fraction < 1 and "1 -> [10]" in str(judgement.found)


class FixedView(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = PLAIN

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.body(x.view(2, -1))
        return result


def test_a_network_for_one_batch_size_loses_the_others_with_file_line_and_remedy() -> None:
    judgement = of(FixedView())
    assert 1 - RUNS / 2 < judgement.fraction < 1 and "1 -> it fails" in str(judgement.found)
    assert "checks/test_network.py:" in str(judgement.why) and "x.size(0)" in str(judgement.why)
    assert judgement.look_at is not None and judgement.look_at.startswith("checks/test_network.py:")


def test_an_output_that_is_not_finite_earns_nothing() -> None:
    judgement = of(Around(lambda m, x: m.body(x) / 0, body=PLAIN))
    assert judgement.fraction == 0 and "not finite" in str(judgement.found)


def test_samples_that_mix_in_evaluation_cost_an_eighth() -> None:
    judgement = of(Around(lambda m, x: m.body(x) - m.body(x).mean(0), body=PLAIN))
    assert judgement.fraction == 1 - RUNS / 2 and "neighbours" in str(judgement.found)


# --- what a person has to look at ------------------------------------------------------------------------------------


def test_code_that_behaves_differently_while_it_is_exported_earns_nothing_and_goes_to_a_person() -> None:
    found = evidence({"net": PLAIN})
    forged = judged(replace(found, facts={"net": replace(found.facts["net"], eager_agrees=False)}))
    assert forged.review is Review.REQUIRED and forged.look_at is None and forged.fraction == 0
    assert judged(found).fraction == 1


class TwoNetworks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = perceptron(nn.ReLU()), perceptron(nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.a(x) if self.training else self.b(x)
        return result


def test_another_network_in_evaluation_goes_to_a_person() -> None:
    assert of(TwoNetworks()).review is Review.REQUIRED


class StochasticDepth(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body = conv(3, 4), conv(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        branch = F.relu(self.body(x))
        if self.training:
            branch = branch * torch.bernoulli(torch.full((x.shape[0], 1, 1, 1), 0.8)) / 0.8
        return x + branch


def test_stochastic_depth_needs_nobody() -> None:
    judgement = of(around(StochasticDepth()))
    assert judgement.fraction == 1 and judgement.review is not Review.REQUIRED


def test_a_network_without_a_graph_earns_its_shape_as_a_claim_and_the_rest_goes_to_a_person() -> None:
    judgement = judged(evidence({"net": NO_GRAPH}, claimed_shapes={"net": {1: (1, 10), 2: (2, 10)}}))
    assert judgement.fraction == RUNS and judgement.review is Review.REQUIRED
    assert "models/net.py:12" in str(judgement.why) and "Use torch.where." in str(judgement.why)
    assert judgement.look_at == "models/net.py:12"


def test_a_wrong_shape_without_a_graph_earns_nothing() -> None:
    judgement = judged(evidence({"net": NO_GRAPH}, claimed_shapes={"net": {1: (1, 7), 2: (2, 7)}}))
    assert judgement.fraction == 0 and "1 -> [1, 7]" in str(judgement.found)


@pytest.mark.parametrize(
    ("fault", "review"),
    [
        (Fault("missing", "there is no file models/net.py", "models/net.py", remedy="write it"), Review.NONE),
        (Fault("forward", "forward fails", "models/net.py", 3), Review.NONE),
        (Fault("network", "the network was refused: an operator"), Review.REQUIRED),
        (Fault("deadline", "no answer after 120 seconds"), Review.REQUIRED),
    ],
)
def test_what_the_grader_could_not_measure_goes_to_a_person(fault: Fault, review: Review) -> None:
    judgement = judged(evidence({"net": fault}))
    assert (judgement.fraction, judgement.review, judgement.look_at) == (0, review, fault.place)
    assert fault.sentence in str(judgement.why)


def test_a_role_that_fails_costs_its_share_of_a_criterion_about_two() -> None:
    found = evidence({"net": PLAIN, "other": Fault("missing", "no such class")})
    assert word(network.judge(case(network, "net", "other", output=[10]), found)).fraction == Fraction(1, 2)
