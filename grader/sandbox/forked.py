"""One worker that a template has forked, to be used as a ``subprocess.Popen`` is (Linux alone).

It is known by the first process of its process space: when that one has ended, so have all others in there.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import weakref
from pathlib import Path

START_SECONDS = 120.0  # the template may still import
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid; see unix(7)
_KILLED = 128 + 9


class Forked:
    """The process; exit codes are as a shell has them, 128 and the number of a signal."""

    def __init__(self, control: socket.socket, request: bytes, errors: Path) -> None:
        """Ask a template for a worker and wait until it is there. Raises OSError where there is none."""
        self._line, line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with contextlib.ExitStack() as handed_over:
            handed_over.enter_context(line)
            reading, writing = os.pipe()
            self.stdin = os.fdopen(writing, "wb")
            requests = handed_over.enter_context(os.fdopen(reading, "rb"))
            reading, writing = os.pipe()
            self.stdout = os.fdopen(reading, "rb")
            replies = handed_over.enter_context(os.fdopen(writing, "wb"))
            printed = handed_over.enter_context(errors.open("wb"))
            owner = handed_over.enter_context(os.fdopen(os.pidfd_open(os.getpid())))
            socket.send_fds(control, [request], [each.fileno() for each in (requests, replies, printed, line, owner)])
        self.pid = self._first_word()
        self._end = os.pidfd_open(self.pid)
        weakref.finalize(self, os.close, self._end)
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code; None while the process runs."""
        if self._code is None and select.select([self._end], [], [], 0)[0]:
            self._code = self._last_word()
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when the process has ended. Raises TimeoutExpired."""
        select.select([self._end], [], [], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(["worker"], timeout or 0.0)
        return code

    def kill(self) -> None:
        """End the process, and with it all in its process space."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._end, signal.SIGKILL)

    def _first_word(self) -> int:
        """Who says the first word, in numbers of our own process space: the kernel notes that beside each message."""
        self._line.settimeout(START_SECONDS)
        word, notes, _, _ = self._line.recvmsg(16, socket.CMSG_SPACE(_CREDENTIALS.size))
        for level, kind, data in notes:
            if word and level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                pid: int = _CREDENTIALS.unpack(data)[0]
                return pid
        raise ConnectionError("the template has forked no worker")

    def _last_word(self) -> int:
        """How the worker ended, which the process beside it says; nothing where that one was killed."""
        self._line.setblocking(False)
        with contextlib.suppress(OSError, ValueError):
            return int(self._line.recv(16))
        return _KILLED
