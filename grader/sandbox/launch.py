"""Start a worker: its command line, its environment, its own process group, and bubblewrap around it."""

from __future__ import annotations

import contextlib
import json
import os
import site
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from . import bubblewrap
from .scratch import Scratch

_KEPT = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True)
class Limits:
    """What a worker and all it starts may use, where the platform can limit it.

    A worker with torch holds about 0.5 GiB; what the reference asks of it stays below 1 GiB and 20 threads.
    """

    resident_bytes: int = 4 * 2**30  # of all processes together
    processes: int = 48  # and threads, of all processes together; what a bomb of many more leaves behind takes the kernel minutes to clear
    scratch_bytes: int = 512 * 2**20  # holds the working copy too; only where the worker has a scratch folder of its own
    files: int = 100_000  # in that folder
    memory_bytes: int = 8 * 2**30  # reserved by one process
    file_bytes: int = 256 * 2**20
    open_files: int = 1024
    cpu_seconds: int = 3600  # ends a loop whose grader is gone


DEFAULT = Limits()


@dataclass(frozen=True)
class _Places:
    """Where the worker finds things, by the names that it sees."""

    runtime: Path
    submission: Path
    temporary: Path
    working_copy: Path | None = None


_SHUT_IN = _Places(bubblewrap.RUNTIME, bubblewrap.SUBMISSION, bubblewrap.TMP, bubblewrap.WORKING_COPY)


class Process(Protocol):
    """What is needed of a started process; ``subprocess.Popen`` has it."""

    @property
    def pid(self) -> int: ...
    @property
    def stdin(self) -> IO[bytes] | None: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...


Start = Callable[[Scratch, Limits], Process]
"""Starts the worker of a prepared folder."""


def start(scratch: Scratch, limits: Limits, *, shut_in: bool) -> Process:
    """The process, with pipes to talk to it; what it prints goes to a file. ``shut_in`` asks for bubblewrap."""
    with scratch.stderr.open("wb") as errors, _line(scratch, limits, shut_in) as (line, environment, descriptors):
        return subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=scratch.submission,
            env=environment,
            pass_fds=descriptors,
            **_own_group(),
        )


@contextlib.contextmanager
def _line(scratch: Scratch, limits: Limits, shut_in: bool) -> Iterator[tuple[list[str], dict[str, str], list[int]]]:
    """The command, its environment, and the descriptors that it inherits."""
    if not shut_in:
        places = _Places(scratch.runtime, scratch.submission, scratch.temporary)
        yield _command(places, limits), _environment(places), []
        return
    with bubblewrap.wrapped(_command(_SHUT_IN, limits), shut_in_environment(), scratch, limits.scratch_bytes) as (line, descriptors):
        yield line, {}, descriptors


def shut_in_environment() -> dict[str, str]:
    """The environment inside bubblewrap."""
    return _environment(_SHUT_IN) | {"PATH": "/usr/bin:/bin"}  # the user's own names folders that are not there


def shut_in_arguments(limits: Limits) -> list[str]:
    """What a worker inside bubblewrap is told."""
    return _arguments(_SHUT_IN, limits)


def python() -> list[str]:
    """The command line up to the worker's own arguments."""
    return [sys.executable, "-P", "-B", "-X", "utf8", "-m", "worker"]


def _command(places: _Places, limits: Limits) -> list[str]:
    return [*python(), *_arguments(places, limits)]


def _arguments(places: _Places, limits: Limits) -> list[str]:
    own = {name: getattr(limits, name) for name in ("memory_bytes", "file_bytes", "open_files", "cpu_seconds")}
    own |= {"working_copy": str(places.working_copy)} if places.working_copy else {}
    return [str(places.submission), json.dumps(own)]


def _own_group() -> dict[str, Any]:
    """What sets a process apart, so that it and its children can be ended together."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _environment(places: _Places) -> dict[str, str]:
    """Fixed, but for what the platform needs to start a process and Python to find its packages."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    temporary = str(places.temporary)
    return kept | {
        "PYTHONPATH": str(places.runtime),
        "PYTHONUSERBASE": site.getuserbase(),
        "PYTHONHASHSEED": "0",
        "HOME": temporary,
        "USERPROFILE": temporary,
        "TMPDIR": temporary,
        "TEMP": temporary,
        "TMP": temporary,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
