"""Short ways to ask a worker about a case of tests/submissions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from grader.records import Fault
from grader.sandbox.base import Answer, Sandbox, WorkerReply, WorkerRequest

SUBMISSIONS = Path(__file__).parents[1] / "submissions"
BATCH_SIZES = [2, 1, 5]  # the first is the probe's


def candidate(case: str, name: str = "Net", **arguments: Any) -> dict[str, Any]:
    return {"file": f"{case}/models/net.py", "name": name, "arguments": arguments}


def ask(sandbox: Sandbox, verb: str, params: dict[str, Any], tensors: Mapping[str, Tensor] | None = None) -> WorkerReply:
    return sandbox.run(WorkerRequest(verb, params, tensors or {}, deadline_seconds=60))


def ask_export(sandbox: Sandbox, wanted: dict[str, Any], shape: tuple[int | None, ...] = (None, 1, 8, 8)) -> WorkerReply:
    inputs = [{"shape": list(shape), "dtype": "float32"}]
    return ask(sandbox, "export", {"candidate": wanted, "seed": 3, "inputs": inputs, "batch_sizes": BATCH_SIZES})


def answer(reply: WorkerReply) -> Answer:
    assert isinstance(reply, Answer), reply
    return reply


def fault(reply: WorkerReply) -> Fault:
    assert isinstance(reply, Fault), "an answer where a fault was expected"
    return reply


def marked_line(case: str, file: str = "models/net.py") -> int:
    """The line that the case marks as the one to name."""
    lines = (SUBMISSIONS / case / file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if "# <- here" in line)
