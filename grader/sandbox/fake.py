"""A sandbox that is a function: for tests of everything behind the seam."""

from __future__ import annotations

from collections.abc import Callable

from grader.records import Protection

from .base import WorkerReply, WorkerRequest


class FakeSandbox:
    """Answers each request by a function and keeps what was asked."""

    def __init__(self, reply: Callable[[WorkerRequest], WorkerReply]) -> None:
        self._reply = reply
        self.requests: list[WorkerRequest] = []

    def run(self, request: WorkerRequest) -> WorkerReply:
        """The function's reply."""
        self.requests.append(request)
        return self._reply(request)

    def protections(self) -> tuple[Protection, ...]:
        """None: nothing runs."""
        return ()
