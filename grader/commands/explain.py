"""``grade explain``: everything that led to the verdict on one criterion."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from grader.batch import GRADEBOOK
from grader.commands.common import mapped_errors
from grader.errors import InputError
from grader.gradebook import Gradebook
from grader.report.explained import explained
from grader.report.json_models import ReportModel

explain_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")


@explain_app.command()
def explain(
    result: Annotated[str, typer.Argument(help="A JSON report, or the id of a student in the gradebook.", show_default=False)],
    criterion: Annotated[str, typer.Argument(help="Id of the criterion, as the report shows it.", show_default=False)],
    grades_folder: Annotated[Path, typer.Option("--grades", help="Folder of the grades, for a student's id.")] = Path("grades"),
) -> None:
    """Print all that led to the mark of a CRITERION: role, request, evidence, threshold, arithmetic."""
    with mapped_errors(stopped="nothing was changed"):
        report = _read(result, grades_folder)
        known = [each.id for each in (*report.criteria, *report.advice)]
        if criterion not in known:
            close = difflib.get_close_matches(criterion, known, n=1)
            nearest = f'; did you mean "{close[0]}"?' if close else f"; there are {', '.join(known)}."
            raise InputError(f'There is no criterion "{criterion}" in this report{nearest}')
        for line in explained(report, criterion):
            Console().print(line, markup=False, highlight=False, soft_wrap=True)


def _read(result: str, grades_folder: Path) -> ReportModel:
    """The report in a file, else that of a student. Raises InputError."""
    path = Path(result)
    if path.is_file():
        return _parsed(path.read_bytes(), str(path))
    if not (grades_folder / GRADEBOOK).exists():
        raise InputError(
            f"There is no file {result}, and no gradebook in {grades_folder} that could have a student of that name: give the JSON "
            f"report that grade wrote with --json, or the folder of the grades with --grades."
        )
    with Gradebook.open(grades_folder / GRADEBOOK, write=False) as book:
        return _parsed(book.document(result), result)


def _parsed(data: bytes, name: str) -> ReportModel:
    try:
        return ReportModel.model_validate({"timing": {}, **json.loads(data)})  # what a gradebook keeps is without durations
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{name} is no JSON report of this version of the grader ({_first(error)}); grade the submission again with --json."
        ) from error


def _first(error: Exception) -> str:
    """What is wrong, in few words."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
