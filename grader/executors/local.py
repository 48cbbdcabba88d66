"""Grades on this machine: a clean template loads torch and the images once, and a process forked from it grades each submission.

    the batch ── template ── slot 1 ── one process per submission ── its trainers
      (no torch)          ├─ slot 2 ── one process per submission ── ...
                          └─ template of workers ── workers (shut in), which the submissions' processes ask for

No process here runs a student's code; and one that has read a submission's files ends with it. A process that dies takes
its submission's result with it and nothing else. Every process ends when its parent does, also by kill -9.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from grader.cohort.records import Done, Task, Terms
from grader.errors import InputError
from grader.executors.base import Heard

if TYPE_CHECKING:
    from grader.sandbox.template import Template

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_GRACE_SECONDS = 3.0  # to remove scratch folders before the processes are killed


class LocalExecutor:
    """``jobs`` submissions at a time; one that takes longer than ``timeout_seconds`` in all is given up.

    With ``cores`` everything together keeps to so many of them (Linux); without, a submission uses what is idle: code of its own
    runs while a network of its own is trained.
    """

    def __init__(self, jobs: int, timeout_seconds: float, scratch: Path, cores: int | None = None) -> None:
        self._jobs, self._timeout, self._scratch, self._cores = jobs, timeout_seconds, scratch, cores
        self._template: Any = None
        self._slots: list[Connection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for slot in self._slots:
            slot.close()
        if self._template is not None:
            self._template.join(_GRACE_SECONDS if kind is None else 0)  # slots that are done leave by themselves
            _end(self._template)
        self._template, self._slots = None, []

    def run(self, tasks: Sequence[Task], heard: Heard) -> Iterator[Done]:
        """See ``executors.base``."""
        if not tasks:
            return
        self._start(tasks[0].terms, min(self._jobs, len(tasks)))
        left, free, busy = list(tasks), list(self._slots), dict[Connection, Task]()
        while left or busy:
            while left and free:
                slot = free.pop(0)
                busy[slot] = left.pop(0)
                slot.send(busy[slot])
            spoke = wait(list(busy))
            for slot in [slot for slot in busy if slot in spoke]:
                done = _heard_from(slot, busy[slot], heard)
                if done is not None:
                    yield done
                    del busy[slot]
                    free.append(slot)

    def _start(self, terms: Terms, count: int) -> None:
        """The template, its slots forked from it. Raises InputError where nothing can be graded under the terms."""
        context = multiprocessing.get_context("spawn")
        pipes = [context.Pipe() for _ in range(count)]
        told, tells = context.Pipe(duplex=False)
        far = [theirs for _, theirs in pipes]
        self._slots = [ours for ours, _ in pipes]
        self._template = context.Process(target=_template, args=(tells, far, terms, self._timeout, str(self._scratch), self._cores))
        self._template.start()
        for connection in (tells, *far):
            connection.close()
        try:
            trouble = told.recv()
        except EOFError:
            trouble = "The process that grades could not be started; run the command again with --jobs 1, or with more memory."
        if trouble:
            raise InputError(trouble)


def _heard_from(slot: Connection, task: Task, heard: Heard) -> Done | None:
    try:
        said = slot.recv()
    except (EOFError, OSError):
        raise InputError("The processes that grade have ended; run the command again, it goes on where it stopped.") from None
    if isinstance(said, Done):
        return said
    heard(task.student, *said)
    return None


def _end(template: Any) -> None:
    """Ask, then kill: what is below ends with it."""
    template.terminate()
    template.join(_GRACE_SECONDS)
    template.kill()
    template.join()


# --- in the template and below ---------------------------------------------------------------------------------------


def _template(tells: Connection, slots: Sequence[Connection], terms: Terms, timeout: float, scratch: str, cores: int | None) -> None:
    """Load once, then fork the slots; beside it a template of workers, which loads at the same time."""
    _settle(scratch)
    if cores is not None and sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    from grader.sandbox.template import Template

    try:
        with Template(terms.isolation) as workers:
            from grader.executors.work import prepare  # imports torch: the batch itself never does

            prepare(terms, workers.open)
            _run_slots(tells, slots, workers, timeout, scratch)
    except InputError as error:  # of these terms; what a submission meets is in its Done
        tells.send(str(error))


def _run_slots(tells: Connection, slots: Sequence[Connection], workers: Template, timeout: float, scratch: str) -> None:
    context = _context()
    children = [context.Process(target=_slot, args=(place, slots, workers, timeout, scratch)) for place in range(len(slots))]
    for child in children:
        child.start()
    tells.send("")
    for connection in (tells, *slots):
        connection.close()
    with _told_to_end(children):
        for child in children:
            child.join()


def _slot(place: int, slots: Sequence[Connection], workers: Template, timeout: float, scratch: str) -> None:
    """One submission after the other, each in a process of its own."""
    _settle(scratch)
    connection = slots[place]
    for other in set(slots) - {connection}:
        other.close()  # a pipe ends for its reader when nobody holds the other side any more
    with contextlib.suppress(EOFError, OSError):
        while True:
            task = connection.recv()
            ours, theirs = _context().Pipe(duplex=False)
            child = _context().Process(target=_grade, args=(theirs, task, workers, scratch))
            child.start()
            theirs.close()
            with _told_to_end([child]):
                _pass_on(ours, connection, child, task, time.monotonic() + timeout)
            ours.close()


def _pass_on(ours: Connection, connection: Connection, child: Any, task: Task, until: float) -> None:
    """What the child says; and a Done in its place where it died or took too long."""
    said: Any = None
    reason = "Grading took longer than the time for one submission (--timeout) and was given up; it is tried again next time."
    while not isinstance(said, Done):
        if not ours.poll(max(until - time.monotonic(), 0)):
            break
        try:
            said = ours.recv()
        except EOFError:
            child.join()
            reason = _why_it_ended(child.exitcode)
            break
        connection.send(said)
    _end(child)
    if not isinstance(said, Done):
        connection.send(Done(task.student, task.content_hash, "failed", reason))


def _why_it_ended(code: int | None) -> str:
    how = f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"
    what = "the submission is tried again next time; give it more memory, or use fewer --jobs"
    return f"The grader's own process {how}, which says nothing about the submission: {what}."


def _grade(connection: Connection, task: Task, workers: Template, scratch: str) -> None:
    _settle(scratch)
    from grader.executors.work import grade_task

    connection.send(grade_task(task, lambda _, kind, subject: connection.send((kind, subject)), workers.open))


def _context() -> Any:
    """A process that has loaded all can be forked where that is safe with torch; elsewhere the next one loads again."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _settle(scratch: str) -> None:
    """A session of its own (a Ctrl-C in the terminal is the batch's to handle), scratch where it is found again, an end with the parent."""
    os.environ["TMPDIR"] = scratch
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"  # asking for a GPU must not start one: a process that did cannot be forked
    if sys.platform != "win32":
        os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    sys.unraisablehook = lambda _: None  # where leaving meets a callback, Python would print it


def _leave(number: int, _frame: object) -> None:
    """Leave through every context, so that scratch folders go."""
    sys.exit(128 + number)


@contextlib.contextmanager
def _told_to_end(children: Sequence[Any]) -> Iterator[None]:
    """Pass the end on."""
    try:
        yield
    except SystemExit:
        for child in children:
            child.terminate()
        for child in children:
            child.join(_GRACE_SECONDS)
        raise
