"""A worker that starts before it is needed: its seconds of importing torch pass while the examiner imports its own."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from grader.submission import Submission

from .isolation import Isolation
from .process import ProcessSandbox, open_worker


class Workers:
    """Opens workers for one submission; the first was started on entering the context."""

    def __init__(self, submission: Submission, isolation: Isolation = "best") -> None:
        self._submission, self._isolation = submission, isolation
        self._ahead: ProcessSandbox | None = ProcessSandbox(submission.root, isolation=isolation)

    def __enter__(self) -> Self:
        if self._ahead is not None:
            self._ahead.preload()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._ahead is not None:
            self._ahead.close()

    def open(self, submission: Submission) -> ProcessSandbox:
        """The worker that is under way, or a fresh one: what `Setting.open_worker` wants."""
        ahead = self._ahead
        if ahead is not None and submission.root == self._submission.root:
            self._ahead = None
            return ahead
        return open_worker(submission, self._isolation)
