"""What an instructor knows of single attempts: ``attempts.csv`` beside the submissions says whose one is and when it came."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path

from grader.cohort.found import Found
from grader.cohort.records import Unmatched
from grader.cohort.table import Line, read_table
from grader.submission.names import shown

FILE = "attempts.csv"
COLUMNS = ("source", "id", "handed_in")


@dataclass(frozen=True)
class Stated:
    """One line of the file."""

    source: str
    student: str  # "" where it does not say
    handed_in: datetime | None
    line: int


def read_attempts(path: Path, zone: tzinfo | None = None) -> dict[str, Stated]:
    """The lines of the file by source. Raises InputError that names file, line and column."""
    stated: dict[str, Stated] = {}
    for line in read_table(path, COLUMNS, ("source",)):
        one = _stated(line, zone)
        if one.source in stated:
            raise line.wrong("source", f"each source once (line {stated[one.source].line} has this one)")
        stated[one.source] = one
    return stated


def _stated(line: Line, zone: tzinfo | None) -> Stated:
    source = line.get("source").replace("\\", "/").removeprefix("./").rstrip("/")
    if not source:
        raise line.wrong("source", "the name of a submission, as the intake lists it")
    id = unicodedata.normalize("NFC", line.id()) if line.get("id") else ""
    return Stated(shown(unicodedata.normalize("NFC", source)), id, line.moment("handed_in", zone), line.number)


def with_stated(found: Iterable[Found], stated: dict[str, Stated]) -> tuple[list[Found], list[Unmatched]]:
    """What was found, with what the file says of it; and the lines that name nothing that was found."""
    told = [_told(one, next((stated[name] for name in one.sources if name in stated), None)) for one in found]
    known = {name for one in told for name in one.sources}
    lost = [one for one in stated.values() if one.source not in known]
    return told, [Unmatched(one.source, f"line {one.line} of {FILE} names it, and nothing of this name was handed in") for one in lost]


def _told(found: Found, stated: Stated | None) -> Found:
    if stated is None:
        return found
    return replace(found, student=stated.student or found.student, handed_in=stated.handed_in or found.handed_in)
