"""Equal parameter counts: in total, in the convolutions alone, within an exact tolerance."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import equal_parameters
from grader.checks.base import Case, Evidence, Need
from grader.records import Judgement, LayerFact, Review
from grader.rubric import Criterion
from tests.checks.experiment_work import facts
from tests.checks.graph_work import NO_FILES, NO_GRAPH, Around, around, case, conv, evidence, word


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


# --- kernels that nobody asked for -----------------------------------------------------------------------------------


def _of_kernels(case_: Case) -> Case:
    """net is asked for 3x3 kernels, other for 5x5, mixed for 1x1 and 3x3."""
    kernels = {"has net": [3], "has other": [5], "has mixed": [1, 3]}

    def asked(criterion: Criterion) -> Criterion:
        (only,) = criterion.alternatives
        require = {"kernels": kernels[criterion.id]} if criterion.id in kernels else {}
        return criterion.model_copy(update={"alternatives": [only.model_copy(update={"require": require})]})

    whole = case_.rubric.model_copy(update={"criterion": [asked(each) for each in case_.rubric.criterion]})
    return replace(case_, rubric=whole)


def _kernel_network(side: int, *before: nn.Module) -> nn.Module:
    return around(*before, conv(3, 8, side), nn.ReLU(), channels=8)


def _padded(m: Any, x: Tensor) -> Tensor:
    """A 1x1 convolution on a corner, and next to nothing of it in the output."""
    result: Tensor = m.body(x) + 5e-4 * F.relu(m.pad(x[:, :, :4, :4])).sum((1, 2, 3))[:, None]
    return result


def test_a_kernel_that_nobody_asked_for_makes_no_counts_equal() -> None:
    few, many = _kernel_network(3), _kernel_network(5)
    missing = 8 * 3 * (25 - 9)
    padded = Around(_padded, body=_kernel_network(3), pad=nn.Conv2d(3, missing // 3, 1, bias=False))
    asked = _of_kernels(case(equal_parameters, "net", "other"))
    judgement = word(equal_parameters.judge(asked, evidence({"net": padded, "other": many})))
    assert judgement.fraction == word(equal_parameters.judge(asked, evidence({"net": few, "other": many}))).fraction == 0
    assert "net pad.weight" in str(judgement.why)


def test_a_kernel_that_is_asked_for_is_counted() -> None:
    mixed, same = _kernel_network(3, conv(3, 3, 1), nn.ReLU()), _kernel_network(3)
    asked = _of_kernels(case(equal_parameters, "net", "mixed"))
    judgement = word(equal_parameters.judge(asked, evidence({"net": same, "mixed": mixed})))
    assert judgement.fraction == 1 and f"mixed {8 * 27 + 8 + 12}" in str(judgement.found) and "not counted" not in str(judgement.why)
