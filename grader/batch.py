"""A cohort, from what was handed in to the files of its grades: take in, plan what is left to do, grade, keep, export.

Nothing here imports torch: a batch in which nothing changed ends in a second or two.
"""

from __future__ import annotations

import os
import platform
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import psutil

import grader
from grader.cohort.intake import read_intake
from grader.cohort.late import Late, read_late
from grader.cohort.names import safe_name
from grader.cohort.records import Attempt, Cohort, Done, Intake, Task, Terms
from grader.errors import InputError
from grader.executors.base import Executor, Heard
from grader.files import write_atomically
from grader.gradebook import Gradebook
from grader.rubric import default_rubric, load_rubric

GRADEBOOK, REPORTS, PAGE, LATE, WORK, EXPORTED = "gradebook.sqlite", "reports", "index.html", "late.toml", ".work", ".exported"
MEMORY_PER_JOB = 2.5 * 2**30  # measured: examiner, trainer and worker of one submission, most of it shared with the template
_UNKNOWN_SECONDS = 60.0
_SEED_BITS = 52  # a JSON number is exact up to 2^53


@dataclass(frozen=True)
class Conditions:
    """What a call asks for; None where an earlier call's answer holds."""

    rubric: Path | None = None
    profile: str | None = None
    device: str | None = None
    data_root: Path | None = None
    seed: int | None = None
    isolation: Literal["full", "best", "none"] | None = None


@dataclass(frozen=True)
class Plan:
    """What a batch has to do."""

    intake: Intake
    terms: Terms
    tasks: tuple[Task, ...]  # longest expected first


class Grades:
    """The folder of a cohort's grades. Use it as a context manager; while it is open nobody else can write. ``make`` begins a new one."""

    def __init__(self, folder: Path, *, make: bool = False) -> None:
        if make:
            _make(folder)
        elif not (folder / GRADEBOOK).exists():
            raise InputError(f"There is no gradebook in {folder}: say where it is with --grades FOLDER, or make one with grade batch.")
        self.folder = folder
        self.book = Gradebook.open(folder / GRADEBOOK, write=True)

    def __enter__(self) -> Grades:
        return self

    def __exit__(self, *error: object) -> None:
        self.book.close()

    def late(self) -> Late | None:
        """The late policy that was given last."""
        path = self.folder / LATE
        return read_late(path) if path.exists() else None

    def keep_late(self, policy: Path) -> None:
        """Take a late policy over, once it is known to be right."""
        read_late(policy)
        write_atomically(self.folder / LATE, policy.read_bytes())

    def cohort(self) -> Cohort:
        """Everybody's marks, as they stand."""
        return self.book.cohort(self.late())

    def keep(self, done: Done, terms: Terms, why: Literal["batch", "again", "regrade"] = "batch") -> None:
        """The page first: a result in the gradebook always has one."""
        if done.page:
            write_atomically(self.page(done.student), done.page)
        self.book.record(done, terms, why=why)

    def page(self, student: str) -> Path:
        """Where a student's report is."""
        return self.folder / REPORTS / f"{safe_name(student)}.html"

    def export(self, *, anew: bool = True) -> Cohort:
        """Write the cohort's page, its tables and mails, and what people decided into the reports.

        Unless ``anew`` this is left out where the gradebook, the late policy and the grader are those of the last time.
        """
        cohort, mark = self.cohort(), self.folder / EXPORTED
        policy = (self.folder / LATE).read_text() if (self.folder / LATE).exists() else ""
        state = f"{grader.__version__}\n{self.book.state()}\n{policy}"
        if anew or not mark.exists() or mark.read_text() != state or not (self.folder / PAGE).exists():
            from grader.report.cohort.exports import write_exports

            mark.unlink(missing_ok=True)  # an export that is cut off is none
            write_exports(cohort, self.folder)
            write_atomically(mark, state.encode())
        return cohort


