"""``python -m worker --template DESCRIPTOR``: a clean process that imports once and becomes workers by forking.

It never runs foreign code: what it forks does, and only after it has left the template's namespaces for its own. The
descriptor is a socket. The examiner's side first hears "able" on it, or why no worker can be shut in here, and then asks
for workers with messages of JSON:

    {"copy": folder below /submission, "scratch_bytes": int, "arguments": [those of a worker that is started alone]}

and five descriptors: the worker's standard input, output and error, a socket on which its first process says "1" (who that
is says the kernel) and later how the worker ended, and a pidfd of the process that asks: the worker ends with that one.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
from typing import Any, NoReturn

from .confine import confine
from .namespaces import be_readable, give_up_capabilities, leave, shut_in

MAX_REQUEST_BYTES = 65536
ABLE = b"able"
_LINE, _OWNER, _DESCRIPTORS = 3, 4, 5
_GLANCE_SECONDS = 0.2


def fork_workers(descriptor: int) -> list[str]:
    """Fork for each message until nobody is left to send one. Returns in workers alone, with their arguments.

    So a worker goes on where one that starts alone would be, with as many frames on its stack.
    """
    control = socket.socket(fileno=descriptor)
    control.sendall(_trial())
    from .warm import warm_up

    warm_up()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, _DESCRIPTORS)
        if not message:
            os._exit(0)
        child = os.fork()
        if child == 0:
            control.detach()
            return _become(json.loads(message), descriptors)
        os.waitpid(child, 0)  # the worker's first process is not this one but its child
        for each in descriptors:
            os.close(each)


def _trial() -> bytes:
    """Whether a child can do all that a worker's first process does, before seconds are spent on importing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _enter_new_namespaces(".", 2**20)
            os.write(writing, ABLE)
        except OSError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as answer:
        return answer.read(500) or b"it ended without a word"


def _become(request: dict[str, Any], descriptors: list[int]) -> list[str]:
    """In a child of the template: returns as the worker, in namespaces of its own, looked after by a process of ours."""
    _keep(descriptors)
    _enter_new_namespaces(request["copy"], request["scratch_bytes"])
    be_readable(False)  # the first process: nobody else in here can look into it, signal it or take its descriptors
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    worker = os.fork()
    if worker != 0:
        _look_after(worker)
    os.close(_LINE)
    os.close(_OWNER)
    be_readable(True)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    from .warm import part_ways

    part_ways()
    arguments: list[str] = request["arguments"]
    return arguments


def _enter_new_namespaces(copy: str, scratch_bytes: int) -> None:
    """Returns in the first process of a new process space, which has no capability left. Raises OSError."""
    leave()
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    shut_in(copy, scratch_bytes)
    give_up_capabilities()
    if not confine():
        raise OSError("system calls cannot be filtered")


def _look_after(worker: int) -> NoReturn:
    """As the first process, whose end is the end of all others here: bury orphans, end with the owner, say how the worker ended."""
    os.write(_LINE, b"1")
    for stream in (0, 1, 2):
        os.close(stream)
    while True:
        buried, status = os.waitpid(-1, os.WNOHANG)
        if buried == worker:
            code = os.waitstatus_to_exitcode(status)
            with contextlib.suppress(OSError):  # nobody listens any more
                os.write(_LINE, str(code if code >= 0 else 128 - code).encode())
            os._exit(0)
        if buried == 0:
            if select.select([_OWNER], [], [], 0)[0]:
                os._exit(1)
            signal.sigtimedwait({signal.SIGCHLD}, _GLANCE_SECONDS)


def _keep(descriptors: list[int]) -> None:
    """Of all descriptors only these are left, as 0, 1, 2, ..."""
    free = max(descriptors) + 1
    high = [os.dup2(descriptor, free + at) for at, descriptor in enumerate(descriptors)]
    for at, descriptor in enumerate(high):
        os.dup2(descriptor, at, inheritable=at < _LINE)
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers
        if int(name) >= len(high):
            with contextlib.suppress(OSError):  # the one that listed them
                os.close(int(name))
