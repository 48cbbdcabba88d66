"""A process and all that descends from it: who they are, what they use, their end."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_PROC = Path("/proc")
_GONE = frozenset({"Z", "X", "x"})
_ROUNDS = 50
_PAGE_BYTES = mmap.PAGESIZE
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows, SIGTERM ends a process as surely


@dataclass(frozen=True)
class Member:
    """One process, as it was when it was looked at. ``started`` tells it from a later one with the same number."""

    pid: int
    parent: int
    started: float
    threads: int
    resident_bytes: int
    running: bool = True


def family(root: int) -> list[Member]:
    """The process and its descendants; nothing when it is gone."""
    members = {member.pid: member for member in (_all() if sys.platform == "linux" else _descendants(root))}
    children: dict[int, list[Member]] = {}
    for member in members.values():
        children.setdefault(member.parent, []).append(member)
    found = [members[root]] if root in members else []
    for member in found:  # grows while it is read
        found += children.get(member.pid, [])
    return found


def resident_bytes(members: Sequence[Member], limit: int) -> int:
    """Resident memory of all. What forks share counts once, which is only worked out where the plain sum is over the limit.

    They stand still for that moment: a process that forks all the time would keep its reader waiting.
    """
    total = sum(member.resident_bytes for member in members)
    if total <= limit or sys.platform != "linux":
        return total
    send(members, signal.SIGSTOP)
    try:
        return sum(_own_share(member) for member in members)
    finally:
        send(members, signal.SIGCONT)


def freeze(root: int) -> list[Member]:
    """The family, stopped: none of them can start another between being seen and being ended."""
    stopped: dict[int, Member] = {}
    for _ in range(_ROUNDS):
        found = [member for member in family(root) if member.pid not in stopped]
        if not found:
            break
        if sys.platform != "win32":
            send(found, signal.SIGSTOP)
        stopped |= {member.pid: member for member in found}
    return list(stopped.values())


def send(members: Iterable[Member], number: int) -> None:
    """A signal to each that is still there."""
    for member in members:
        with contextlib.suppress(OSError):
            os.kill(member.pid, number)


def end(members: Iterable[Member], seconds: float = 5.0) -> None:
    """Kill those that still run, and wait until they are gone."""
    waiting = [member for member in members if _lives(member)]
    deadline = time.monotonic() + seconds
    while waiting and time.monotonic() < deadline:
        send(waiting, _KILL)
        time.sleep(0.002)
        waiting = [member for member in waiting if _lives(member)]


def _lives(member: Member) -> bool:
    now = _look(member.pid)
    return now is not None and now.running and now.started == member.started


def _all() -> list[Member]:
    members = [_look(int(name)) for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208 - five times a second
    return [member for member in members if member is not None]


def _descendants(root: int) -> list[Member]:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(root)
        members = [_look(child.pid) for child in [process, *process.children(recursive=True)]]
        return [member for member in members if member is not None]
    return []


def _look(pid: int) -> Member | None:
    return _from_proc(pid) if sys.platform == "linux" else _from_psutil(pid)


def _from_proc(pid: int) -> Member | None:
    """``/proc/PID/stat``, see proc(5); the name before the last bracket may hold anything."""
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
        try:
            state, *fields = os.read(descriptor, 2048).rpartition(b")")[2].split()
        finally:
            os.close(descriptor)
    except (OSError, ValueError):  # it has just ended
        return None
    parent, threads, started, pages = (int(fields[at]) for at in (0, 16, 18, 20))
    return Member(pid, parent, started, threads, pages * _PAGE_BYTES, state.decode() not in _GONE)


def _from_psutil(pid: int) -> Member | None:
    try:
        process = psutil.Process(pid)
        running = process.status() != psutil.STATUS_ZOMBIE
        resident = process.memory_info().rss if running else 0
        return Member(pid, process.ppid(), process.create_time(), process.num_threads() if running else 1, resident, running)
    except psutil.Error:
        return None


def _own_share(member: Member) -> int:
    """Resident memory in which a page that n processes share counts as an n-th; all of it where that may not be read."""
    try:
        lines = (_PROC / str(member.pid) / "smaps_rollup").read_bytes().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Pss:"))
    except PermissionError:
        return member.resident_bytes
    except (OSError, StopIteration):  # it has just ended
        return 0
