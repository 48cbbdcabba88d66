"""A thread beside each worker: it starts the process, counts what its family uses, and ends all of it.

The thread is the one that starts the process because bubblewrap ends a worker together with the *thread* that started it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from grader.records import Fault

from .control_group import ControlGroup, create
from .family import Member, end, family, freeze, resident_bytes
from .launch import Limits, Process

SAMPLES_PER_SECOND = 5


class Watch:
    """One started process with its descendants, and what they may use."""

    def __init__(self, start: Callable[[], Process], limits: Limits, *, shut_in: bool) -> None:
        self._limits = limits
        self._shut_in = shut_in
        self._seen: dict[int, Member] = {}
        self._excess: Fault | None = None
        self._killing = threading.Lock()
        self._ended = threading.Event()
        self.group: ControlGroup | None = None
        self._started: Future[Process] = Future()
        threading.Thread(target=self._run, args=(start,), daemon=True).start()

    @property
    def process(self) -> Process:
        """The process, as soon as it is there. Raises what its start raised."""
        return self._started.result()

    def enclose(self) -> None:
        """Put the family into a control group, where one can be had; call it before any student code runs."""
        with self._killing:
            group = None if self._ended.is_set() else create(self._limits.resident_bytes, self._limits.processes)
            if group is None:
                return
            try:
                group.take([member.pid for member in family(self.process.pid)])
                self.group = group
            except OSError:
                group.remove(0.1)

    def excess(self) -> Fault | None:
        """What the family used too much of, if that is why it ended."""
        if self._excess is None and self.group is not None and self.group.killed_for_memory():
            self._excess = _too_much_memory(self._limits)
        return self._excess

    def kill(self) -> None:
        """End the process and everything it started; when this returns, they are gone."""
        with self._killing:
            if self._ended.is_set() or self._started.exception() is not None:
                return
            self.excess()  # the group that knows is gone afterwards
            if not self._shut_in:  # in a process space of its own all end with the first
                self._seen |= {member.pid: member for member in freeze(self.process.pid)}
            self._look()
            if sys.platform != "win32" and isinstance(self.process, subprocess.Popen):
                with contextlib.suppress(OSError):
                    os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
            end(list(self._seen.values()))
            if self.group is not None:
                self.group.remove()
            self.process.wait()
            self._ended.set()

    def _run(self, start: Callable[[], Process]) -> None:
        try:
            process = start()
        except BaseException as error:  # raised where the process is asked for
            self._started.set_exception(error)
            return
        self._started.set_result(process)
        try:
            while self._excess is None and not self._ended.wait(1 / SAMPLES_PER_SECOND) and process.poll() is None:
                self._excess = self._sample()
        finally:  # also where counting failed: nothing goes on uncounted
            self.kill()

    def _sample(self) -> Fault | None:
        limits, members = self._limits, self._look()
        if (self.group is not None and self.group.refused_processes()) or sum(member.threads for member in members) > limits.processes:
            return _too_many_processes(limits)
        if self.excess() is not None or (self.group is None and resident_bytes(members, limits.resident_bytes) > limits.resident_bytes):
            return _too_much_memory(limits)  # what forks share takes seconds to count, which the kernel need not do
        return _too_many_files(limits) if self._files(members) > limits.files else None

    def _look(self) -> list[Member]:
        """The family as it is now; all that were ever seen are remembered, for those that leave it."""
        members = family(self.process.pid)
        self._seen |= {member.pid: member for member in members}
        return members

    def _files(self, members: list[Member]) -> int:
        """Files in a scratch folder of the worker's own (bubblewrap's); its size is limited, their number is not."""
        if sys.platform == "win32" or not self._shut_in or not members:
            return 0
        with contextlib.suppress(OSError):
            folder = os.statvfs(Path("/proc", str(members[-1].pid), "root/tmp"))
            return folder.f_files - folder.f_ffree
        return 0


def _too_much_memory(limits: Limits) -> Fault:
    return Fault("died", f"The code used more than {limits.resident_bytes / 2**30:g} GiB of memory.",
                 remedy="Make it need less: smaller layers, and no lists or copies that grow while it runs.")  # fmt: skip


def _too_many_processes(limits: Limits) -> Fault:
    return Fault("died", f"The code started more than {limits.processes} processes and threads.",
                 remedy="Start none: one process and one thread are enough for what is asked here.")  # fmt: skip


def _too_many_files(limits: Limits) -> Fault:
    return Fault("died", f"The code wrote more than {limits.files:,} files.",
                 remedy="Write no files while the work is imported or called.")  # fmt: skip
