"""``grade batch`` and ``grade regrade``: a folder of submissions to a folder of grades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from grader.batch import MEMORY_PER_JOB, Conditions, Grades, Plan, affordable_jobs, grade_all, machine, make_plan, work_folder
from grader.cohort.intake import check_source
from grader.cohort.records import Done, Intake
from grader.commands.common import mapped_errors
from grader.commands.live import BatchView
from grader.errors import GraderFault, InputError
from grader.executors.base import Executor
from grader.executors.local import LocalExecutor
from grader.gradebook.changes import Change, changes
from grader.report.text import clean

batch_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
regrade_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")

Submissions = Annotated[Path, typer.Argument(help="Folder of submissions, an LMS export, or a list of Git clones.", show_default=False)]
Roster = Annotated[Path | None, typer.Option(help="roster.csv: id, name, group, deadline.", show_default=False)]
RubricFile = Annotated[
    Path | None, typer.Option("--rubric", help="A rubric file (default: that of the last run, or lesson 4).", show_default=False)
]
Profile = Literal["quick", "full"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Isolation = Literal["full", "best", "none"]
Jobs = Annotated[int, typer.Option(help="Submissions at a time, on as many cores (0: all cores, as far as the memory goes).", min=0)]
Memory = Annotated[float, typer.Option(help="GiB that one submission may need.", min=0.1)]
Timeout = Annotated[float, typer.Option(help="Minutes for one submission, after which it is given up.", min=0.1)]
Where = Annotated[Literal["local", "ray"], typer.Option("--executor", help="This machine, or a Ray cluster.")]
Gpus = Annotated[float, typer.Option(help="GPUs of a cluster's node for one submission; a fraction shares one.", min=0)]
Address = Annotated[str, typer.Option(help="Of the Ray cluster: auto, or host:port.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the last line only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print a traceback where the grader itself fails.")]
GIB = 2**30
_BEFORE = "default: as in the last run, at first"
STOPPED = "what was finished is kept; run the same command again to go on"


@batch_app.command()
def batch(
    submissions: Submissions,
    out: Annotated[Path, typer.Option(help="Folder of the grades; the gradebook in it is gone on with.")] = Path("grades"),
    roster: Roster = None,
    late: Annotated[Path | None, typer.Option(help="late.toml: deadline, grace, points a day, cap.", show_default=False)] = None,
    rubric: RubricFile = None,
    profile: Annotated[Profile | None, typer.Option(help=f"How long to train ({_BEFORE} quick).", show_default=False)] = None,
    device: Annotated[Device | None, typer.Option(help=f"Where networks are trained ({_BEFORE} auto).", show_default=False)] = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder with the real image sets.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(help="The cohort's (default: drawn once, in secret, and kept).", min=0, max=2**53 - 1)] = None,
    isolation: Annotated[Isolation | None, typer.Option(help=f"How far code is kept apart ({_BEFORE} full).", show_default=False)] = None,
    jobs: Jobs = 0,
    memory_per_job: Memory = MEMORY_PER_JOB / GIB,
    timeout: Timeout = 60.0,
    executor: Where = "local",
    address: Address = "auto",
    gpus: Gpus = 0.0,
    again: Annotated[bool, typer.Option("--again", help="Grade everything again, unchanged or not.")] = False,
    cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Reuse trainings of unchanged networks.")] = True,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Grade a folder of SUBMISSIONS into a gradebook; what is unchanged is not graded again."""
    conditions = Conditions(rubric, profile, device, data_root, seed, isolation)
    with mapped_errors(verbose, STOPPED):
        check_source(submissions)  # before a folder is made for their grades
    with mapped_errors(verbose, STOPPED), Grades(out, make=True) as grades, work_folder(grades) as work:
        if late is not None:
            grades.keep_late(late)
        plan = make_plan(grades, submissions, roster, conditions, work, again=again, cache=cache)
        grades.book.set_terms(plan.terms)
        place = _Place(executor, address, jobs, memory_per_job, gpus, timeout)
        with BatchView(len(plan.tasks), Console(stderr=True), quiet) as view:

            def keep(done: Done) -> None:
                grades.keep(done, plan.terms, "again" if again else "batch")
                view.ended(done)

            try:
                with place.executor(work, quiet) as running:
                    grade_all(plan, running, view.heard, keep)
            finally:
                cohort = grades.export(anew=False)
        _tell_unmatched(plan.intake, quiet)
        waiting = sum(row.open_reviews > 0 for row in cohort.rows)
        Console().print(_last_line(plan, view, waiting, out), highlight=False, markup=False, soft_wrap=True)
    if any(row.status == "failed" for row in cohort.rows):
        raise typer.Exit(GraderFault.exit_code)


@regrade_app.command()
def regrade(
    submissions: Submissions,
    criterion: Annotated[list[str], typer.Option("--criterion", help="Whose rubric was corrected; may come more than once.")],
    grades_folder: Annotated[Path, typer.Option("--grades", help="Folder of the grades.")] = Path("grades"),
    roster: Roster = None,
    rubric: RubricFile = None,
    jobs: Jobs = 0,
    memory_per_job: Memory = MEMORY_PER_JOB / GIB,
    timeout: Timeout = 60.0,
    executor: Where = "local",
    address: Address = "auto",
    gpus: Gpus = 0.0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:  # fmt: skip
    """Grade SUBMISSIONS by a corrected rubric, show who changes by how much, and write it if that is wanted."""
    with mapped_errors(verbose, "nothing was changed"), Grades(grades_folder) as grades, work_folder(grades) as work:
        _check_criteria(criterion, grades)
        plan = make_plan(grades, submissions, roster, Conditions(rubric=rubric), work)
        console = Console()
        if not plan.tasks:
            console.print("Nothing to grade again: the rubric and the submissions are as they were. Give the corrected one with --rubric.")
            return
        place = _Place(executor, address, jobs, memory_per_job, gpus, timeout)
        with BatchView(len(plan.tasks), Console(stderr=True), quiet) as view, place.executor(work, quiet) as running:
            dones = grade_all(plan, running, view.heard, view.ended)
        if failed := [done for done in dones if done.status == "failed"]:
            raise GraderFault(f"{failed[0].student} could not be graded again, nothing was changed: {failed[0].reason}")
        found = changes(grades.book, dones)
        console.print(_change_table(found))
        _refuse_others(found, criterion)
        if not (yes or typer.confirm(f"Write this for {len(dones)} submissions?")):
            console.print("Nothing was changed.")
            return
        grades.book.set_terms(plan.terms)
        for done in dones:
            grades.keep(done, plan.terms, "regrade")
        grades.export()
        console.print(f"Written to {grades_folder.resolve()}.", highlight=False, markup=False, soft_wrap=True)


@dataclass(frozen=True)
class _Place:
    """Where a batch runs, as the command was told."""

    name: str
    address: str
    jobs: int
    memory_gib: float
    gpus: float
    timeout_minutes: float

    def executor(self, work: Path, quiet: bool) -> Executor:
        """Ready to be entered."""
        if self.name == "local":
            jobs, why_no_more = affordable_jobs(self.jobs, self.memory_gib * GIB)
            if why_no_more and not quiet:
                _say(why_no_more)
            return LocalExecutor(jobs, self.timeout_minutes * 60, work, cores=self.jobs or None)
        from grader.executors.ray import RayExecutor
        from grader.executors.survey import Needs

        return RayExecutor(self.address, Needs(round(self.memory_gib * GIB), self.gpus), self.timeout_minutes * 60, machine, _say)


def _say(note: str) -> None:
    Console(stderr=True).print(clean(note), markup=False, highlight=False, soft_wrap=True)


def _tell_unmatched(intake: Intake, quiet: bool) -> None:
    if intake.unmatched and not quiet:
        _say(f"{len(intake.unmatched)} could not be matched with anybody:")
        for each in intake.unmatched:
            _say(f"  {each.label}: {each.reason}")


def _last_line(plan: Plan, view: BatchView, waiting: int, out: Path) -> str:
    counting = sum(attempt.counts for attempt in plan.intake.attempts)
    unchanged = counting - len(plan.tasks)
    said = [f"{counting} submissions"]
    said += [view.summary()] if plan.tasks else []
    said += [f"{unchanged} unchanged"] if unchanged else []
    said += [f"{waiting} with something for a person to look at"] if waiting else []
    return f"{'; '.join(said)}. Grades: {(out / 'index.html').resolve()}"


def _check_criteria(named: Sequence[str], grades: Grades) -> None:
    known = [head.criterion for head in grades.cohort().heads]
    for name in named:
        if name not in known:
            raise InputError(f'There is no criterion "{name}" in the gradebook; there are {", ".join(known) or "none yet"}.')


def _change_table(found: Sequence[Change]) -> Table:
    table = Table("student", "criterion", "before", "after", title=f"{len(found)} changes" if found else "Nobody's points change")
    for each in found:
        held = " (overridden)" if each.override else ""
        table.add_row(clean(each.student), each.criterion + held, _points(each.before), _points(each.after))
    return table


def _points(points: Fraction | None) -> str:
    return "none" if points is None else f"{float(points):g}"


def _refuse_others(found: Sequence[Change], named: Sequence[str]) -> None:
    others = sorted({each.criterion for each in found} - set(named))
    if others:
        raise InputError(
            f"Criteria that were not named would change too: {', '.join(others)}. Nothing was written; name them with --criterion as well, "
            f"or correct the rubric."
        )