def _make(folder: Path) -> None:
    try:
        (folder / REPORTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The grades cannot be kept in {folder} ({error.strerror}); choose another folder with --out.") from error


@contextmanager
def work_folder(grades: Grades) -> Iterator[Path]:
    """Scratch of a batch; what a killed one left there goes first (only one batch at a time has the gradebook)."""
    folder = grades.folder / WORK
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_plan(
    grades: Grades, submissions: Path, roster: Path | None, conditions: Conditions, work: Path, *, again: bool = False, cache: bool = True
) -> Plan:
    """Take in what was handed in, and list what the gradebook has no result for. Raises InputError for what a user can mend."""
    intake = read_intake(submissions, roster=roster, late=grades.late(), work=work)
    terms = settled(conditions, grades.book.terms())
    contents = grades.book.take_in(intake)
    counting = [attempt for attempt in intake.attempts if attempt.counts]
    tasks = [_task(attempt, contents[attempt.student], grades, terms, cache and not again) for attempt in counting]
    left = [task for task in tasks if again or not grades.book.has(task.student, task.content_hash, terms)]
    return Plan(intake, terms, tuple(sorted(left, key=lambda task: (-task.expected_seconds, task.student))))


def _task(attempt: Attempt, content: str, grades: Grades, terms: Terms, cache: bool) -> Task:
    expected = grades.book.expected_seconds(attempt.student)
    seconds = _UNKNOWN_SECONDS if expected is None else expected
    return Task(attempt.student, attempt.source, content, seconds, terms, cache=cache)


def settled(asked: Conditions, before: Terms | None) -> Terms:
    """The terms of this run: what is asked for, else what held before, else the defaults. The seed is drawn once for a cohort."""
    before = before or _first_terms()
    device = asked.device or before.device
    now = replace(
        before,
        profile=asked.profile or before.profile,
        device=device,
        data_root=str(asked.data_root.resolve()) if asked.data_root else before.data_root,
        seed=before.seed if asked.seed is None else asked.seed,
        isolation=asked.isolation or before.isolation,
        grader_version=grader.__version__,
        torch_version=version("torch"),
        machine=machine(device),
    )
    return now if asked.rubric is None else _with_rubric(now, asked.rubric)


def _first_terms() -> Terms:
    seed = secrets.randbits(_SEED_BITS) + 1  # never the public seed
    return _with_rubric(Terms("", "", "quick", "auto", "", seed, "full", "", "", ""), default_rubric())


def _with_rubric(terms: Terms, path: Path) -> Terms:
    return replace(terms, rubric_hash=load_rubric(path)[1], rubric=path.read_text(encoding="utf-8"))


def machine(device: str) -> str:
    """The kind of machine, read without torch: marks are the same on machines of one kind."""
    kind = f"{platform.system()} {platform.machine()}"
    information = Path("/proc/cpuinfo")
    if information.exists():
        flags = next((line for line in information.read_text().splitlines() if line.lower().startswith(("flags", "features"))), "").split()
        kind += "".join(f" {flag}" for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "bf16") if flag in flags)
    gpus = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")) if device != "cpu" else []
    models = {line.partition(":")[2].strip() for gpu in gpus for line in gpu.read_text().splitlines() if line.startswith("Model")}
    return ", ".join([kind, *sorted(models)])


def affordable_jobs(asked: int, memory_per_job: float) -> tuple[int, str]:
    """How many submissions at a time, and why no more."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = asked or cores
    room = max(int(psutil.virtual_memory().available / memory_per_job), 1)
    if room < wanted:
        return room, f"{room} at a time instead of {wanted}: there is memory for no more (--memory-per-job {memory_per_job / 2**30:g} GiB)"
    return wanted, ""


def grade_all(plan: Plan, executor: Executor, heard: Heard, keep: Callable[[Done], None]) -> list[Done]:
    """Every task graded and kept, in the order in which they end."""
    ended: list[Done] = []
    for done in executor.run(plan.tasks, heard):
        keep(done)
        ended.append(done)
    return ended
