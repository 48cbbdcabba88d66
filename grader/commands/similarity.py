"""``grade similarity``: who shares code with whom, for the instructor alone."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from grader.cohort.intake import read_intake
from grader.commands.common import mapped_errors
from grader.commands.output import check_outputs, write_text
from grader.report.text import clean
from grader.similarity import similar, to_page, to_text

similarity_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
Folder = Annotated[Path, typer.Argument(help="Folder of submissions, an LMS export, or a list of Git clones.", show_default=False)]


@similarity_app.command()
def similarity(
    submissions: Folder,
    earlier: Annotated[list[Path] | None, typer.Option(help="An earlier cohort; may come more than once.")] = None,
    known: Annotated[list[Path] | None, typer.Option(help="Code that everybody was given (default: starter and reference).")] = None,
    threshold: Annotated[float, typer.Option(help="The share of one side's code from which a pair is shown.")] = 0.5,
    out: Annotated[Path | None, typer.Option(help="Write a page with the places side by side here.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the pairs only.")] = False,
) -> None:
    """Show which SUBMISSIONS share code. No mark changes by it: two that are alike are a reason to ask."""
    with mapped_errors(), TemporaryDirectory(prefix="grade-similarity-") as work:
        check_outputs(out)
        notes: list[str] = []
        before: dict[str, Path] = {}
        for number, folder in enumerate(earlier or ()):
            before |= _taken_in(folder, Path(work) / f"earlier-{number}", f"{folder.name}/")
        pairs = similar(_taken_in(submissions, Path(work) / "now", ""), before, known or _given(), threshold, notes.append)
        if out is not None:
            write_text(out, to_page(pairs))
        for note in [] if quiet else notes:
            Console(stderr=True).print(clean(note), markup=False, highlight=False, soft_wrap=True)
        Console().print(to_text(pairs), end="", markup=False, highlight=False, soft_wrap=True)


def _taken_in(folder: Path, work: Path, prefix: str) -> dict[str, Path]:
    """What counts of each student, by a name that tells cohorts apart."""
    work.mkdir()
    intake = read_intake(folder, roster=None, late=None, work=work)
    return {f"{prefix}{attempt.student}": attempt.source for attempt in intake.attempts if attempt.counts}


def _given() -> list[Path]:
    """The starter and the reference, where the grader lies beside them."""
    root = Path(__file__).resolve().parents[2]
    return [root / name for name in ("homework", "reference") if (root / name).is_dir()]
