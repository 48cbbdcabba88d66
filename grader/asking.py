"""What is asked of a worker about one candidate: build it, hand it over as a graph; within the submission's time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from grader.network.exported import Exported, from_reply
from grader.network.fresh import changed_since
from grader.network.graph import Limits
from grader.network.values import NetworkError
from grader.records import Fault
from grader.sandbox.base import Answer, Sandbox, WorkerReply, WorkerRequest

MOST_DEATHS = 10
ENDED = ("died", "deadline")  # faults after which a worker has forgotten what it built
Listener = Callable[[str, str], None]  # (what kind of work, its subject)
Built = dict[str, Any] | Fault  # path of each parameter -> digest of its initial value
Params = dict[str, Any]


@dataclass(frozen=True)
class Deadlines:
    """Seconds of wall time for a request to the worker.

    Safety nets, not budgets: a hit asks for a person, and what decides a mark is counted in steps, nodes and multiply-adds.
    """

    export: float = 120.0
    experiment: float = 300.0
    call: float = 60.0
    submission: float = 900.0  # all requests together: twenty loops that never end do not cost twenty deadlines


DEADLINES = Deadlines()


@dataclass
class Worker:
    """A worker with the submission's time: when it is used up, every further request is a fault.

    So it is when the code has ended its process again and again: what a bomb leaves behind takes the machine seconds to clear.
    """

    sandbox: Sandbox
    deadlines: Deadlines
    spent: float = 0.0
    ends: list[Fault] = field(default_factory=list)  # of its process, each with its reason

    def ask(self, verb: str, params: Mapping[str, Any], seconds: float, tensors: Mapping[str, Tensor] | None = None) -> WorkerReply:
        left = self.deadlines.submission - self.spent
        if left <= 0:
            told = f" The first time: {self.ends[0].message}" if self.ends else ""
            what = f"The submission's code has used up its {self.deadlines.submission:g} seconds.{told}"
            return Fault("deadline", what, remedy="Look for a loop that does not end, or for training at import.")
        deaths = [each for each in self.ends if each.kind == "died"]
        if len(deaths) >= MOST_DEATHS:
            first = deaths[0]
            what = f"The code has ended its process {MOST_DEATHS} times, and nothing more of it is run; the first time: {first.message}"
            return Fault("deadline", what, first.file, first.line, remedy=first.remedy)
        start = time.monotonic()
        reply = self.sandbox.run(WorkerRequest(verb, params, tensors or {}, min(seconds, left)))
        self.spent += time.monotonic() - start
        if isinstance(reply, Fault) and reply.kind in ENDED:
            self.ends.append(reply)
        return reply


def derived_seed(seed: int, purpose: str) -> int:
    """A seed of its own for every purpose, the same on every machine; 32 bits that don't give the seed away."""
    return int.from_bytes(hashlib.sha256(f"{seed} {purpose}".encode()).digest()[:4], "little")


def drawn_batch(stated: Sequence[int], seed: int) -> int:
    """A batch size that a submission cannot know from the rubric."""
    sizes = range(2, 20 + len(stated))  # fifteen are left, however many the rubric states
    return [size for size in sizes if size not in stated][seed % 15]


def request(candidate: Params, seed: int, shape: Sequence[int], batch_sizes: Sequence[int]) -> Params:
    """What a build and an export are asked with: the candidate, its seed, one sample that it takes, and the batch sizes to try."""
    return {
        "candidate": candidate,
        "seed": seed,
        "inputs": [{"shape": [None, *shape], "dtype": "float32"}],
        "batch_sizes": list(batch_sizes),
    }


def build_all(requests: Mapping[str, Params], worker: Worker, listen: Listener) -> dict[str, Built]:
    """What each build gave. One that ends the worker costs the others a second build."""
    built: dict[str, Built] = {}
    again = True
    while again:
        again = False
        for subject, params in requests.items():
            if isinstance(built.get(subject), Fault):
                continue
            listen("build", subject)
            reply = worker.ask("build", params, worker.deadlines.call)
            built[subject] = reply if isinstance(reply, Fault) else _table(reply.data.get("digests"))
            if isinstance(reply, Fault) and reply.kind in ENDED:
                again = len(requests) > 1
                break
    return built


def export(
    params: Params, built: Built | None, worker: Worker, limits: Limits, file: str
) -> tuple[Exported | Fault, dict[int, tuple[int, ...]]]:
    """A candidate as data, or why there is none; beside it the output shapes that the worker claims where it could only run it.

    ``built`` is what its build gave, where the weights are to be held against that.
    """
    if isinstance(built, Fault):
        return built, {}
    reply = worker.ask("export", params, worker.deadlines.export)
    if isinstance(reply, Fault):
        return reply, {}
    if reply.data.get("form") == "values":
        return _why_no_graph(reply, file), _claimed_shapes(reply)
    try:
        exported = from_reply(reply.data, reply.tensors, limits, [each["shape"][1:] for each in params["inputs"]])
    except NetworkError as error:
        return Fault("network", f"the network was refused: {error}"), {}
    return (None if built is None else changed_since(exported, built)) or exported, {}


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _claimed_shapes(reply: Answer) -> dict[int, tuple[int, ...]]:
    """Batch size -> output shape, for a network that the worker could only run."""
    sizes = {name.removeprefix("outputs."): tensor for name, tensor in reply.tensors.items() if name.startswith("outputs.")}
    return {int(size): tuple(tensor.shape) for size, tensor in sizes.items() if size.isdecimal() and len(size) <= 6}


def as_list(value: object) -> list[Any]:
    """A list from the worker, or none: whatever else it sent says nothing."""
    return value if isinstance(value, list) else []


def _why_no_graph(reply: Answer, file: str) -> Fault:
    """The worker's note about the construct that stands in the way of an export."""
    notes = [note for note in as_list(reply.data.get("notes")) if isinstance(note, dict) and note.get("kind") == "construct"]
    note = notes[0] if notes else {}
    line = note.get("line")
    words = {key: str(note[key])[:500] for key in ("construct", "remedy") if note.get(key)}
    text = str(note.get("message") or "the network runs, but its graph cannot be exported")[:500]
    return Fault("export", text, str(note.get("file") or file)[:200], line if isinstance(line, int) else None, **words)
