"""The command: parse, call, render, exit code. The only place that prints.

Exit codes: 0 graded; 1 graded, but below --min-score; 2 bad usage or input; 3 the grader's own fault; 130 stopped.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

import grader
from grader.commands.common import mapped_errors
from grader.commands.live import PHASES
from grader.commands.output import check_outputs, write_text
from grader.errors import GraderFault
from grader.records import PUBLIC_SEED, Outcome, Report
from grader.sandbox.ahead import Workers
from grader.sandbox.isolation import Isolation
from grader.submission import open_submission, unpacked

app = typer.Typer(add_completion=True, pretty_exceptions_enable=False, rich_markup_mode="rich")
roles_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
COMMANDS = {  # first words that are no submission: what they do, module and app; a folder of such a name is ./roles
    "init": ("write the starter", "grader.commands.start", "init_app"),
    "list": ("what points are given for", "grader.commands.start", "list_app"),
    "doctor": ("what this machine has for it", "grader.commands.start", "doctor_app"),
    "roles": ("which class fills which role", "grader.cli", "roles_app"),
    "batch": ("a whole cohort", "grader.commands.batch", "batch_app"),
    "regrade": ("a cohort by a corrected rubric", "grader.commands.batch", "regrade_app"),
    "override": ("your points beside the machine's", "grader.commands.marks", "override_app"),
    "comment": ("a word to a student", "grader.commands.marks", "comment_app"),
    "export": ("the cohort's page and files again", "grader.commands.marks", "export_app"),
    "calibrate": ("thresholds from runs of the reference", "grader.commands.calibrate", "calibrate_app"),
    "explain": ("everything that led to a mark", "grader.commands.explain", "explain_app"),
    "similarity": ("who handed in the same", "grader.commands.similarity", "similarity_app"),
}
BELOW_MINIMUM = 1


def print_version(wanted: bool) -> None:
    """Print the version and leave, before anything else is looked at."""
    if wanted:
        Console().print(f"grade {grader.__version__}")
        raise typer.Exit


@app.command(epilog="Other commands: " + ", ".join(f"grade {name} ({what})" for name, (what, _, _) in COMMANDS.items()) + ".")
def grade(
    submission: Annotated[Path, typer.Argument(help="Folder or .zip of the submission.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Write the HTML report here.", show_default=False)] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the same content as JSON here.", show_default=False)] = None,
    rubric: Annotated[Path | None, typer.Option(help="A rubric file (default: lesson 4).", show_default=False)] = None,
    profile: Annotated[Literal["quick", "full"], typer.Option(help="How long to train, and on which data.")] = "quick",
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], typer.Option(help="Where networks are trained.")] = "auto",
    data_root: Annotated[Path | None, typer.Option(help="Folder with the real image sets.", show_default=False)] = None,
    download: Annotated[bool, typer.Option("--download", help="Download the real image sets to the data root.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of data, initial weights and order.", min=0, max=2**53 - 1)] = PUBLIC_SEED,
    only: Annotated[str, typer.Option(help="Parts or criteria, separated by commas: 1.1,3.2", show_default=False)] = "",
    min_score: Annotated[float | None, typer.Option(help="Exit with 1 below this score.", min=0, max=1e6, show_default=False)] = None,
    jobs: Annotated[int, typer.Option(help="Processes that train (0: one for each core).", min=0)] = 0,
    isolation: Annotated[
        Isolation, typer.Option(help="Keep the code apart as far as this machine can (best), refuse where it can't (full), or not (none).")
    ] = "best",
    cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Reuse trainings of unchanged networks.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the score only.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print the reason for every criterion.")] = False,
    _version: Annotated[bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Grade a SUBMISSION: a score, and a reason for every lost point."""
    console = Console(stderr=False)
    with mapped_errors(verbose):
        check_outputs(out, json)
        wanted = tuple(name.strip() for name in only.split(",") if name.strip())
        notes: list[str] = []
        with (
            unpacked(submission, notes.append) as folder,
            Workers(open_submission(folder), isolation) as workers,
            _progress(quiet) as listen,
        ):
            from grader.session import grade_submission, make_setting  # imports torch, while the worker does the same

            setting = make_setting(
                rubric=rubric, profile=profile, device=device, data_root=data_root, download=download, seed=seed,
                listen=listen, isolation=isolation, workers=workers.open,
            )  # fmt: skip
            report = grade_submission(folder, setting, only=wanted, jobs=jobs or os.cpu_count() or 1, cache=cache)
            report = replace(report, log=(*notes, *report.log))
        _write(report, out, json)
        _show(console, report, out, quiet, verbose)
    broken = any(verdict.outcome is Outcome.BROKEN for verdict in report.verdicts)
    if broken:
        raise typer.Exit(GraderFault.exit_code)
    if min_score is not None and report.score.points < Fraction(str(min_score)):
        raise typer.Exit(BELOW_MINIMUM)


