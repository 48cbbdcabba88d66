"""A worker in a process of its own, shut in as far as is asked for and can be had (see ``isolation``).

With bubblewrap it is in namespaces of its own and sees nothing but the interpreter and a copy of the submission. Without,
it still has its own session, a clean environment, its own scratch folder, limits and the examiner's clock, which keeps a
submission's crash, loop or noise from the grader; but it can read what its user can read.
"""

from __future__ import annotations

import contextlib
import tempfile
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psutil

from grader.records import Protection
from grader.submission import Submission

from .base import WorkerReply, WorkerRequest
from .conversation import Worker, tail
from .isolation import Isolation, insist, protections, why_open
from .launch import DEFAULT, Limits, start
from .scratch import Scratch, prepare, remove

if TYPE_CHECKING:
    from .template import Template


class ProcessSandbox:
    """One worker process for one submission; started on the first request, and again after it died.

    Use it in a ``with`` statement: leaving it ends the process and removes the scratch folder. Raises InputError where
    the isolation is "full" and cannot be had. A template forks the process, which then is as well shut in as one that starts alone.
    """

    def __init__(self, submission: Path, limits: Limits = DEFAULT, isolation: Isolation = "best", template: Template | None = None) -> None:
        self._submission = submission
        self._limits = limits
        self._isolation = isolation
        self._missing = why_open(isolation)
        self._start = template.start if template else partial(start, shut_in=self._missing is None)
        self._home = template.inbox if template else None
        self._folder: Path | None = None
        self._scratch: Scratch | None = None
        self._worker: Worker | None = None
        self._protections: tuple[Protection, ...] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def preload(self) -> None:
        """Start the worker without waiting for it. Raises InputError when the submission cannot be copied."""
        if self._worker is None:
            self._worker = Worker(self._prepared(), self._limits, self._missing, self._start)

    def run(self, request: WorkerRequest) -> WorkerReply:
        """The reply; a dead, silent or lying worker is a fault.

        Raises InputError (the submission, or an isolation that cannot be had) and GraderFault (no start).
        """
        worker = self._ready()
        try:
            return worker.ask(request)
        finally:
            if worker.ended:
                self._forget(worker)

    def protections(self) -> tuple[Protection, ...]:
        """What keeps the submission's code apart; starts a worker if none was. Raises as ``run`` does."""
        if self._protections is None:
            self._ready()
        assert self._protections is not None
        return self._protections

    def close(self) -> None:
        """End the worker and all it started, and remove its folder."""
        if self._worker is not None:
            self._worker.kill()
            self._forget(self._worker)
        if self._folder is not None:
            remove(self._folder)
            self._folder, self._scratch = None, None

    def stderr_tail(self) -> str:
        """The last that the submission's code printed (capped); for a log, not for a verdict: it may vary."""
        return tail(self._scratch.stderr) if self._scratch is not None else ""

    def _ready(self) -> Worker:
        self.preload()
        worker = self._worker
        assert worker is not None
        try:
            self._protections = protections(worker.wait_until_ready(), self._limits)
        finally:
            if worker.ended:
                self._forget(worker)
        if self._isolation == "full":
            insist(self._protections)
        return worker

    def _forget(self, worker: Worker) -> None:
        if worker is self._worker:
            self._worker = None
        if self._missing is not None and self._scratch is not None:
            _end_strays(self._scratch)

    def _prepared(self) -> Scratch:
        if self._scratch is None:
            folder = Path(tempfile.mkdtemp(prefix="grade-", dir=self._home)).resolve()
            try:
                self._scratch = prepare(folder, self._submission)
            except BaseException:
                remove(folder)
                raise
            self._folder = folder
        return self._scratch


def open_worker(submission: Submission, isolation: Isolation = "best") -> ProcessSandbox:
    """A fresh worker for a submission."""
    return ProcessSandbox(submission.root, isolation=isolation)


def _end_strays(scratch: Scratch) -> None:
    """End processes that left the worker's family but carry its environment: without namespaces, all there is to know them by."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # gone, or another user's
            if process.environ().get("PYTHONPATH") == str(scratch.runtime):
                process.kill()
