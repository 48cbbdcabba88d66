"""Who needs a human first. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from grader.cohort.records import Cohort, Mark, Row
from grader.report.cohort.words import is_open

FIRST = ("failed", "unreadable", "graded")  # without a mark, with nothing to judge, with a question


@dataclass(frozen=True)
class Waiting:
    """A student whose mark waits for a person."""

    row: Row
    criteria: tuple[tuple[str, Mark], ...]  # open ones, those worth the most first
    at_stake: Fraction  # points between the best and the worst that can come of it


def waiting(cohort: Cohort) -> tuple[Waiting, ...]:
    """Faults of the grader first, then what could not be read, then open reviews by the points that hang on them."""
    found = [_waiting(row, cohort) for row in cohort.rows if _is_waiting(row)]
    return tuple(sorted(found, key=lambda one: (FIRST.index(one.row.status), -one.at_stake, -len(one.criteria))))


def _is_waiting(row: Row) -> bool:
    """What could not be read waits until a person has given points."""
    if row.status == "unreadable":
        return not any(mark.override for mark in row.marks.values())
    return row.status == "failed" or (row.status == "graded" and bool(open_criteria(row)))


def _waiting(row: Row, cohort: Cohort) -> Waiting:
    criteria = sorted(open_criteria(row).items(), key=lambda item: -item[1].max_points)
    return Waiting(row, tuple(criteria), row.highest - row.lowest if row.status == "graded" else cohort.max_points)


def open_criteria(row: Row) -> dict[str, Mark]:
    """Criteria of a student that a person has to decide, in the order of the rubric."""
    return {criterion: mark for criterion, mark in row.marks.items() if is_open(mark)}
