"""What was handed in, in the tables: each intake as a whole, so that the last one is the cohort."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.cohort.records import Attempt, Intake, Student, Unmatched
from grader.gradebook.database import Database

_STUDENT = ("student", "name", "study_group", "deadline", "lms_id")
_ATTEMPT = ("student", "label", "source", "handed_in", "counts", "content_hash")
_LAST = "intake = (SELECT max(id) FROM intakes)"


@dataclass(frozen=True)
class Kept:
    """An intake, and the hash of the content of each student's attempt that counts."""

    intake: Intake
    contents: Mapping[str, str]


def keep_intake(database: Database, kept: Kept, taken: str) -> None:
    """Add an intake, unless it is the same as the last one."""
    if kept == last_intake(database):
        return
    number = database.add("intakes", taken=taken)
    database.add_all("students", ("intake", *_STUDENT), [(number, *_student_row(student)) for student in kept.intake.students])
    attempts = [(number, *_attempt_row(attempt, kept.contents)) for attempt in kept.intake.attempts]
    database.add_all("attempts", ("intake", *_ATTEMPT), attempts)
    unmatched = [(number, one.label, one.reason) for one in kept.intake.unmatched]
    database.add_all("unmatched", ("intake", "label", "reason"), unmatched)


def _student_row(student: Student) -> tuple[object, ...]:
    return student.id, student.name, student.group, as_text(student.deadline), student.lms_id


def _attempt_row(attempt: Attempt, contents: Mapping[str, str]) -> tuple[object, ...]:
    content = contents[attempt.student] if attempt.counts else None
    return attempt.student, attempt.label, _path_value(attempt.source), as_text(attempt.handed_in), attempt.counts, content


def last_intake(database: Database) -> Kept:
    """The cohort as it was found last; an empty one where nothing was taken in yet."""
    sql = f"SELECT {', '.join(_STUDENT)} FROM students WHERE {_LAST} ORDER BY rowid"
    students = tuple(Student(key, name, group, as_time(deadline), lms) for key, name, group, deadline, lms in database.rows(sql))
    attempts, contents = [], {}
    sql = f"SELECT {', '.join(_ATTEMPT)} FROM attempts WHERE {_LAST} ORDER BY id"
    for student, label, source, handed_in, counts, content in database.rows(sql):
        attempts.append(Attempt(student, Path(os.fsdecode(source)), label, as_time(handed_in), bool(counts)))
        if counts:
            contents[student] = content
    unmatched = database.rows(f"SELECT label, reason FROM unmatched WHERE {_LAST} ORDER BY id")
    return Kept(Intake(students, tuple(attempts), tuple(Unmatched(*row) for row in unmatched)), contents)


def current_content(database: Database, student: str) -> str | None:
    """The hash of what counts of a student; None where nothing was handed in."""
    found = database.first(f"SELECT content_hash FROM attempts WHERE {_LAST} AND student = ? AND counts", student)
    return found[0] if found else None


def is_student(database: Database, student: str) -> bool:
    """Whether the last intake has this student."""
    return database.first(f"SELECT 1 FROM students WHERE {_LAST} AND student = ?", student) is not None


def names(database: Database) -> dict[str, str]:
    """Students of the last intake: id and name."""
    return dict(database.rows(f"SELECT student, name FROM students WHERE {_LAST}"))


def as_text(moment: datetime | None) -> str | None:
    """A moment as the tables keep it."""
    return moment.isoformat() if moment else None


def as_time(text: str | None) -> datetime | None:
    """A moment as it was kept."""
    return datetime.fromisoformat(text) if text else None


def _path_value(path: Path) -> str | bytes:
    """A path as text, as people look for it; as bytes where it is not Unicode, so that it still leads to the file."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(path)
    return str(path)
