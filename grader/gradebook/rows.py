"""A student's row from what the tables have: the machine's marks, the people's word on them, the late policy. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from grader.cohort.late import Late
from grader.cohort.names import safe_name
from grader.cohort.records import Attempt, Comment, Head, Mark, Override, Row, Student
from grader.gradebook.document import Assignment
from grader.gradebook.results import Result
from grader.records import Outcome, Review

_NOTHING = Fraction(0)
_EXACT = 1000  # the report rounds points to four decimals: those with fewer are exact


@dataclass(frozen=True)
class Found:
    """All that the tables have on one student."""

    student: Student
    attempts: tuple[Attempt, ...] = ()
    result: Result | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict)
    overrides: Mapping[str, Override] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()


def make_row(found: Found, assignment: Assignment, late: Late | None) -> Row:
    """The row of one student."""
    attempt = next((one for one in found.attempts if one.counts), None)
    result = found.result
    marks = _with_overrides(found, assignment.heads)
    most = result.max_points if result and result.max_points is not None else assignment.max_points
    machine = result.points if result and result.points is not None else _NOTHING
    points = _with_people(machine, marks, most)
    days = late.days_late(attempt.handed_in, found.student.deadline) if late and attempt else 0
    late_points = late.taken_away(days, most) if late else _NOTHING
    lowest, highest = _range(points, marks, most)
    return Row(
        student=found.student,
        status=result.status if result else "waiting" if attempt else "missing",
        reason=result.reason if result else "",
        attempt=attempt,
        others=tuple(one for one in found.attempts if not one.counts),
        marks=marks,
        machine_points=machine,
        points=points,
        lowest=lowest,
        highest=highest,
        days_late=days,
        late_points=late_points,
        final=max(points - late_points, _NOTHING),
        comments=found.comments,
        report=f"reports/{safe_name(found.student.id)}.html" if result and result.status == "graded" else "",
        graded=result.recorded if result else None,
        seconds=result.seconds if result else 0.0,
    )


def _with_overrides(found: Found, heads: tuple[Head, ...]) -> dict[str, Mark]:
    """The machine's marks with the people's; where the machine has none at all, the people's word stands alone."""
    if found.marks:
        marks = dict(found.marks)
    else:
        marks = {head.criterion: _ungraded(head.max_points, found.result) for head in heads if head.criterion in found.overrides}
    for criterion in marks.keys() & found.overrides.keys():
        marks[criterion] = replace(marks[criterion], override=found.overrides[criterion])
    return marks


def _ungraded(max_points: Fraction, result: Result | None) -> Mark:
    why = result.reason if result and result.reason else "Nothing was graded."
    return Mark(_NOTHING, max_points, Outcome.SKIPPED, Review.NONE, why)


def _with_people(machine: Fraction, marks: Mapping[str, Mark], most: Fraction) -> Fraction:
    """The total, with what people changed. What the report's total has from rounding once, and its marks from rounding each, goes
    with the marks that it comes from: nobody's total differs from the report for it, and a person's points add up."""
    if not any(mark.override for mark in marks.values()):
        return machine
    rounding = machine - sum((mark.points for mark in marks.values()), _NOTHING)
    is_rounded = any(_EXACT % mark.points.denominator for mark in marks.values() if mark.override is None)
    total = sum((mark.final for mark in marks.values()), _NOTHING) + (rounding if is_rounded else 0)
    return min(max(total, _NOTHING), most)


def _range(points: Fraction, marks: Mapping[str, Mark], most: Fraction) -> tuple[Fraction, Fraction]:
    """What the points become if every open review is decided against the student, and for."""
    undecided = [mark for mark in marks.values() if mark.review is Review.REQUIRED and mark.override is None]
    lowest = points - sum((mark.points for mark in undecided), _NOTHING)
    highest = points + sum((mark.max_points - mark.points for mark in undecided), _NOTHING)
    return max(lowest, _NOTHING), min(highest, most)
