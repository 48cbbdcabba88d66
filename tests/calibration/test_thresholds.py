"""From runs of right work to a threshold, and back: does it keep what it promises?"""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.calibration.tail import Sample, expit, logit, student_t_cdf, student_t_quantile
from grader.calibration.thresholds import FALSE_FAIL, WAY, Runs, disagreement, threshold, whole_false_fail

shares = st.integers(150, 1000).map(lambda right: right / 1000)


def runs(accuracies: list[float]) -> Runs:
    return Runs(tuple(range(len(accuracies))), tuple(accuracies), tuple((2.3, 1.0 - each) for each in accuracies), 1000, 0.1)


# Percentage points of Student's t: Abramowitz & Stegun, Handbook of Mathematical Functions, table 26.10.
@pytest.mark.parametrize(("degrees", "upper", "value"), [(1, 0.05, 6.314), (5, 0.01, 3.365), (10, 0.05, 1.812), (15, 0.0005, 4.073)])
def test_students_t_is_that_of_the_tables(degrees: int, upper: float, value: float) -> None:
    assert student_t_quantile(1 - upper, degrees) == pytest.approx(value, abs=6e-4)
    assert student_t_quantile(upper, degrees) == pytest.approx(-value, abs=6e-4)


@settings(deadline=None)
@given(st.floats(1e-7, 1 - 1e-7), st.integers(2, 60))
def test_the_quantile_is_the_inverse(probability: float, degrees: int) -> None:
    assert student_t_cdf(student_t_quantile(probability, degrees), degrees) == pytest.approx(probability, rel=1e-6)


@pytest.mark.parametrize("count", [5, 30])
def test_the_next_run_misses_the_bound_as_often_as_was_said(count: int) -> None:
    generator, trials, said = random.Random(7), 4000, 0.05
    missed = 0
    for _ in range(trials):
        drawn = [expit(generator.gauss(1.5, 0.4)) for _ in range(count + 1)]
        missed += drawn[0] < Sample(tuple(drawn[1:]), 10**9).bound(said)
    assert abs(missed / trials - said) < 4 * math.sqrt(said * (1 - said) / trials)


@settings(deadline=None)
@given(st.lists(shares, min_size=3, max_size=30))
def test_a_threshold_keeps_what_it_says(accuracies: list[float]) -> None:
    found = threshold(runs(accuracies), "digits")
    mean = statistics.mean(accuracies)
    assert 0.1 <= found.value <= max(0.1, 0.1 + WAY * (mean - 0.1)) + 1e-12
    assert found.false_fail is not None
    assert found.false_fail <= FALSE_FAIL * 1.05 or found.value == 0.1


@settings(deadline=None)
@given(st.lists(shares, min_size=3, max_size=30))
def test_data_that_others_do_not_have_gets_a_wider_margin(accuracies: list[float]) -> None:
    assert threshold(runs(accuracies), "cifar10-jpeg").value <= threshold(runs(accuracies), "cifar10").value


@settings(deadline=None)
@given(st.lists(shares, min_size=3, max_size=30), st.floats(1e-6, 1e-2))
def test_who_may_be_missed_more_seldom_is_asked_less(accuracies: list[float], probability: float) -> None:
    assert threshold(runs(accuracies), "digits", probability / 10).value <= threshold(runs(accuracies), "digits", probability).value


def test_equal_runs_still_leave_room() -> None:
    assert Sample((0.9,) * 10, 1000).bound(1e-4) < 0.9
    assert 0 < Sample((1.0,) * 10, 1000).bound(1e-4) < 1


def test_the_whole_is_the_sum() -> None:
    some = {name: threshold(runs([0.5, 0.6, 0.7]), "digits") for name in "ab"}
    assert whole_false_fail(some) == pytest.approx(2 * (some["a"].false_fail or 0))


def test_the_band_holds_every_run() -> None:
    found = threshold(runs([0.7, 0.8, 0.9]), "digits")
    assert (found.losses_low, found.losses_high) == ([2.3, 0.1], [2.3, 0.3])


def test_runs_that_agree_are_told_from_those_that_do_not() -> None:
    kept = threshold(runs([0.80, 0.82, 0.81, 0.79, 0.83, 0.80]), "digits")
    assert disagreement(kept, runs([0.81, 0.80, 0.82])) == ""
    assert "mean" in disagreement(kept, runs([0.95, 0.96, 0.95]))
    assert "below the threshold" in disagreement(kept, runs([0.81, kept.value - 0.01, 0.82]))


def test_the_logit_scale() -> None:
    assert expit(logit(0.3)) == pytest.approx(0.3) and logit(0.5) == 0
