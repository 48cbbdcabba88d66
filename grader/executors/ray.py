"""Grades on a cluster: one Ray task per submission. The only file that knows Ray.

    the batch (driver) ── mailbox, an actor beside it <── what is being done
            │
            └── node ── one Ray process per submission, which ends with it ── as on a machine of one's own (``executors.local``)

Nodes are looked at once, before anything runs: one with another version, another kind of machine, no data or less isolation
than was asked for is left out. Submissions travel as bytes. Ray itself retries nothing here (it would for ever where memory
runs out): what went down with its node or its process is sent again from here, twice at most.
"""

from __future__ import annotations

import importlib
import os
import platform
import socket
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.cohort.records import Done, Task
from grader.errors import InputError
from grader.executors import node
from grader.executors.base import Heard
from grader.executors.parcel import Parcel, pack, unpack
from grader.executors.survey import Needs, sentence, survey

RETRIES = 2
_POLL_SECONDS = 0.2
_CONNECT_SECONDS = 5.0
_GRACE_SECONDS = 3.2  # to remove scratch folders before processes are killed
_KILL_SECONDS = 0.8
_LOST = ("WorkerCrashedError", "NodeDiedError", "LocalRayletDiedError", "ObjectLostError", "OutOfMemoryError", "TaskUnschedulableError")


@dataclass(frozen=True)
class Site:
    """What is done on a node; tests put something quicker in its place."""

    check: node.Check = node.check
    grade: node.Grade = node.grade


@dataclass
class _Batch:
    """Tasks that wait and tasks that run, by the reference that Ray gave."""

    waiting: deque[tuple[Task, int]]  # with how often they were lost
    running: dict[Any, tuple[Task, int]] = field(default_factory=dict)


class RayExecutor:
    """Grades on the cluster at ``address`` ("auto" or ip:port).

    ``machine`` tells the kind of a machine for a device, as ``Terms.machine`` has it; ``note`` hears which nodes are left out.
    """

    def __init__(
        self, address: str, needs: Needs, timeout_seconds: float, machine: Callable[[str], str],
        note: Callable[[str], None] = lambda _: None, site: Site | None = None,
    ) -> None:  # fmt: skip
        self._address, self._needs, self._timeout, self._machine = address, needs, timeout_seconds, machine
        self._note, self._site = note, site or Site()
        self._ray: Any = None
        self._batch = _Batch(deque())
        self._nodes: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._ray is None:
            return
        with suppress(self._ray.exceptions.RayError):
            self._cancel(list(self._batch.running))
        self._ray.shutdown()
        self._ray, self._batch = None, _Batch(deque())

    def run(self, tasks: Sequence[Task], heard: Heard) -> Iterator[Done]:
        """See ``executors.base``."""
        if not tasks:
            return
        self._ray = _connected(self._address)
        found = survey(self._ray, tasks[0], self._needs, self._machine, self._site.check)
        for reason in found.left_out:
            self._note(f"Node {reason}; it is left out.")
        self._nodes = set(found.nodes)
        mailbox = self._beside_driver(self._ray.remote(num_cpus=0)(_Mailbox)).remote()
        remote = self._ray.remote(max_calls=1, max_retries=0)(_on_node)
        self._batch = _Batch(deque((task, 0) for task in tasks))
        while self._batch.waiting or self._batch.running:
            while self._batch.waiting and len(self._batch.running) < found.room:
                yield from self._send(remote, mailbox, *self._batch.waiting.popleft())
            running = list(self._batch.running)
            ended = self._ray.wait(running, timeout=_POLL_SECONDS)[0] if running else []
            self._tell(mailbox, heard)
            for reference in ended:
                yield from self._take(reference)
            if not ended:
                yield from self._without_nodes()

    def _send(self, remote: Any, mailbox: Any, task: Task, lost: int) -> Iterator[Done]:
        """Give one submission to the cluster; a Done where that can't be."""
        try:
            parcel = pack(task.source)
        except InputError as error:
            yield Done(task.student, task.content_hash, "failed", str(error), host=platform.node())
            return
        options = self._needs.resources(task) | {"label_selector": {"ray.io/node-id": f"in({','.join(sorted(self._nodes))})"}}
        reference = remote.options(**options).remote(task, parcel, mailbox, self._timeout, self._site.grade)
        self._batch.running[reference] = (task, lost)

    def _take(self, reference: Any) -> Iterator[Done]:
        """The Done of a task that ended; nothing where it is to be done again."""
        task, lost = self._batch.running.pop(reference)
        errors = self._ray.exceptions
        try:
            done = self._ray.get(reference)
        except tuple(getattr(errors, name) for name in _LOST) as error:
            if lost < RETRIES:
                self._note(f"{task.student} was lost with its node or process ({type(error).__name__}); it is graded again.")
                self._batch.waiting.appendleft((task, lost + 1))
            else:
                yield _failed(task, f"The node or the process that graded it was lost {lost + 1} times ({type(error).__name__}).")
        except errors.RayError as error:
            yield _failed(task, f"The cluster did not grade it ({sentence(error)}).")
        else:
            yield done

    def _without_nodes(self) -> Iterator[Done]:
        """A Done for all that is left, once no usable node is."""
        self._nodes &= {each["NodeID"] for each in self._ray.nodes() if each["Alive"]}
        if self._nodes:
            return
        left = [*self._batch.running.values(), *self._batch.waiting]
        self._cancel(list(self._batch.running))
        self._batch = _Batch(deque())
        for task, _ in left:
            yield _failed(task, "No node that can grade is left in the cluster; run the command again when there is one.")

    def _tell(self, mailbox: Any, heard: Heard) -> None:
        still = {task.student for task, _ in self._batch.running.values()}
        for student, kind, subject in self._ray.get(mailbox.take.remote()):
            if student in still:
                heard(student, kind, subject)

    def _cancel(self, references: list[Any]) -> None:
        """Ask, then kill; what is below ends with it."""
        for force, seconds in ((False, _GRACE_SECONDS), (True, _KILL_SECONDS)):
            for reference in references:
                self._ray.cancel(reference, force=force)
            if references:
                references = self._ray.wait(references, num_returns=len(references), timeout=seconds, fetch_local=False)[1]

    def _beside_driver(self, remote: Any) -> Any:
        """On this machine: what is told must not be lost with another. Its own process may be killed, and is started again."""
        here = {"ray.io/node-id": self._ray.get_runtime_context().get_node_id()}
        return remote.options(label_selector=here, max_restarts=-1, max_task_retries=-1)


