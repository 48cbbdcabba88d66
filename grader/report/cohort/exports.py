"""Cohort > all files of the folder of grades, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from grader.cohort.names import safe_name
from grader.cohort.records import Cohort, Row
from grader.errors import InputError
from grader.files import write_atomically
from grader.report.cohort.grades_json import to_grades_json
from grader.report.cohort.mail import to_mail_csv, to_mails
from grader.report.cohort.pages import to_page
from grader.report.cohort.people import with_people
from grader.report.cohort.tables import to_canvas_csv, to_moodle_csv

BOM = "\ufeff"  # by which Excel knows that a table is UTF-8


def write_exports(cohort: Cohort, folder: Path) -> list[Path]:
    """Write the tables, the page and the mails, and what people decided into the reports; returns what was written, in order.

    Raises InputError where the folder cannot be written to. A report that is not there is left out.
    """
    try:
        (folder / "mail").mkdir(parents=True, exist_ok=True)
        mails = to_mails(cohort)
        written = [_write(folder / name, render()) for name, render in _files(cohort, mails).items()]
        written += [_write(folder / "mail" / f"{safe_name(student)}.txt", mail) for student, mail in mails.items()]
        return written + [path for row in cohort.rows if (path := _write_people(row, folder))]
    except OSError as error:
        raise InputError(
            f"The grades cannot be written to {folder}: {error.strerror or error}. Choose another folder with --out."
        ) from error


def _files(cohort: Cohort, mails: Mapping[str, str]) -> dict[str, Callable[[], str]]:
    return {
        "index.html": lambda: to_page(cohort),
        "canvas.csv": lambda: to_canvas_csv(cohort),
        "moodle.csv": lambda: to_moodle_csv(cohort, mails),
        "grades.json": lambda: to_grades_json(cohort),
        "mail.csv": lambda: BOM + to_mail_csv(cohort, mails),
    }


def _write(path: Path, text: str) -> Path:
    write_atomically(path, text.encode())
    return path


def _write_people(row: Row, folder: Path) -> Path | None:
    """The student's report, where it is there and what people decided is not yet in it."""
    path = folder / row.report
    if not row.report or not path.is_file():
        return None
    page = path.read_bytes().decode(errors="replace")
    told = with_people(page, row)
    return None if told == page else _write(path, told)
