"""How things of a cohort are said: names, times and statuses, the same in every export."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from grader.cohort.records import Cohort, Mark, Row, Student
from grader.records import Outcome, Review
from grader.report.text import cut

LONGEST_NAME = 80  # characters of a name or an id that are shown

STATUS_WORDS = {
    "graded": "Graded",
    "unreadable": "Could not be read",
    "failed": "Grader fault",
    "waiting": "Not graded yet",
    "missing": "Nothing handed in",
}


def line(text: str, limit: int = LONGEST_NAME) -> str:
    """``text`` in one harmless line of about ``limit`` characters at most."""
    return cut(" ".join(text.split()), limit)


def name_of(student: Student) -> str:
    """What a person calls the student: the name, or the id where there is none."""
    return line(student.name) or line(student.id) or "(no name)"


def when(time: datetime | None) -> str:
    """A time in its own zone to the minute; an en dash where nothing says it."""
    return f"{time:%Y-%m-%d %H:%M}" if time else "–"


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun: ``1 student``, ``5,000 students``, ``2 criteria``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def decided(mark: Mark) -> Outcome:
    """The outcome in the end: the person's where a person has spoken, seen by the points that were given."""
    if mark.override is None:
        return mark.outcome
    if mark.final >= mark.max_points:
        return Outcome.PASSED
    return Outcome.PARTIAL if mark.final > 0 else Outcome.FAILED


def is_open(mark: Mark) -> bool:
    """Whether a person has to speak first: a review that is required, or a fault of the grader."""
    return mark.override is None and (mark.review is Review.REQUIRED or mark.outcome is Outcome.BROKEN)


def has_points(row: Row) -> bool:
    """Whether there is a mark to hand out. What could not be read has one too: it earns what it earns until it is handed in anew."""
    return row.status in ("graded", "unreadable")


def by_part(row: Row, cohort: Cohort) -> tuple[Fraction, ...]:
    """Points of each part, in the order of ``cohort.parts``, with what people decided."""
    sums = dict.fromkeys((part for part, _, _ in cohort.parts), Fraction(0))
    for head in cohort.heads:
        mark = row.marks.get(head.criterion)
        if mark is not None and mark.final and head.part in sums:
            sums[head.part] += mark.final
    return tuple(sums.values())
