"""A table that a person keeps in a spreadsheet: CSV with ``,`` ``;`` or tabs, in UTF-8 or Windows-1251, columns in any order."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from io import StringIO
from pathlib import Path

from grader.cohort.moments import NO_ZONE, parse_moment
from grader.errors import InputError
from grader.submission.names import is_unsafe, shown

MAX_BYTES = 16 * 2**20
MAX_ID = 200
SEPARATORS = ",;\t"


@dataclass(frozen=True)
class Line:
    """One line of a table, by the names of its columns; values have no spaces around them."""

    table: Path
    number: int  # of the file's line on which it ends, from 1
    values: dict[str, str]

    def get(self, column: str) -> str:
        """The value in a column; empty where the table has no such column."""
        return self.values.get(column, "")

    def id(self, column: str = "id") -> str:
        """The value as an id. Raises InputError where it is empty, long or deceptive."""
        value = self.get(column)
        if not value or len(value) > MAX_ID or is_unsafe(value):
            raise self.wrong(column, f"1 to {MAX_ID} characters without line ends or control characters")
        return value

    def moment(self, column: str, zone: tzinfo | None) -> datetime | None:
        """The value as a moment; None where it is empty. Raises InputError where it is none, or of no known zone."""
        if not self.get(column):
            return None
        try:
            return parse_moment(self.get(column), zone)
        except ValueError as error:
            raise self.wrong(column, NO_ZONE if str(error) == NO_ZONE else f"{error}, or empty") from error

    def wrong(self, column: str, allowed: str) -> InputError:
        """What to raise for a value."""
        return InputError(
            f'{shown(self.table)}, line {self.number}, column "{column}": allowed is {allowed}; there is {_quoted(self.get(column))}.'
        )


def read_table(path: Path, columns: tuple[str, ...], needed: tuple[str, ...]) -> list[Line]:
    """The lines of a table with a header, empty ones left out. Raises InputError that names file, line and column.

    Columns other than ``columns`` are left out; ``needed`` ones have to be there.
    """
    rows = read_rows(path)
    _, header = next(rows, (1, []))
    names = [cell.casefold() for cell in header]
    _check_header(path, names, columns, needed)
    return [_line(path, number, names, row, columns) for number, row in rows]


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line that is not empty. Raises InputError for what is no text or no table."""
    text = read_text(path)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator_of(text), strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise InputError(
            f"{shown(path)}, line {reader.line_num}: this is no table of comma-separated values ({error}); export it as CSV."
        ) from error


def read_text(path: Path) -> str:
    """A text in UTF-8 (with or without a mark) or Windows-1251. Raises InputError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{shown(path)} cannot be read ({error.strerror}); give a CSV file.") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{shown(path)} has more than {MAX_BYTES // 2**20} MiB; give a CSV file with one line for each student.")
    if b"\0" in data:
        raise InputError(f"{shown(path)} is no text in UTF-8 or Windows-1251; save the table as CSV (UTF-8).")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1251", "replace")


def separator_of(text: str) -> str:
    """The separator that the first line has most of; the comma where it has none."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=first.count)


def _check_header(path: Path, names: list[str], columns: tuple[str, ...], needed: tuple[str, ...]) -> None:
    for column in needed:
        if column not in names:
            near = difflib.get_close_matches(column, names, 1)
            hint = f"; is {_quoted(near[0])} meant?" if near else "."
            got = ", ".join(map(_quoted, names[:12])) or "nothing"
            raise InputError(f'{shown(path)}, line 1: the header needs a column "{column}"; it has {got}{hint}')
    for column in columns:
        if names.count(column) > 1:
            raise InputError(f'{shown(path)}, line 1: the header has the column "{column}" {names.count(column)} times; keep one.')


def _line(path: Path, number: int, names: list[str], row: list[str], columns: tuple[str, ...]) -> Line:
    if any(row[len(names) :]):
        raise InputError(
            f"{shown(path)}, line {number}: there are {len(row)} values for {len(names)} columns; "
            f'put quotes round a value that holds a separator, as in "Doe, Jane".'
        )
    return Line(path, number, {name: value for name, value in zip(names, row, strict=False) if name in columns})


def _quoted(value: str) -> str:
    return f'"{shown(value)}"'
