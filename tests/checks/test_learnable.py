"""Learnable: parameters of its own that take part in the output."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch import nn

from grader.checks import learnable
from grader.checks.base import Need
from grader.records import Outcome, Review
from tests.checks.graph_work import NO_GRAPH, Around, case, conv, evidence, verdict, word
from tests.checks.test_layer import SelfAttention, SqueezeExcitation


def fraction_of(module: nn.Module, *shape: int, **require: int) -> tuple[Fraction, str]:
    judgement = word(learnable.judge(case(learnable, **require), evidence({"net": module}, {"net": shape or (3, 8, 8)})))
    return judgement.fraction, str(judgement.found)


def test_it_wants_the_graphs() -> None:
    assert learnable.needs(case(learnable)) == {Need("export", "net")}


@pytest.mark.parametrize(("module", "shape"), [(conv(3, 4), (3, 8, 8)), (SqueezeExcitation(4), (8, 6, 6)), (SelfAttention(), (8, 6, 6))])
def test_parameters_that_take_part_earn_everything(module: nn.Module, shape: tuple[int, ...]) -> None:
    assert fraction_of(module, *shape)[0] == 1  # a gain of 0 silences the attention at the start, and keys lose their bias


def _silent() -> nn.Module:
    network = nn.Sequential(conv(3, 4), nn.ReLU(), conv(4, 4, bias=False))
    for each in (network[0], network[2]):
        nn.init.zeros_(each.weight)
    nn.init.zeros_(network[0].bias)
    return network


WITHOUT = {
    "none": (nn.ReLU(), "0 trainable numbers"),
    "frozen": (conv(3, 4).requires_grad_(False), "0 trainable numbers"),
    "unused": (Around(lambda m, x: m.body(x), body=conv(3, 4), spare=nn.Parameter(torch.ones(3))), "idle: spare"),
    "stuck at zero": (_silent(), "idle: 0.weight, 0.bias, 2.weight"),
    "detached": (Around(lambda m, x: m.body(x).detach() + x.mean(), body=conv(3, 4)), "body.weight"),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_parameters_that_do_not_take_part_earn_nothing(name: str) -> None:
    module, found = WITHOUT[name]
    fraction, text = fraction_of(module)
    assert fraction == 0 and found in text


def test_the_least_number_is_asked() -> None:
    assert fraction_of(conv(3, 4), least=113)[0] == 0
    assert fraction_of(conv(3, 4), least=112)[0] == 1


def test_a_layer_without_a_graph_costs_its_share_or_skips() -> None:
    found = evidence({"net": conv(3, 4), "other": NO_GRAPH})
    judgement = word(learnable.judge(case(learnable, "net", "other"), found))
    assert (judgement.fraction, judgement.review) == (Fraction(1, 2), Review.REQUIRED)
    assert learnable.judge(case(learnable, "other"), found) is None
    assert verdict(case(learnable, "other"), "learnable", found).outcome is Outcome.SKIPPED
