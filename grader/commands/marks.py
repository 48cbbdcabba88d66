"""``grade override``, ``grade comment``, ``grade export``: a person's word beside the machine's."""

from __future__ import annotations

import getpass
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.batch import Grades
from grader.cohort.records import Row
from grader.commands.common import mapped_errors
from grader.errors import InputError
from grader.report.text import clean

override_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
comment_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
export_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")

Folder = Annotated[Path, typer.Option("--grades", help="Folder of the grades.")]
Student = Annotated[str, typer.Argument(help="Id of the student.", show_default=False)]
Author = Annotated[str, typer.Option(help="Who says so (default: the user of this machine).", show_default=False)]


@override_app.command()
def override(
    student: Student,
    criterion: Annotated[str, typer.Argument(help="Id of the criterion, as the report shows it.", show_default=False)],
    points: Annotated[str | None, typer.Option(help="Points instead of the machine's, such as 2.5.", show_default=False)] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="The machine's points hold again.")] = False,
    reason: Annotated[str, typer.Option(help="Why; the student reads it.", show_default=False)] = "",
    author: Author = "",
    grades_folder: Folder = Path("grades"),
) -> None:
    """Put your points for a CRITERION of a STUDENT beside the machine's; yours count, both are shown."""
    with mapped_errors(), Grades(grades_folder) as grades:
        if (points is None) != withdraw:
            raise InputError("Say either --points P or --withdraw.")
        if not reason.strip():
            raise InputError('Say why with --reason "...": the student reads it.')
        grades.book.override(student, criterion, None if points is None else _exact(points), reason, author or _user())
        _tell(grades, student)


@comment_app.command()
def comment(
    student: Student,
    text: Annotated[str, typer.Argument(help="What to say; the student reads it.", show_default=False)],
    criterion: Annotated[str, typer.Option(help="A criterion that it is about (default: the whole).", show_default=False)] = "",
    author: Author = "",
    grades_folder: Folder = Path("grades"),
) -> None:
    """Say something to a STUDENT."""
    with mapped_errors(), Grades(grades_folder) as grades:
        grades.book.comment(student, text, author or _user(), criterion)
        _tell(grades, student)


@export_app.command()
def export(
    late: Annotated[Path | None, typer.Option(help="A new late.toml: deadline, grace, points a day, cap.", show_default=False)] = None,
    grades_folder: Folder = Path("grades"),
) -> None:
    """Write the cohort page and the files for Canvas, Moodle and mail again."""
    with mapped_errors(), Grades(grades_folder) as grades:
        if late is not None:
            grades.keep_late(late)
        cohort = grades.export()
        Console().print(
            f"{len(cohort.rows)} students: {(grades_folder / 'index.html').resolve()}", highlight=False, markup=False, soft_wrap=True
        )


def _exact(points: str) -> Fraction:
    try:
        return Fraction(points.replace(",", "."))
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(f'--points "{clean(points)}" is no number; write for example 2.5.') from error


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "a person"


def _tell(grades: Grades, student: str) -> None:
    cohort = grades.export()
    row = next(row for row in cohort.rows if row.student.id == student)
    Console().print(
        clean(f"{_who(row)}: {float(row.final):g} of {float(cohort.max_points):g}"), highlight=False, markup=False, soft_wrap=True
    )


def _who(row: Row) -> str:
    return f"{row.student.name} ({row.student.id})" if row.student.name else row.student.id
