"""Summaries and histograms, worked out by hand."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from grader.report.cohort.spread import bins, histogram, spread
from tests.report.cohort.conftest import COHORTS

POINTS = st.lists(st.fractions(0, 100), min_size=1, max_size=120)


def test_spread_of_one_is_the_one() -> None:
    found = spread([Fraction(7)])
    assert found and (found.lowest, found.lower, found.median, found.upper, found.highest, found.mean) == (7,) * 6


def test_quartiles_lie_between_two_students() -> None:
    found = spread([Fraction(value) for value in (1, 2, 3, 4)])
    assert found and (found.lower, found.median, found.upper) == (Fraction(7, 4), Fraction(5, 2), Fraction(13, 4))


def test_nobody_has_no_spread() -> None:
    assert spread([]) is None and histogram(COHORTS["nobody"]) is None


@given(POINTS)
def test_everybody_stands_in_one_bar(values: list[Fraction]) -> None:
    counts = bins(values, Fraction(100))
    step = Fraction(100, len(counts))
    assert sum(counts) == len(values)
    for place, count in enumerate(counts[:-1]):
        assert count == sum(place * step <= value < (place + 1) * step for value in values)


def test_full_points_stand_in_the_last_bar_and_points_outside_at_the_ends() -> None:
    assert Counter(dict(enumerate(bins([Fraction(100), Fraction(120), Fraction(-1)], Fraction(100))))) == Counter({9: 2, 0: 1})


def test_equal_marks_are_one_bar() -> None:
    drawn = histogram(COHORTS["equal marks"])
    assert drawn and [column.count for column in drawn.columns if column.count] == [5]
    assert [column.words for column in drawn.columns if column.count] == ["4 to 5 points: 5 students"]
