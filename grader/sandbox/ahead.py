"""What starts before it is needed, so that its seconds of importing torch pass while the examiner imports its own.

That is the template which forks the workers, or the first worker where there can be no template. A forked worker is never
started ahead: the time until its first request would tell it which of a submission's two workers it is.
"""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from grader.submission import Submission

from .isolation import Isolation
from .process import ProcessSandbox
from .template import Template


class Workers:
    """Opens workers for one submission, from a template where there can be one."""

    def __init__(self, submission: Submission, isolation: Isolation = "best") -> None:
        self._submission = submission
        self._template = Template(isolation)
        self._ahead: ProcessSandbox | None = None
        self._left = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as entered:
            template = entered.enter_context(self._template)
            if not template.is_there:
                self._ahead = template.open(self._submission)
                entered.callback(self._close_ahead)
                self._ahead.preload()
            self._left = entered.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._left.close()

    def open(self, submission: Submission) -> ProcessSandbox:
        """The worker that is under way, or another one: what `Setting.open_worker` wants."""
        ahead = self._ahead
        if ahead is not None and submission.root == self._submission.root:
            self._ahead = None
            return ahead
        return self._template.open(submission)

    def _close_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.close()
