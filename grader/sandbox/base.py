"""The seam between the examiner and whatever runs a student's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from grader.records import Fault, Protection

if TYPE_CHECKING:
    from torch import Tensor  # a worker is started before the examiner imports torch

    from grader.submission import Submission


@dataclass(frozen=True)
class WorkerRequest:
    """One question to the worker; verbs, parameters and tensors are those of ``grader.worker.wire``."""

    verb: str
    params: Mapping[str, Any]
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    deadline_seconds: float = 60.0


@dataclass(frozen=True)
class Answer:
    """What the worker says: JSON and tensors, neither of them to be believed."""

    data: dict[str, Any]
    tensors: dict[str, Tensor] = field(default_factory=dict)


WorkerReply = Answer | Fault


class Sandbox(Protocol):
    """Runs one submission's code. A fault in the student's work is a reply, never an exception."""

    def run(self, request: WorkerRequest) -> WorkerReply:
        """The reply to one request. Raises GraderFault only where the sandbox itself cannot work."""
        ...

    def protections(self) -> tuple[Protection, ...]:
        """What keeps the submission's code apart; waits until the worker is up (no student code has run by then)."""
        ...


Opener = Callable[["Submission"], AbstractContextManager[Sandbox]]
"""Opens a fresh worker for a submission."""