def _connected(address: str) -> Any:
    """Ray, connected. Raises InputError where it is not installed or there is no cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".*")  # Ray would print the logs of a lost node among the batch's lines
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise InputError(f'A cluster needs Ray ({error}): pip install "dl-homework-grader[ray]".') from error
    try:
        _try_port(address)
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:  # the last where the token is wrong
        raise InputError(
            f"There is no Ray cluster to be reached at --address {address} ({sentence(error)}). Start one with "
            f"ray start --head on this machine, or give the address that it printed."
        ) from error
    return ray


def _try_port(address: str) -> None:
    """Ray would wait for minutes where nobody listens. Raises OSError, or ValueError for what is no address."""
    host, colon, port = address.rpartition(":")
    if colon:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()


def _failed(task: Task, reason: str) -> Done:
    return Done(task.student, task.content_hash, "failed", reason, host=platform.node())


# --- on the cluster --------------------------------------------------------------------------------------------------


class _Mailbox:
    """What is being done, kept until the driver takes it."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, str, str]] = []

    def put(self, student: str, kind: str, subject: str) -> None:
        self._kept.append((student, kind, subject))

    def take(self) -> list[tuple[str, str, str]]:
        taken, self._kept = self._kept, []
        return taken


def _on_node(task: Task, parcel: Parcel, mailbox: Any, timeout_seconds: float, grade: node.Grade) -> Done:
    """On a node: unpack, grade, and see to it that all was heard before the Done is."""
    last: list[Any] = []

    def heard(student: str, kind: str, subject: str) -> None:
        last[:] = [mailbox.put.remote(student, kind, subject)]  # calls of one caller come in their order

    with tempfile.TemporaryDirectory(prefix="grade-node-", ignore_cleanup_errors=True) as folder:
        place, scratch = Path(folder) / "submission", Path(folder) / "scratch"
        place.mkdir()
        scratch.mkdir()
        try:
            done = grade(replace(task, source=unpack(parcel, place)), heard, timeout_seconds, scratch)
            done = replace(done, reason=done.reason.replace(str(place), str(task.source.parent)))  # as the driver knows it
        except (InputError, OSError) as error:
            done = _failed(task, f"The submission could not be unpacked on the node ({error}).")
    if last:
        importlib.import_module("ray").get(last[0])
    return done