@roles_app.command()
def roles(
    submission: Annotated[Path, typer.Argument(help="Folder or .zip of the submission.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Write a submission.toml to edit here.", show_default=False)] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the matching as JSON here.", show_default=False)] = None,
    rubric: Annotated[Path | None, typer.Option(help="A rubric file (default: lesson 4).", show_default=False)] = None,
    isolation: Annotated[Isolation, typer.Option(help="As for grading.")] = "best",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Don't show what is being done.")] = False,
) -> None:
    """Show which class or factory of a SUBMISSION fills which role, how sure that is, and why."""
    with mapped_errors():
        check_outputs(out, json)
        with unpacked(submission) as folder, Workers(open_submission(folder), isolation) as workers, _progress(quiet) as listen:
            from grader.discovery.declared import as_toml
            from grader.session import make_setting, match_submission

            cards = match_submission(folder, make_setting(rubric=rubric, listen=listen, isolation=isolation, workers=workers.open))
        from grader.report.json_report import roles_json
        from grader.report.terminal import role_table

        for path, text in ((out, as_toml(cards)), (json, roles_json(cards))):
            if path is not None:
                write_text(path, text)
        Console().print(role_table(cards))


def silent(kind: str, subject: str) -> None:
    """Hear what is being done and say nothing."""


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, str], None]]:
    """What is being done, with the elapsed time: one live line in a terminal, plain lines elsewhere."""
    console = Console(stderr=True)
    if quiet:
        yield silent
    elif not console.is_terminal:
        start = time.monotonic()

        def say(kind: str, subject: str) -> None:
            console.print(f"{time.monotonic() - start:6.1f} s  {PHASES[kind].format(subject=subject)}", highlight=False, markup=False)

        yield say
    else:
        console.print("loading torch and the images ...", end="\r")
        columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
        bar = Progress(*columns, console=console, transient=True)
        task = bar.add_task("starting", total=None)

        def show(kind: str, subject: str) -> None:
            bar.start()  # its thread begins here, when the trusted processes have been forked
            bar.update(task, description=PHASES[kind].format(subject=subject))

        try:
            yield show
        finally:
            bar.stop()


def _write(report: Report, out: Path | None, json: Path | None) -> None:
    from grader.report.html import to_html
    from grader.report.json_report import to_json

    for path, render in ((out, to_html), (json, to_json)):
        if path is None:
            continue
        write_text(path, render(report))


def _show(console: Console, report: Report, out: Path | None, quiet: bool, verbose: bool) -> None:
    from grader.report.summary import missing_protections
    from grader.report.terminal import summary_line, table

    if not quiet:
        console.print(table(report, verbose=verbose))
        if missing := missing_protections(report.provenance):
            console.print(missing, style="dim", highlight=False, markup=False)
    console.print(summary_line(report))
    if not (quiet or verbose or out) and report.score.points < report.score.max_points:
        console.print("The reason for every lost point: add --verbose, or --out report.html.", highlight=False)
    if out and not quiet:
        console.print(f"Report: {out.resolve()}", highlight=False, markup=False, soft_wrap=True)


def main() -> None:
    """Entry point: ``grade SUBMISSION``, or another command and its own arguments."""
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(app(standalone_mode=True))
    _, module, name = COMMANDS[sys.argv[1]]
    command = getattr(import_module(module), name)
    sys.exit(command(sys.argv[2:], prog_name=f"grade {sys.argv[1]}", standalone_mode=True))


if __name__ == "__main__":
    main()
