"""How far a worker is shut in, and the words that say so."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

from grader.errors import InputError
from grader.records import Protection

from . import bubblewrap
from .launch import Limits

Isolation = Literal["full", "best", "none"]
"""``full``: everything, or no grading at all. ``best``: what the platform has. ``none``: without bubblewrap."""


@dataclass(frozen=True)
class Facts:
    """What is known of a started worker."""

    missing: str | None  # why it is not shut in by bubblewrap; None where it is
    confined: bool  # it gave up system calls and privileges
    counted_by_kernel: bool  # it is in a control group


def unusable() -> str | None:
    """Why bubblewrap cannot be used here, as a clause; None where it can. Worked out once in a process."""
    return bubblewrap.why_unusable()


def why_open(isolation: Isolation) -> str | None:
    """Why a worker is not shut in by bubblewrap; None where it is. Raises InputError where that was insisted on."""
    missing = "switched off by --isolation none" if isolation == "none" else unusable()
    if isolation == "full" and missing is not None:
        raise InputError(
            f"Full isolation cannot be had on this machine: {missing}. Install bubblewrap (on Debian: apt install bubblewrap) and "
            f"allow user namespaces, or choose --isolation best, which says in the report what is missing."
        )
    return missing


def insist(protections: tuple[Protection, ...]) -> None:
    """Raises InputError where one of them is not in force."""
    missing = [f"{protection.name} ({protection.detail})" for protection in protections if not protection.in_force]
    if missing:
        raise InputError(f"Full isolation cannot be had on this machine: {'; '.join(missing)}. Or choose --isolation best.")


def protections(facts: Facts, limits: Limits) -> tuple[Protection, ...]:
    """All of them, always in this order."""
    return (
        Protection("process", True, "a process of its own, ended with its family at the end of a request's time; "
                   f"{limits.cpu_seconds} s of processor time"),
        Protection("environment", True, "no variable of the grader's, but for where programs and libraries are"),
        Protection("copy", True, "the code runs from a copy of the submission"),
        _files(facts),
        _network(facts),
        _processes(facts),
        _system_calls(facts),
        Protection("memory", True, f"{_bytes(limits.resident_bytes)} for all its processes together, {_by(facts.counted_by_kernel)}"),
        Protection("process-count", True, f"{limits.processes} processes and threads, {_by(facts.counted_by_kernel)}"),
        _disk(facts, limits),
    )  # fmt: skip


def _files(facts: Facts) -> Protection:
    shown = "only the interpreter, its packages and the copy can be seen, read-only, and a scratch folder"
    return _by_bubblewrap("files", facts, shown, "the code can read, and write, what the user who grades can")


def _network(facts: Facts) -> Protection:
    if facts.missing is None:
        return Protection("network", True, "a network namespace with nothing in it")
    if facts.confined:
        return Protection("network", True, "only sockets of the machine itself can be opened (system-call filter)")
    return _by_bubblewrap("network", facts, "", "the code can open connections")


def _processes(facts: Facts) -> Protection:
    shown = "a process space of its own, which ends as a whole; no other process can be seen"
    return _by_bubblewrap("processes", facts, shown, "other processes can be seen, and a process that leaves its family may live on")


def _system_calls(facts: Facts) -> Protection:
    if facts.confined:
        return Protection("system-calls", True, "no new privileges; a filter denies tracing, mounts, namespaces, keys and the like")
    return Protection("system-calls", False, f"no filter for {sys.platform} on this kind of processor")


def _disk(facts: Facts, limits: Limits) -> Protection:
    shown = f"a scratch folder of {_bytes(limits.scratch_bytes)} and {limits.files:,} files, gone afterwards"
    return _by_bubblewrap("disk", facts, shown, f"only the size of one file is limited ({_bytes(limits.file_bytes)})")


def _by_bubblewrap(name: str, facts: Facts, shown: str, otherwise: str) -> Protection:
    return Protection(name, True, shown) if facts.missing is None else Protection(name, False, f"{otherwise}: {facts.missing}")


def _by(kernel: bool) -> str:
    return "counted by the kernel (control group)" if kernel else "counted five times a second"


def _bytes(count: int) -> str:
    return f"{count / 2**30:g} GiB" if count >= 2**30 else f"{count / 2**20:g} MiB"
