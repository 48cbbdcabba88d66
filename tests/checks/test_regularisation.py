"""Regularisation: there in training, off in evaluation."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import regularisation
from grader.checks.base import Need
from grader.records import Outcome
from tests.checks.graph_work import NO_GRAPH, Around, around, case, conv, evidence, verdict, word


def _drops_channels(m: Around, x: Tensor) -> Tensor:
    x = m.conv(x)
    return x * torch.bernoulli(torch.full((x.shape[0], 1, 1, 1), 0.8)) / 0.8 if m.training else x


def _noise(m: Around, x: Tensor) -> Tensor:
    x = m.conv(x)
    return x + 0.1 * torch.randn_like(x) if m.training else x


WORK = {
    "dropout": (nn.Sequential(conv(3, 4), nn.Dropout(0.3)), 1),
    "channels": (nn.Sequential(conv(3, 4), nn.Dropout2d(0.1)), 1),
    "stochastic depth": (Around(_drops_channels, conv=conv(3, 4)), 1),
    "noise": (Around(_noise, conv=conv(3, 4)), 1),
    "none": (nn.Sequential(conv(3, 4), nn.BatchNorm2d(4)), 0),
    "probability 0": (nn.Sequential(conv(3, 4), nn.Dropout(0.0)), 0),
    "always on": (Around(lambda m, x: F.dropout(m.conv(x), 0.3), conv=conv(3, 4)), Fraction(1, 2)),
}


@pytest.mark.parametrize("name", WORK)
def test_half_for_being_there_and_half_for_being_off_in_evaluation(name: str) -> None:
    module, fraction = WORK[name]
    judgement = word(regularisation.judge(case(regularisation), evidence({"net": around(module)})))
    assert judgement.fraction == fraction
    if name == "always on":
        assert "training=self.training" in str(judgement.why) and str(judgement.look_at).startswith("checks/graph_work.py:")


def test_without_a_graph_it_is_skipped() -> None:
    found = evidence({"net": NO_GRAPH})
    assert regularisation.needs(case(regularisation)) == {Need("export", "net")}
    assert regularisation.judge(case(regularisation), found) is None
    assert verdict(case(regularisation), "regularisation", found).outcome is Outcome.SKIPPED
