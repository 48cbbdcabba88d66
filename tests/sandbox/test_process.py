"""Whatever a submission does to its own process, the next request is answered by a fresh one: shut in by bubblewrap, and not."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.errors import GraderFault, InputError
from grader.records import Fault
from grader.sandbox.base import Answer, WorkerReply, WorkerRequest
from grader.sandbox.process import ProcessSandbox
from tests.sandbox.processes import need_bubblewrap, running

SUBMISSIONS = Path(__file__).parents[1] / "submissions"
SCRIPT = """
import importlib.util
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

def look():
    sys.stdout.write("GRD1")
    print("seen on stderr")
    names = ["grader", "worker"]
    return {"environment": dict(os.environ), "importable": [name for name in names if importlib.util.find_spec(name)],
            "stdin": sys.stdin.read(), "core": resource.getrlimit(resource.RLIMIT_CORE)[0]}

def crash():
    os.kill(os.getpid(), signal.SIGSEGV)

def spawn():
    command = [sys.executable, "-c", "import time; time.sleep(600.5)"]
    return [subprocess.Popen(command, start_new_session=True).pid, double_fork()]

def double_fork():
    reading, writing = os.pipe()
    if os.fork() == 0:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600.5)"], start_new_session=True)
        os.write(writing, str(child.pid).encode())
        os._exit(0)
    os.wait()
    return int(os.read(reading, 20))

def spoil():
    Path(__file__).write_text("broken (")
    return sorted(path.name for path in Path(__file__).parent.iterdir())
"""


@pytest.fixture(scope="module", params=["none", "full"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessSandbox]:
    if request.param == "full":
        need_bubblewrap()
    root = tmp_path_factory.mktemp("submission")
    (root / "work.py").write_text(SCRIPT)
    for case in ("ok", "exit_in_constructor", "endless_forward", "forged_frame"):
        (root / f"{case}.py").write_text((SUBMISSIONS / case / "models/net.py").read_text().replace("models.parts", "parts"))
    (root / "parts.py").write_text((SUBMISSIONS / "ok/models/parts.py").read_text())
    with ProcessSandbox(root, isolation=request.param) as started:
        yield started


def call(sandbox: ProcessSandbox, function: str) -> WorkerReply:
    params = {"file": "work.py", "function": function, "arguments": {}, "data": []}
    return sandbox.run(WorkerRequest("experiment", params))


def document(sandbox: ProcessSandbox, function: str) -> Any:
    reply = call(sandbox, function)
    assert isinstance(reply, Answer), reply
    return reply.data["document"]


def build(sandbox: ProcessSandbox, case: str) -> WorkerReply:
    candidate = {"file": f"{case}.py", "name": "Net", "arguments": {}}
    return sandbox.run(WorkerRequest("initial", {"candidate": candidate, "seed": 0}))


def assert_works(sandbox: ProcessSandbox) -> None:
    assert isinstance(build(sandbox, "ok"), Answer)


def test_the_worker_sees_a_clean_world(sandbox: ProcessSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADING_SECRET", "42")
    sandbox.close()  # the next worker starts with the variable in the grader's environment
    seen = document(sandbox, "look")
    assert "GRADING_SECRET" not in seen["environment"]
    assert seen["environment"]["CUDA_VISIBLE_DEVICES"] == ""
    assert "worker" in seen["importable"]
    assert seen["stdin"] == "" and seen["core"] == 0
    assert "seen on stderr" in sandbox.stderr_tail()


def test_leaving_the_process_is_a_fault_with_the_exit_code(sandbox: ProcessSandbox) -> None:
    reply = build(sandbox, "exit_in_constructor")
    assert isinstance(reply, Fault)
    assert reply.kind == "died" and "exit code 7" in reply.message
    assert_works(sandbox)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_crash_is_a_fault_with_the_signal(sandbox: ProcessSandbox) -> None:
    reply = call(sandbox, "crash")
    assert isinstance(reply, Fault)
    assert reply.kind == "died" and "SIGSEGV" in reply.message


def test_no_answer_in_time_is_a_fault(sandbox: ProcessSandbox) -> None:
    candidate = {"file": "endless_forward.py", "name": "Net", "arguments": {}}
    inputs = [{"shape": [None, 1, 8, 8], "dtype": "float32"}]
    params = {"candidate": candidate, "seed": 0, "inputs": inputs, "batch_sizes": [2]}
    assert_works(sandbox)
    before = time.monotonic()
    reply = sandbox.run(WorkerRequest("export", params, deadline_seconds=1.5))
    assert time.monotonic() - before < 10
    assert isinstance(reply, Fault) and reply.kind == "deadline" and reply.remedy
    assert reply.message == "No answer after 1.5 seconds; it was in endless_forward.py, forward."


def test_bytes_forged_on_the_wire_are_a_fault(sandbox: ProcessSandbox) -> None:
    reply = build(sandbox, "forged_frame")
    assert isinstance(reply, Fault)
    assert reply.kind == "request" and "protocol" in reply.message


@pytest.mark.skipif(sys.platform == "win32", reason="fork")
def test_what_the_worker_started_ends_with_it(sandbox: ProcessSandbox) -> None:
    document(sandbox, "spawn")
    assert len(running("time.sleep(600.5)")) == 2
    sandbox.close()
    assert not running("time.sleep(600.5)")


TRAPS = """
import os
from pathlib import Path

def pipe():
    printed = Path(os.environ["HOME"]).parent / "stderr.txt"
    printed.unlink()
    os.mkfifo(printed)
    os._exit(3)

def deep():
    os.chdir(os.environ["HOME"])
    for _ in range(3000):
        os.mkdir("d")
        os.chdir("d")
    return os.environ["HOME"]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes and no such deep folders")
def test_traps_in_the_scratch_folder_are_neither_waited_for_nor_kept(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(TRAPS)
    with ProcessSandbox(tmp_path, isolation="none") as sandbox:
        deep = call(sandbox, "deep")
        assert isinstance(deep, Answer)
        ended = call(sandbox, "pipe")
        assert isinstance(ended, Fault) and ended.kind == "died"
    assert not Path(deep.data["document"]).parent.exists()


def test_the_submission_itself_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(SCRIPT)
    with ProcessSandbox(tmp_path) as sandbox:
        sandbox.preload()
        assert document(sandbox, "spoil") == ["work.py"]
    assert (tmp_path / "work.py").read_text() == SCRIPT
    assert [path.name for path in tmp_path.iterdir()] == ["work.py"]


def test_a_submission_that_is_no_folder_is_the_callers_fault(tmp_path: Path) -> None:
    with ProcessSandbox(tmp_path / "nowhere") as sandbox, pytest.raises(InputError):
        sandbox.run(WorkerRequest("load", {"file": "a.py"}))


def test_a_worker_that_does_not_start_is_the_graders_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with ProcessSandbox(tmp_path, isolation="none") as sandbox, pytest.raises(GraderFault):
        sandbox.run(WorkerRequest("load", {"file": "a.py"}))
