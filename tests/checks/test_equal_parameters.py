"""Equal parameter counts: in total, in the convolutions alone, within an exact tolerance."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from grader.checks import equal_parameters
from grader.checks.base import Evidence, Need
from grader.records import Judgement, LayerFact, Review
from tests.checks.experiment_work import facts
from tests.checks.graph_work import NO_FILES, NO_GRAPH, around, case, conv, evidence, word


def counted(*counts: tuple[int, int]) -> Judgement:
    """For networks with these (parameters, parameters of convolutions)."""
    names = [f"n{place}" for place in range(len(counts))]
    found = {
        name: replace(facts(total), layers=(LayerFact("conv", "conv2d", "w", None, parameters=convs),) if convs else ())
        for name, (total, convs) in zip(names, counts, strict=True)
    }
    return word(equal_parameters.judge(case(equal_parameters, *names), Evidence(NO_FILES, facts=found)))


@pytest.mark.parametrize(
    ("counts", "fraction"),
    [
        ([(1000, 900), (1000, 900)], 1),
        ([(1000, 100), (1100, 110)], 1),  # exactly at the tolerance
        ([(1000, 100), (1101, 100)], Fraction(3, 4)),
        ([(1000, 100), (1250, 125)], Fraction(1, 2)),
        ([(1000, 100), (1251, 126)], 0),
        ([(1000, 100), (1000, 300)], Fraction(1, 2)),  # the classifier makes up for it
        ([(1000, 0), (1000, 0)], Fraction(1, 2)),  # no convolutions at all are not equal convolutions
        ([(0, 0), (0, 0)], 0),
    ],
)
def test_counts_are_compared_exactly(counts: list[tuple[int, int]], fraction: Fraction) -> None:
    assert counted(*counts).fraction == fraction


def test_the_counts_are_shown() -> None:
    judgement = counted((1000, 100), (2000, 150))
    assert "n0 1,000, n1 2,000" in str(judgement.found) and "100.0 % above" in str(judgement.why)


@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=5))
def test_the_order_of_the_networks_does_not_matter(counts: list[int]) -> None:
    pairs = [(count, count) for count in counts]
    assert counted(*pairs).fraction == counted(*reversed(pairs)).fraction


def test_networks_are_counted_on_their_graphs() -> None:
    wide, deep = around(conv(3, 8, 3), nn.ReLU(), channels=8), around(conv(3, 8, 5), nn.ReLU(), channels=8)
    asked = case(equal_parameters, "net", "other", lenient=2)
    assert equal_parameters.needs(asked) == {Need("export", "net"), Need("export", "other")}
    same = word(equal_parameters.judge(asked, evidence({"net": wide, "other": wide})))
    other = word(equal_parameters.judge(asked, evidence({"net": wide, "other": deep})))
    assert same.fraction == 1 and other.fraction == Fraction(1, 2)
    assert f"net {8 * 27 + 8}, other {8 * 75 + 8}" in str(other.found)


def test_a_network_that_could_not_be_counted_costs_its_share() -> None:
    found = evidence({"net": around(conv(3, 4)), "other": around(conv(3, 4)), "third": NO_GRAPH})
    judgement = word(equal_parameters.judge(case(equal_parameters, "net", "other", "third"), found))
    assert judgement.fraction == Fraction(2, 3) and judgement.review is Review.REQUIRED
    assert "models/net.py:12" in str(judgement.why) and judgement.look_at == "models/net.py:12"
    assert equal_parameters.judge(case(equal_parameters, "net", "third"), found) is None
