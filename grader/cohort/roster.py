"""Who is in the cohort: ``roster.csv`` with the columns ``id``, ``name``, ``group`` and ``deadline``; only the first is needed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import tzinfo
from pathlib import Path

from grader.cohort.records import Student
from grader.cohort.table import Line, read_table
from grader.errors import InputError
from grader.submission.names import shown

COLUMNS = ("id", "name", "group", "deadline")


def read_roster(path: Path, zone: tzinfo | None = None) -> tuple[Student, ...]:
    """The students of a roster, in its order. Raises InputError that names file, line, column and what is allowed.

    ``zone`` is that of deadlines that name none.
    """
    lines = read_table(path, COLUMNS, ("id",))
    if not lines:
        raise InputError(f"The roster {shown(path)} has a header and no students; add a line for each.")
    _refuse_twice(lines)
    return tuple(_student(line, zone) for line in lines)


def _refuse_twice(lines: Iterable[Line]) -> None:
    seen: dict[str, int] = {}
    for line in lines:
        id = _id(line)
        if id in seen:
            raise line.wrong("id", f"each id once (line {seen[id]} has this one)")
        seen[id] = line.number


def _student(line: Line, zone: tzinfo | None) -> Student:
    return Student(_id(line), shown(line.get("name")), shown(line.get("group")), line.moment("deadline", zone))


def _id(line: Line) -> str:
    return unicodedata.normalize("NFC", line.id())
