"""A clean template: one process in bubblewrap imports torch once, and forks every worker that is wanted.

It runs no student's code. A worker that it forks goes into namespaces of its own before it does anything else, and is as
well shut in as one that starts alone (see ``worker.template``). Where that cannot be had, workers start alone, as ever.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import threading
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.submission import Submission
from grader.worker.template import ABLE

from . import bubblewrap, launch
from .family import end, family
from .forked import Forked
from .isolation import Isolation, why_open
from .launch import Limits, Process
from .process import ProcessSandbox
from .scratch import Scratch, copy_runtime, remove

_TRIAL_SECONDS = 20.0
_SCRATCH_BYTES = 2**20  # a template writes nothing
_refusals: list[str] = []  # why there can be no template on this machine; found out once in a process


class Template:
    """Opens workers for submissions, the seam's ``Opener``; one after the other, and also in processes forked off this one.

    The template ends with the process, and the thread, that entered the context; a worker with the process that opened it.
    Raises InputError where the isolation is "full" and cannot be had.
    """

    def __init__(self, isolation: Isolation = "best") -> None:
        self._isolation = isolation
        self._owner = os.getpid()
        self._folder: Path | None = None
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if why_open(self._isolation) is None and not _refusals:
            self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def inbox(self) -> Path:
        """The folder in which copies of submissions have to lie."""
        assert self._folder is not None
        return self._folder / "inbox"

    @property
    def is_there(self) -> bool:
        """Whether workers are forked; otherwise each starts alone."""
        return self._control is not None

    def open(self, submission: Submission) -> ProcessSandbox:
        """A worker for a submission; forked where it can be."""
        return ProcessSandbox(submission.root, isolation=self._isolation, template=self if self._control else None)

    def start(self, scratch: Scratch, limits: Limits) -> Process:
        """Fork a worker, or start one that is alone where the template is gone."""
        assert self._control is not None
        copy = str(scratch.submission.relative_to(self.inbox))
        request = {"copy": copy, "scratch_bytes": limits.scratch_bytes, "arguments": launch.shut_in_arguments(limits)}
        try:
            return Forked(self._control, json.dumps(request).encode(), scratch.stderr)
        except OSError:
            return launch.start(scratch, limits, shut_in=True)

    def close(self) -> None:
        """End the template and all workers, and remove its folder; in a forked process nothing happens."""
        if os.getpid() != self._owner:
            return
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            members = family(self._process.pid)
            self._process.kill()
            end(members)
            self._process.wait()
            self._process = None
        if self._folder is not None:
            remove(self._folder)
            self._folder = None

    def _begin(self) -> None:
        """Start the template; it is ended again where it says that it can shut no worker in."""
        self._folder = Path(tempfile.mkdtemp(prefix="grade-")).resolve()
        self._control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._process = self._started(other.fileno())
        self._control.settimeout(_TRIAL_SECONDS)
        try:
            word = self._control.recv(500)
        except OSError as error:
            word = str(error).encode()
        self._control.settimeout(None)
        if word != ABLE:
            _refusals.append(word.decode(errors="replace"))
            self.close()

    def _started(self, descriptor: int) -> subprocess.Popen[bytes]:
        """The process, started by a thread that lives as long: bubblewrap ends its own with the thread that started it."""
        assert self._folder is not None
        scratch = Scratch(self._folder / "runtime", self.inbox, self._folder / "tmp", self._folder / "stderr.txt")
        copy_runtime(scratch.runtime)
        scratch.submission.mkdir()
        started: Future[subprocess.Popen[bytes]] = Future()
        threading.Thread(target=_keep, args=(scratch, descriptor, started), daemon=True).start()
        return started.result()


def _keep(scratch: Scratch, descriptor: int, started: Future[subprocess.Popen[bytes]]) -> None:
    command, environment = [*launch.python(), "--template", str(descriptor)], launch.shut_in_environment()
    try:
        with (
            scratch.stderr.open("wb") as errors,
            bubblewrap.wrapped(command, environment, scratch, _SCRATCH_BYTES, is_template=True) as (line, descriptors),
        ):
            process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env={},
                pass_fds=[*descriptors, descriptor], start_new_session=True,
            )  # fmt: skip
    except BaseException as error:  # raised where the process was asked for
        started.set_exception(error)
        return
    started.set_result(process)
    process.wait()
