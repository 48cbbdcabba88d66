"""Which of several attempts of one student counts: the last that is on time; where all are late, the last. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from grader.cohort.found import Found
from grader.cohort.late import Late
from grader.cohort.records import Attempt, Student, Unmatched


def on_time_until(student: Student, late: Late | None) -> datetime | None:
    """The last moment that is on time: a deadline of one's own, or the policy's, and the grace. None where there is no deadline."""
    if late is None:
        return student.deadline
    return (student.deadline or late.deadline) + late.grace


def attempts_of(student: Student, found: Sequence[Found], until: datetime | None) -> list[Attempt]:
    """All attempts of one student in the order in which they came; exactly one counts."""
    counting = _counting(found, until)
    ordered = sorted(found, key=_moment)  # stable: of one moment, in the order of the intake
    return [Attempt(student.id, one.source, one.label, one.handed_in, counts=one is counting) for one in ordered if one.source]


def remarks(student: Student, found: Sequence[Found], until: datetime | None, *, has_policy: bool) -> list[Unmatched]:
    """What a person has to settle about a student's attempts."""
    counting = _counting(found, until)
    rivals = [one for one in found if one is not counting and _is_rival(one, counting)]
    said = [Unmatched(one.label, _rival_reason(student, counting)) for one in rivals]
    if has_policy and counting.is_late and counting.handed_in is None:
        said.append(
            Unmatched(
                counting.label, "the LMS marks it late and not by how much; points for that are taken once attempts.csv says when it came"
            )
        )
    return said


def _counting(found: Sequence[Found], until: datetime | None) -> Found:
    files = [one for one in found if not one.is_text] or found
    on_time = [one for one in files if not _is_late(one, until)] or files
    last = max(range(len(on_time)), key=lambda index: (_moment(on_time[index]), index))
    return on_time[last]


def _moment(found: Found) -> tuple[bool, float]:
    """To order by time: what has none comes first, so that a later attempt has to be stated and is not guessed."""
    return (found.handed_in is not None, found.handed_in.timestamp() if found.handed_in else 0.0)


def _is_late(found: Found, until: datetime | None) -> bool:
    if found.handed_in is None:
        return found.is_late
    return until is not None and found.handed_in > until


def _is_rival(found: Found, counting: Found) -> bool:
    """Claimed at the same time, or at none; attempts of one export have an order of their own."""
    is_one_export = bool(found.lms_id) and found.lms_id == counting.lms_id
    return found.handed_in == counting.handed_in and found.is_late == counting.is_late and not found.is_text and not is_one_export


def _rival_reason(student: Student, counting: Found) -> str:
    time = f"at the same time as {counting.label}" if counting.handed_in else f"like {counting.label}, and nothing says which is later"
    return f"it was handed in for {student.id} {time}; {counting.label} counts: state handed_in in attempts.csv if that is wrong"
