"""Trainable: parameters without a gradient, losses that do not fall, and biases that a norm takes away."""

from __future__ import annotations

from fractions import Fraction

import pytest
from torch import nn

from grader.checks import trainable
from grader.checks.base import Evidence, Need
from grader.records import Fault, Judgement, TrainingResult
from tests.checks.graph_work import Around, around, case, conv, evidence, training, word

BODY = around(conv(3, 4), nn.ReLU())


def judged(module: nn.Module, **changes: object) -> Judgement:
    return word(trainable.judge(case(trainable), evidence({"net": module}, trainings={"net": training(**changes)})))


@pytest.fixture(scope="module")
def honest() -> Evidence:
    return evidence({"net": BODY})


def with_training(found: Evidence, **changes: object) -> Judgement:
    given = Evidence(found.submission, found.exports, found.facts, trainings={"net": training(**changes)})
    return word(trainable.judge(case(trainable), given))


def test_it_wants_a_training() -> None:
    assert trainable.needs(case(trainable)) == {Need("export", "net"), Need("train", "net")}


def test_a_network_that_learns_earns_everything(honest: Evidence) -> None:
    judgement = with_training(honest)
    assert judgement.fraction == 1 and "from 2.30 to 0.30" in str(judgement.found)


@pytest.mark.parametrize(
    "changes",
    [
        {"losses": (2.3, 2.3, 2.4)},
        {"losses": (2.3, float("nan"))},
        {"losses": (2.3,), "diverged": True},
        {"losses": (), "steps": 0},
        {"dead_parameters": ("0.weight",)},
    ],
)
def test_either_defect_costs_half(honest: Evidence, changes: dict[str, object]) -> None:
    assert with_training(honest, **changes).fraction == Fraction(1, 2)


def _frozen() -> nn.Module:
    network = around(conv(3, 4), nn.ReLU())
    network[0].requires_grad_(False)
    return network


UNTRAINED = {
    "frozen": (_frozen(), "112 frozen numbers"),
    "unused layer": (Around(lambda m, x: m.body(x), body=BODY, spare=conv(4, 4)), "spare.weight, spare.bias"),
    "no effect": (Around(lambda m, x: m.body(x) + 0 * m.spare(x.flatten(1)), body=BODY, spare=nn.Linear(192, 10)), "spare.weight"),
}


@pytest.mark.parametrize("name", UNTRAINED)
def test_parameters_that_are_never_learnt_are_named(name: str) -> None:
    module, found = UNTRAINED[name]
    judgement = judged(module)
    assert judgement.fraction == Fraction(1, 2) and found in str(judgement.found)


def test_a_bias_that_a_norm_takes_away_is_no_defect() -> None:
    assert judged(around(conv(3, 4), nn.GroupNorm(4, 4), nn.ReLU())).fraction == 1


class Forgotten(nn.Module):
    """A layer that has a bias and never adds it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(conv(3, 4).weight.data), nn.Parameter(conv(3, 4).weight.data[:, 0, 0, 0])

    def forward(self, x):  # type: ignore[no-untyped-def]
        return nn.functional.conv2d(x, self.weight)


def test_a_bias_that_is_forgotten_is_one() -> None:
    judgement = judged(around(Forgotten(), nn.ReLU()))
    assert judgement.fraction == Fraction(1, 2) and "0.bias" in str(judgement.found)


def test_a_network_that_could_not_be_trained_loses_both_of_its_items() -> None:
    fault = Fault("network", "an operator failed", "models/net.py", 9)
    trainings: dict[str, TrainingResult | Fault] = {"net": training(), "other": fault}
    found = evidence({"net": BODY, "other": fault}, trainings=trainings)
    judgement = word(trainable.judge(case(trainable, "net", "other"), found))
    assert judgement.fraction == Fraction(1, 2) and judgement.look_at == "models/net.py:9"
    assert trainable.judge(case(trainable, "other"), found) is None
