"""Something that was handed in, before it is known whose it is."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.submission.names import shown


@dataclass(frozen=True)
class Found:
    """One thing in the intake: a source, or the address of a clone that will be one.

    ``ids`` are what its name says the student's id could be, the surest first; the first is the id where there is no roster.
    """

    label: str
    ids: tuple[str, ...]
    source: Path | None = None  # a folder or an archive
    address: str = ""  # of a clone; then there is no source yet
    name: str = ""  # the person's, as an export gives it
    lms_id: str = ""
    student: str = ""  # the id, where attempts.csv or a list states it
    handed_in: datetime | None = None
    is_late: bool = False  # the export says so, and not by how much
    is_text: bool = False  # typed into the LMS: stands back behind files
    sources: tuple[str, ...] = ()  # names by which attempts.csv can mean it


def readable(name: str) -> str:
    """A name that a student chose, as an id or label: composed, on one line, nothing in it that deceives a terminal."""
    return shown(unicodedata.normalize("NFC", name))
