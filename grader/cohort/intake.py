"""From what lies there to who handed in what: the story of one intake. Nothing is graded, and nothing of a student's is run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from grader.cohort.attempts import FILE, read_attempts, with_stated
from grader.cohort.choosing import attempts_of, on_time_until, remarks
from grader.cohort.clones import clone_all, read_list
from grader.cohort.folder import look
from grader.cohort.found import Found
from grader.cohort.late import Late
from grader.cohort.matching import Doubt, Roster
from grader.cohort.records import Attempt, Intake, Student, Unmatched
from grader.cohort.roster import read_roster
from grader.cohort.unpacking import unpack_export
from grader.errors import InputError
from grader.submission.names import shown

ARCHIVE, LISTS = ".zip", (".txt", ".csv")
Owned = tuple[Student, Found]


def read_intake(source: Path, *, roster: Path | None, late: Late | None, work: Path) -> Intake:
    """All that was handed in: a folder of submissions, an export of Moodle or Canvas (a folder or its .zip), a list of clones.

    With a roster, whatever cannot be matched is listed with a reason, and its students without work are kept; without one, each
    name is a student. Clones, and what an export packs, come to lie below ``work``. Raises InputError for what a user can mend.
    """
    check_source(source)
    zone = late.zone if late else None
    students = read_roster(roster, zone) if roster else ()
    source = source.resolve()
    found, unmatched = _found(source, work.resolve(), roster)
    beside = (source if source.is_dir() else source.parent) / FILE
    found, lost = with_stated(found, read_attempts(beside, zone) if beside.is_file() else {})
    owned, doubts = _owned(found, students if roster else None)
    owned, failed = _with_clones(owned, late, work.resolve())
    attempts, said = _attempts(owned, late)
    everybody = _everybody(students, owned)
    return Intake(everybody, tuple(attempts), (*unmatched, *lost, *doubts, *failed, *said))


def _found(source: Path, work: Path, roster: Path | None) -> tuple[list[Found], list[Unmatched]]:
    """What lies there, whoever's it may be."""
    own = {work, *work.parents, *([roster.resolve()] if roster else [])}
    if source.is_dir():
        found, unmatched = look(source, work, own)
    elif source.suffix.casefold() == ARCHIVE:
        folder, left_out = unpack_export(source, work)
        found, unmatched = look(folder, work)
        unmatched = [*left_out, *unmatched]
    else:
        return read_list(source)
    if not found and not roster:
        there = f" ({unmatched[0].label}: {unmatched[0].reason})" if unmatched else ""
        raise InputError(f"There is no submission in {shown(source)}{there}; give the folder that holds a folder or .zip of each student.")
    return found, unmatched


def check_source(source: Path) -> None:
    """Raises InputError for what cannot be an intake."""
    if not (source.is_dir() or (source.is_file() and source.suffix.casefold() in (ARCHIVE, *LISTS))):
        kinds = "a folder of submissions, the .zip of a Moodle or Canvas export, or a list of Git clones (.txt, .csv)"
        raise InputError(f"{shown(source)} is {'no intake' if source.exists() else 'not there'}; give {kinds}.")


def _owned(found: Iterable[Found], students: Sequence[Student] | None) -> tuple[list[Owned], list[Unmatched]]:
    """Whose each thing is; without a roster, everybody's whose name it bears."""
    if students is None:
        return [(Student(one.student or one.ids[0], one.name, lms_id=one.lms_id), one) for one in found], []
    roster = Roster(students)
    owned: list[Owned] = []
    unmatched = []
    for one in found:
        whose = roster.whose(one)
        if isinstance(whose, Doubt):
            unmatched.append(Unmatched(one.label, whose.reason))
        else:
            owned.append((replace(whose, name=whose.name or one.name, lms_id=one.lms_id), one))
    return owned, unmatched


def _with_clones(owned: Iterable[Owned], late: Late | None, work: Path) -> tuple[list[Owned], list[Unmatched]]:
    """Clones are fetched once it is known whose they are: which commit counts hangs on the student's deadline."""
    here: list[Owned] = []
    away: dict[tuple[str, str], Owned] = {}
    unmatched = []
    for student, one in owned:
        if not one.address:
            here.append((student, one))
        elif (student.id, one.address) in away:
            unmatched.append(Unmatched(one.label, f"the list has it more than once for {student.id}"))
        else:
            away[student.id, one.address] = student, replace(one, student=student.id)
    fetched = clone_all([one for _, one in away.values()], [on_time_until(student, late) for student, _ in away.values()], work)
    for (student, _), one_fetched in zip(away.values(), fetched, strict=True):
        if isinstance(one_fetched, Unmatched):
            unmatched.append(one_fetched)
        else:
            here.append((student, one_fetched))
    return here, unmatched


def _attempts(owned: Iterable[Owned], late: Late | None) -> tuple[list[Attempt], list[Unmatched]]:
    by_student: dict[str, list[Owned]] = defaultdict(list)
    for student, one in owned:
        by_student[student.id].append((student, one))
    attempts: list[Attempt] = []
    said: list[Unmatched] = []
    for claims in by_student.values():
        student, found = claims[0][0], [one for _, one in claims]
        until = on_time_until(student, late)
        attempts += attempts_of(student, found, until)
        said += remarks(student, found, until, has_policy=late is not None)
    return attempts, said


def _everybody(roster: Iterable[Student], owned: Iterable[Owned]) -> tuple[Student, ...]:
    """The roster's students in its order, else those who handed in; with what an export knows of them."""
    everybody = {student.id: student for student in roster}
    for student, _ in owned:
        known = everybody.get(student.id, student)
        everybody[student.id] = replace(known, name=known.name or student.name, lms_id=known.lms_id or student.lms_id)
    return tuple(everybody.values())
