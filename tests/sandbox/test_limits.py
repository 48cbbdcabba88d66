"""Each limit bites, whoever the user is: counted by the kernel where it can be, and by sampling."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.records import Fault
from grader.sandbox import control_group, watch
from grader.sandbox.base import Answer, WorkerReply, WorkerRequest
from grader.sandbox.launch import Limits
from grader.sandbox.process import ProcessSandbox
from tests.sandbox.processes import need_bubblewrap, running

LIMITS = Limits(resident_bytes=2**30, processes=60, scratch_bytes=32 * 2**20, files=2000, cpu_seconds=3611)
MARKER = '"cpu_seconds": 3611'  # on the command line of the worker, and of what it forks
SCRIPT = """
import os, subprocess, sys, threading, time

def memory():
    kept = []
    while True:
        kept.append(bytearray(b"x" * (16 << 20)))

def memory_of_children():
    for _ in range(8):
        if os.fork() == 0:
            kept = bytearray(b"x" * (256 << 20))
            time.sleep(600)
    time.sleep(600)

def shared_memory():
    kept = bytearray(b"x" * (300 << 20))
    for _ in range(8):
        if os.fork() == 0:
            time.sleep(1.5)
            os._exit(0)
    for _ in range(8):
        os.wait()
    return len(kept)

def fork_bomb():
    while True:
        try:
            os.fork()
        except OSError:
            pass

def threads():
    while True:
        try:
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        except RuntimeError:
            time.sleep(0.01)

def disk():
    try:
        for number in range(1000):
            with open(f"/tmp/{number}", "wb") as file:
                file.write(bytes(1 << 20))
    except OSError as error:
        return error.strerror
    finally:
        for number in range(1000):
            if os.path.exists(f"/tmp/{number}"):
                os.remove(f"/tmp/{number}")

def files():
    for number in range(10_000_000):
        open(f"/tmp/f{number}", "w").close()

def large_file():
    try:
        with open("large", "wb") as file:
            file.truncate(1 << 40)
    except OSError as error:
        return error.strerror

def descriptors():
    kept = []
    try:
        while True:
            kept.append(open(os.devnull))
    except OSError:
        return len(kept)

def fine():
    return "fine"
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits of Linux")


@pytest.fixture(scope="module", params=["kernel", "sampling"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessSandbox]:
    need_bubblewrap()
    if request.param == "kernel" and not _has_control_groups():
        pytest.skip("no control group can be made here")
    root = tmp_path_factory.mktemp("submission")
    (root / "work.py").write_text(SCRIPT)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "sampling":
            patch.setattr(watch, "create", lambda *_: None)
        with ProcessSandbox(root, LIMITS, "full") as started:
            yield started


def _has_control_groups() -> bool:
    group = control_group.create(2**30, 10)
    if group is not None:
        group.remove()
    return group is not None


def call(sandbox: ProcessSandbox, function: str) -> WorkerReply:
    params = {"file": "work.py", "function": function, "arguments": {}, "data": []}
    return sandbox.run(WorkerRequest("experiment", params, {}, 20))


def document(sandbox: ProcessSandbox, function: str) -> object:
    reply = call(sandbox, function)
    assert isinstance(reply, Answer), reply
    return reply.data["document"]


def stopped(sandbox: ProcessSandbox, function: str) -> str:
    """The sentence of the fault; the next request has to be answered, and nothing of this one may run on."""
    before = time.monotonic()
    reply = call(sandbox, function)
    assert isinstance(reply, Fault) and reply.kind == "died", reply
    assert time.monotonic() - before < 15
    assert not running(MARKER)
    return reply.message


@pytest.mark.parametrize("function", ["memory", "memory_of_children"])
def test_memory_is_limited(sandbox: ProcessSandbox, function: str) -> None:
    assert stopped(sandbox, function) == "The code used more than 1 GiB of memory."


@pytest.mark.parametrize("function", ["fork_bomb", "threads"])
def test_processes_and_threads_are_limited(sandbox: ProcessSandbox, function: str) -> None:
    assert stopped(sandbox, function) == "The code started more than 60 processes and threads."


def test_the_number_of_files_is_limited(sandbox: ProcessSandbox) -> None:
    assert stopped(sandbox, "files") == "The code wrote more than 2,000 files."


def test_what_forks_share_counts_once(sandbox: ProcessSandbox) -> None:
    assert document(sandbox, "shared_memory") == 300 << 20


def test_space_file_size_and_open_files_are_limited(sandbox: ProcessSandbox) -> None:
    assert document(sandbox, "disk") == "No space left on device"
    assert document(sandbox, "large_file") == "File too large"
    descriptors = document(sandbox, "descriptors")
    assert isinstance(descriptors, int) and 900 < descriptors < 1024
    assert document(sandbox, "fine") == "fine"


def test_no_control_group_is_left_behind(sandbox: ProcessSandbox) -> None:
    assert document(sandbox, "fine") == "fine"
    group = sandbox._worker._watch.group  # type: ignore[union-attr]
    sandbox.close()
    assert group is None or not (group.memory.exists() or group.pids.exists())


def test_without_bubblewrap_memory_and_processes_are_limited_too(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(SCRIPT)
    with ProcessSandbox(tmp_path, LIMITS, "none") as sandbox:
        for function, words in {"fork_bomb": "60 processes", "memory_of_children": "1 GiB of memory"}.items():
            reply = call(sandbox, function)
            assert isinstance(reply, Fault) and words in reply.message
            assert not running(MARKER)
