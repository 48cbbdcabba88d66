"""How the points of a cohort are spread: a summary and a histogram. Pure and exact."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.cohort.records import Cohort
from grader.report.axes import Scale, Tick, linear_ticks
from grader.report.cohort.words import counted
from grader.report.text import points

FEW = 100  # students up to whom bars are a tenth of the points wide; a twentieth above
WIDTH, HEIGHT, TOP, BOTTOM, SIDE = 480, 150, 16, 20, 12  # of the histogram, in SVG units


@dataclass(frozen=True)
class Spread:
    """Points of those who were graded, with late points taken away. Quartiles between two students lie between their points."""

    count: int
    mean: Fraction
    lowest: Fraction
    lower: Fraction
    median: Fraction
    upper: Fraction
    highest: Fraction


@dataclass(frozen=True)
class Column:
    """One bar of the histogram: where it is, how many students stand there, and that in words."""

    x: float
    y: float
    width: float
    height: float
    count: int
    words: str


@dataclass(frozen=True)
class Histogram:
    """The whole drawing; ``median`` is the place of the median."""

    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    median: float
    description: str


def final_points(cohort: Cohort) -> list[Fraction]:
    """Final points of all who were graded, in the order of the rows."""
    return [row.final for row in cohort.rows if row.status == "graded"]


def spread(values: Sequence[Fraction]) -> Spread | None:
    """The summary; None where there are no values."""
    if not values:
        return None
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    mean = sum(values, Fraction(0)) / len(values)
    return Spread(len(values), mean, min(values), lower, median, upper, max(values))


def bins(values: Sequence[Fraction], most: Fraction) -> list[int]:
    """How many values are in each of 10 or 20 equal steps from 0 to ``most``; what lies outside counts at the end that it passed."""
    count = 10 if len(values) <= FEW else 20
    places = Counter(min(count - 1, max(0, int(value * count / most))) for value in values)
    return [places[place] for place in range(count)]


def histogram(cohort: Cohort) -> Histogram | None:
    """The drawing; None where nobody was graded, or there is nothing to earn."""
    values = final_points(cohort)
    found = spread(values)
    if found is None or cohort.max_points <= 0:
        return None
    counts = bins(values, cohort.max_points)
    along = Scale(0.0, float(cohort.max_points), SIDE, WIDTH - SIDE)
    up = Scale(0.0, float(max(counts)), HEIGHT - BOTTOM, TOP)
    step = cohort.max_points / len(counts)
    columns = tuple(_column(count, place * step, step, along, up) for place, count in enumerate(counts))
    told = f"{counted(found.count, 'student')}: half of them have {points(found.median)} points or more of {points(cohort.max_points)}."
    return Histogram(columns, linear_ticks(along, 10), along(float(found.median)), told)


def _column(count: int, start: Fraction, step: Fraction, along: Scale, up: Scale) -> Column:
    left, right, top = along(float(start)), along(float(start + step)), up(float(count))
    words = f"{points(start)} to {points(start + step)} points: {counted(count, 'student')}"
    return Column(left + 1, top, round(right - left - 2, 1), round(HEIGHT - BOTTOM - top, 1), count, words)
