"""Which nodes of a cluster can grade, and how much at a time. Ray comes as an argument: ``executors.ray`` alone imports it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.cohort.records import Task, Terms
from grader.errors import InputError
from grader.executors import node

_CHECK_SECONDS = 180.0  # for a node to import torch, read its data and start a worker
_RESOURCES = {"num_cpus": ("CPU", 1.0, ""), "memory": ("memory", 2.0**30, " GiB"), "num_gpus": ("GPU", 1.0, "")}


@dataclass(frozen=True)
class Needs:
    """What one submission takes of a node, apart from ``Task.jobs`` processors."""

    memory_bytes: int
    gpus: float = 0.0  # a fraction shares a GPU

    def resources(self, task: Task) -> dict[str, float]:
        """As Ray's options name them."""
        gpus = {"num_gpus": self.gpus} if self.gpus else {}
        return {"num_cpus": task.jobs, "memory": self.memory_bytes, **gpus}


@dataclass(frozen=True)
class Survey:
    """The nodes that can grade, by id; how many tasks to have under way; and why others were left out."""

    nodes: frozenset[str]
    room: int
    left_out: tuple[str, ...]


def survey(ray: Any, task: Task, needs: Needs, machine: Callable[[str], str], check: node.Check) -> Survey:
    """Ask every node once, all at the same time. Raises InputError where none can grade such tasks."""
    alive = [each for each in ray.nodes() if each["Alive"]]
    needed = needs.resources(task)
    why = {each["NodeID"]: _why_small(each["Resources"], needed) for each in alive}
    why |= _checked(ray, [name for name, reason in why.items() if not reason], task.terms, machine, check)
    left_out = tuple(f"{each['NodeManagerAddress']} {why[each['NodeID']]}" for each in alive if why[each["NodeID"]])
    usable = [each for each in alive if not why[each["NodeID"]]]
    if not usable:
        raise InputError(f"No node of the cluster can grade: {'; '.join(left_out)}.")
    slots = sum(_slots(each["Resources"], needed) for each in usable)
    # One more waits at each node, so that none is idle.
    return Survey(frozenset(each["NodeID"] for each in usable), slots + len(usable), left_out)


def sentence(error: BaseException) -> str:
    """The last line of what Ray says, which names the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__


def _why_small(there: dict[str, float], needed: dict[str, float]) -> str:
    for name, amount in needed.items():
        word, unit, unit_word = _RESOURCES[name]
        if there.get(word, 0.0) < amount:
            has, wants = (f"{count / unit:.3g}{unit_word}" for count in (there.get(word, 0.0), amount))
            return f"is too small for one submission ({word}: it has {has}, and {wants} are needed)"
    return ""


def _slots(there: dict[str, float], needed: dict[str, float]) -> int:
    return min(int(there.get(_RESOURCES[name][0], 0.0) / amount + 1e-9) for name, amount in needed.items())


def _checked(ray: Any, names: Sequence[str], terms: Terms, machine: Callable[[str], str], check: node.Check) -> dict[str, str]:
    """Why each node can't grade; "" where it can."""
    remote = ray.remote(max_calls=1, max_retries=0, num_cpus=0)(_why_unusable)
    at = {name: remote.options(label_selector={"ray.io/node-id": name}) for name in names}
    asked = {name: there.remote(terms, machine, check) for name, there in at.items()}
    until = time.monotonic() + _CHECK_SECONDS
    return {name: _answer(ray, reference, until) for name, reference in asked.items()}


def _answer(ray: Any, reference: Any, until: float) -> str:
    try:
        return str(ray.get(reference, timeout=max(until - time.monotonic(), 0)))
    except ray.exceptions.GetTimeoutError:
        ray.cancel(reference, force=True)
        return f"did not say within {_CHECK_SECONDS:g} s whether it can grade"
    except ray.exceptions.RayError as error:
        return f"cannot be asked ({sentence(error)}); is the same version of the grader installed there?"


def _why_unusable(terms: Terms, machine: Callable[[str], str], check: node.Check) -> str:
    """On a node: why it can't grade; "" where it can."""
    if why := node.why_other(terms, machine):
        return why
    try:
        check(terms)
    except InputError as error:
        return f"cannot grade: {str(error).rstrip('.')}"
    return ""
