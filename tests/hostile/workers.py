"""Workers that are watched, and answers that were given before."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from torch import Tensor

from grader.records import Fault, Protection
from grader.sandbox.base import Answer, Opener, Sandbox, WorkerReply, WorkerRequest
from grader.submission import Submission


@dataclass(frozen=True)
class Asked:
    """One request, how long its answer took, and what it was."""

    request: WorkerRequest
    seconds: float
    reply: WorkerReply

    @property
    def text(self) -> str:
        """Everything that came back, but for the numbers in tensors."""
        data = [self.reply.data, list(self.reply.tensors)] if isinstance(self.reply, Answer) else vars(self.reply)
        return f"{data}"

    @property
    def key(self) -> str:
        """The request by its content."""
        params = json.dumps(self.request.params, sort_keys=True, default=str)
        return f"{self.request.verb} {params} {_digest(self.request.tensors)}"


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].contiguous().numpy().tobytes())
    return digest.hexdigest()


@dataclass
class Log:
    """What was asked of the workers of one grading; starting them is not counted as a request's time."""

    asked: list[Asked] = field(default_factory=list)
    protections: tuple[Protection, ...] = ()
    starting_seconds: float = 0.0

    @property
    def faults(self) -> set[str]:
        """The kinds of fault that came back."""
        return {each.reply.kind for each in self.asked if isinstance(each.reply, Fault)}

    @property
    def asked_seconds(self) -> float:
        """How long all requests took."""
        return sum(each.seconds for each in self.asked)


class _Watched:
    def __init__(self, sandbox: Sandbox, log: Log) -> None:
        self._sandbox, self._log = sandbox, log

    def protections(self) -> tuple[Protection, ...]:
        start = time.monotonic()
        self._log.protections = self._sandbox.protections()
        self._log.starting_seconds += time.monotonic() - start
        return self._log.protections

    def run(self, request: WorkerRequest) -> WorkerReply:
        start = time.monotonic()
        reply = self._sandbox.run(request)
        self._log.asked.append(Asked(request, time.monotonic() - start, reply))
        return reply


def watched(opener: Opener, log: Log) -> Opener:
    """Workers of an opener whose answers and times go to a log."""

    @contextmanager
    def open_worker(submission: Submission) -> Iterator[Sandbox]:
        with opener(submission) as sandbox:
            yield _Watched(sandbox, log)

    return open_worker


class _Remembered:
    """Answers what was asked before as it was answered before; anything else is an error of the test."""

    def __init__(self, log: Log, anew: Sandbox | None) -> None:
        self._replies = {each.key: each.reply for each in log.asked}
        self._protections, self._anew = log.protections, anew

    def protections(self) -> tuple[Protection, ...]:
        return self._protections if self._anew is None else self._anew.protections()

    def run(self, request: WorkerRequest) -> WorkerReply:
        if self._anew is not None and request.verb == "experiment":
            return self._anew.run(request)
        return self._replies[Asked(request, 0.0, Answer({})).key]


def remembered(log: Log, anew: Opener | None = None) -> Opener:
    """Workers that say what was said in a log; with ``anew`` those that it opens are asked for the experiments."""

    @contextmanager
    def open_worker(submission: Submission) -> Iterator[Sandbox]:
        if anew is None:
            yield _Remembered(log, None)
            return
        with anew(submission) as sandbox:
            yield _Remembered(log, sandbox)

    return open_worker
