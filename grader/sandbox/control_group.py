"""A control group of Linux for one worker, where this process may make one: the kernel itself then counts and stops.

Version 2 (https://docs.kernel.org/admin-guide/cgroup-v2.html) wherever a group above this process is delegated with its
memory and pids controllers, as systemd does for a user's session; version 1 for uid 0 where both hierarchies are mounted.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_NAME = "grade-worker"
_numbers = itertools.count()


@dataclass(frozen=True)
class ControlGroup:
    """One group, as a folder for each hierarchy (the same one in version 2)."""

    memory: Path
    pids: Path

    def take(self, processes: Sequence[int]) -> None:
        """Move processes into the group. Raises OSError."""
        for folder in {self.memory, self.pids}:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    (folder / "cgroup.procs").write_text(str(process))

    def killed_for_memory(self) -> bool:
        """Whether the kernel ended one of the processes because all together held too much."""
        return self._event("memory.events", "oom_kill") + self._event("memory.oom_control", "oom_kill") > 0

    def refused_processes(self) -> bool:
        """Whether a process or thread too many was asked for."""
        return self._event("pids.events", "max") > 0

    def remove(self, seconds: float = 5.0) -> None:
        """Kill what is in the group, and take it away."""
        deadline = time.monotonic() + seconds
        while (left := [folder for folder in (self.memory, self.pids) if not _removed(folder)]) and time.monotonic() < deadline:
            for process in {pid for folder in left for pid in _members(folder)}:
                with contextlib.suppress(psutil.Error):
                    psutil.Process(process).kill()
            time.sleep(0.005)

    def _event(self, file: str, key: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            lines = ((self.pids if file.startswith("pids") else self.memory) / file).read_text().splitlines()
            return sum(int(line.split()[1]) for line in lines if line.split()[:1] == [key])
        return 0


def create(memory_bytes: int, processes: int) -> ControlGroup | None:
    """A group with limits, empty; None where this process may not make one."""
    if sys.platform != "linux":
        return None
    for memory, pids in _parents():
        _sweep({memory, pids})
        name = f"{_NAME}-{os.getpid()}-{next(_numbers)}"
        group = ControlGroup(memory / name, pids / name)
        try:
            _fill(group, memory_bytes, processes)
            return group
        except OSError:
            group.remove(0.1)
    return None


def _fill(group: ControlGroup, memory_bytes: int, processes: int) -> None:
    for folder in {group.memory, group.pids}:
        folder.mkdir()
    (group.pids / "pids.max").write_text(str(processes))
    if (group.memory / "memory.max").exists():
        (group.memory / "memory.max").write_text(str(memory_bytes))
        _write_if_there(group.memory / "memory.swap.max", "0")
        _write_if_there(group.memory / "memory.oom.group", "1")
    else:
        (group.memory / "memory.limit_in_bytes").write_text(str(memory_bytes))
        _write_if_there(group.memory / "memory.memsw.limit_in_bytes", str(memory_bytes))


def _write_if_there(file: Path, text: str) -> None:
    """A kernel without swap accounting has no such file."""
    with contextlib.suppress(FileNotFoundError):
        file.write_text(text)


def _parents() -> Iterator[tuple[Path, Path]]:
    """Folders in which a group could be made, (memory, pids), the best first."""
    mounts, places = _mounts(), _places()
    if "memory" in mounts and "pids" in mounts:
        yield mounts["memory"] / places["memory"], mounts["pids"] / places["pids"]
    if "" in mounts and "" in places:
        here = mounts[""] / places[""]
        for folder in [here, *here.parents]:
            if folder.is_relative_to(mounts[""]) and {"memory", "pids"} <= set(_words(folder / "cgroup.subtree_control")):
                yield folder, folder


def _mounts() -> dict[str, Path]:
    """Where each controller's hierarchy of version 1 is mounted, and version 2 under the empty name."""
    found: dict[str, Path] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            left, _, right = line.partition(" - ")
            kind, _, options = right.split()[:3]
            if kind == "cgroup2":
                found[""] = Path(left.split()[4])
            elif kind == "cgroup":
                found |= dict.fromkeys(options.split(","), Path(left.split()[4]))
    return found


def _places() -> dict[str, str]:
    """This process's own group in each hierarchy, relative to its root."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            found |= dict.fromkeys(controllers.split(","), path.lstrip("/"))
    return found


def _sweep(parents: Iterable[Path]) -> None:
    """Take away the empty groups of graders that were killed."""
    for parent in parents:
        for folder in parent.glob(f"{_NAME}-*-*"):
            if not Path("/proc", folder.name.split("-")[2]).exists():
                _removed(folder)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _members(folder: Path) -> list[int]:
    return [int(word) for word in _words(folder / "cgroup.procs")]


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []
