"""``grade init``, ``grade list``, ``grade doctor``: what somebody needs before the first grading."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from grader.commands.common import mapped_errors
from grader.errors import InputError
from grader.report.text import clean
from grader.rubric import default_rubric, load_rubric

init_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
list_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
doctor_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
TROUBLE = 1


@init_app.command()
def init(folder: Annotated[Path, typer.Argument(help="A new or empty folder.", show_default=False)]) -> None:
    """Write the starter of the homework into a FOLDER: files to fill in."""
    with mapped_errors():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{folder} is there already and not an empty folder: name a new one, so that nothing is overwritten.")
        try:
            shutil.copytree(starter(), folder, ignore=shutil.ignore_patterns("__pycache__", ".*cache"), dirs_exist_ok=True)
        except OSError as error:
            raise InputError(f"The starter cannot be written to {folder} ({error.strerror}); choose another folder.") from error
        lines = (
            f"The starter is in {folder.resolve()}; its README.md says what to do.",
            f"Check it as often as you like: grade {folder} --out report.html",
        )
        Console().print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def starter() -> Path:
    """The starter that comes with the grader."""
    beside = Path(__file__).resolve().parents[2] / "homework"
    return beside if (beside / "README.md").exists() else Path(str(files("grader") / "starter"))


@list_app.command("list")
def list_criteria(
    rubric: Annotated[Path | None, typer.Option(help="A rubric file (default: lesson 4).", show_default=False)] = None,
) -> None:
    """Show what points are given for: the criteria of a rubric with their ids, for --only, explain and override."""
    with mapped_errors():
        loaded, _ = load_rubric(rubric or default_rubric())
        table = Table("id", "points", "what is asked for", title=clean(loaded.assignment.title), title_justify="left")
        for part in loaded.part:
            table.add_section()
            table.add_row(part.id, f"{float(part.points):g}", clean(part.title), style="bold")
            for each in loaded.criteria_of(part.id):
                table.add_row(each.id, f"{float(each.points):g}", clean(each.title))
        if loaded.advice:
            table.add_section()
            table.add_row("advice", "", "no points, but worth knowing", style="bold")
            for advice in loaded.advice:
                table.add_row(advice.id, "", clean(advice.title))
        Console().print(table)


@doctor_app.command()
def doctor(
    data_root: Annotated[Path | None, typer.Option(help="Folder in which the real image sets should be.", show_default=False)] = None,
) -> None:
    """Say what is installed here, which device and isolation will be used, whether data is there, and how to mend what is missing."""
    from grader.commands.examination import examined

    with mapped_errors():
        table = Table("", "", "found", "what helps")
        found = list(examined(data_root))
        for each in found:
            table.add_row(each.state, each.name, clean(each.found), clean(each.remedy), style="" if each.state == "ok" else "yellow")
        Console().print(table)
        if any(each.state == "missing" for each in found):
            raise typer.Exit(TROUBLE)
