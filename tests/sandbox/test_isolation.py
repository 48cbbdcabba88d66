"""What a submission's code can see and reach from inside bubblewrap, and what is said where there is none."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import grader
from grader.errors import InputError
from grader.records import Fault
from grader.sandbox import isolation
from grader.sandbox.base import Answer, WorkerReply, WorkerRequest
from grader.sandbox.launch import Limits
from grader.sandbox.process import ProcessSandbox
from tests.sandbox.processes import need_bubblewrap, running

NAMES = (
    "process", "environment", "copy", "files", "network", "processes", "system-calls", "memory", "process-count", "disk",
)  # fmt: skip
SCRIPT = """
import ctypes, errno, os, socket, subprocess, sys, time
import torch
from pathlib import Path

os.makedirs("plots", exist_ok=True)
class Writes:
    (Path(__file__).parent / "beside.txt").write_text("written at import")



def attempt(action):
    try:
        return str(action())
    except BaseException as error:
        return errno.errorcode.get(getattr(error, "errno", None), type(error).__name__)

def visible(paths):
    return [path for path in paths if Path(path).exists()]

def everything():
    skipped = ("/proc", "/sys", "/usr", "/lib")
    return [str(path) for top in Path("/").iterdir() if str(top) not in skipped for path in [top, *top.glob("*")]]

def processes():
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())

def writes(paths):
    return [attempt(lambda: open(path, "a")) for path in paths]

def places():
    return {"packages": str(Path(torch.__file__).parent / "new.py"), "library": str(Path(os.__file__).parent / "new.py"),
            "cwd": os.getcwd(), "file": __file__, "temporary": os.environ["TMPDIR"], "user": __import__("getpass").getuser(),
            "imported": sorted(path.name for path in Path(__file__).parent.iterdir())}

def connect(port, abstract):
    return [attempt(lambda: socket.create_connection(("127.0.0.1", port), 2)),
            attempt(lambda: socket.getaddrinfo("example.org", 80)),
            attempt(lambda: socket.socket(socket.AF_UNIX).connect(abstract))]

def native():
    libc = ctypes.CDLL(None, use_errno=True)
    calls = {"ptrace": lambda: libc.ptrace(16, 1, 0, 0), "unshare": lambda: libc.unshare(0x10000000),
             "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), "umount": lambda: libc.umount2(b"/tmp", 2),
             "keys": lambda: libc.syscall(248 if os.uname().machine == "x86_64" else 217, b"user", b"k", b"v", 1, -3)}
    return {name: (call(), errno.errorcode.get(ctypes.get_errno())) for name, call in calls.items()}

def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(611.5)"])
        os._exit(0)
    os.wait()
    time.sleep(0.3)
    return "started"

def deaf():
    import signal
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(612.5)"], start_new_session=True)
    while True:
        try:
            time.sleep(60)
        finally:
            continue

def raises():
    raise OSError("broken")
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessSandbox]:
    need_bubblewrap()
    root = tmp_path_factory.mktemp("submission")
    (root / "work.py").write_text(SCRIPT)
    with ProcessSandbox(root, isolation="full") as started:
        yield started


def call(sandbox: ProcessSandbox, function: str, seconds: float = 30, **arguments: Any) -> WorkerReply:
    return sandbox.run(
        WorkerRequest("experiment", {"file": "work.py", "function": function, "arguments": arguments, "data": []}, {}, seconds)
    )


def document(sandbox: ProcessSandbox, function: str, **arguments: Any) -> Any:
    reply = call(sandbox, function, **arguments)
    assert isinstance(reply, Answer), reply
    return reply.data["document"]


def test_nothing_of_the_user_and_the_grader_can_be_seen(sandbox: ProcessSandbox, tmp_path: Path) -> None:
    (tmp_path / "held_out.pt").write_text("secret")
    project = Path(grader.__file__).parent
    secrets = [
        str(tmp_path / "held_out.pt"),
        str(project),
        str(project.parent / "rubrics"),
        str(Path(__file__)),
        "/etc/shadow",
        "/var",
        "/home",
    ]
    assert document(sandbox, "visible", paths=secrets) == []
    assert Path.home() == Path("/root") or not document(sandbox, "visible", paths=[str(Path.home() / ".profile")])


def test_the_names_inside_are_the_same_every_time(sandbox: ProcessSandbox) -> None:
    places = document(sandbox, "places")
    assert places["file"] == "/tmp/submission/work.py" and places["cwd"].startswith("/tmp/")
    assert places["temporary"] == "/tmp" and places["user"] == "worker"
    assert not [path for path in document(sandbox, "everything") if "grade-" in path]


def test_only_its_own_processes_can_be_seen(sandbox: ProcessSandbox) -> None:
    seen = document(sandbox, "processes")
    assert len(seen) <= 3 and max(seen) < 100


def test_code_may_write_beside_itself_and_the_submission_stays_as_it_was(sandbox: ProcessSandbox) -> None:
    places = document(sandbox, "places")
    assert {"beside.txt", "plots", "work.py"} <= set(places["imported"])
    assert document(sandbox, "visible", paths=["/submission/beside.txt", "/submission/plots"]) == []


def test_nothing_outside_the_scratch_folder_can_be_written(sandbox: ProcessSandbox) -> None:
    places = document(sandbox, "places")
    targets = ["/submission/work.py", "/runtime/worker/wire.py", places["packages"], places["library"], "/new", "/dev/new", "/etc/new"]
    assert document(sandbox, "writes", paths=targets) == ["EROFS"] * len(targets)


def test_there_is_no_network(sandbox: ProcessSandbox) -> None:
    name = f"\0grade-test-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(name)
        local.listen()
        tcp, names, abstract = document(sandbox, "connect", port=server.getsockname()[1], abstract=name)
    assert tcp == "EPERM" and names != "" and not names.startswith("[")
    assert abstract == "ECONNREFUSED"


def test_dangerous_system_calls_are_denied(sandbox: ProcessSandbox) -> None:
    answers = document(sandbox, "native")
    assert len(answers) == 5 and all(answer == [-1, "EPERM"] for answer in answers.values())


def test_a_fault_names_the_file_as_the_student_does(sandbox: ProcessSandbox) -> None:
    reply = call(sandbox, "raises")
    assert isinstance(reply, Fault)
    assert reply.file == "work.py" and reply.message == "raises fails: OSError: broken"


def test_a_daemon_ends_with_the_worker(sandbox: ProcessSandbox) -> None:
    assert document(sandbox, "daemon") == "started"
    assert running("time.sleep(611.5)")
    sandbox.close()
    assert not running("time.sleep(611.5)")


def test_the_deadline_ends_what_ignores_signals_and_all_that_it_started(sandbox: ProcessSandbox) -> None:
    document(sandbox, "places")
    before = time.monotonic()
    reply = call(sandbox, "deaf", 2.0)
    assert isinstance(reply, Fault) and reply.kind == "deadline"
    assert time.monotonic() - before < 2 + 5
    assert not running("time.sleep(612.5)")


def test_a_worker_may_be_started_in_a_thread_that_ends(sandbox: ProcessSandbox) -> None:
    sandbox.close()
    thread = threading.Thread(target=sandbox.preload)
    thread.start()
    thread.join()
    assert document(sandbox, "places")["user"] == "worker"


def test_all_protections_are_in_force(sandbox: ProcessSandbox) -> None:
    protections = sandbox.protections()
    assert tuple(protection.name for protection in protections) == NAMES
    assert all(protection.in_force and protection.detail for protection in protections)


def test_without_bubblewrap_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "work.py").write_text(SCRIPT)
    assert isolation.unusable() is not None
    with ProcessSandbox(tmp_path) as sandbox:
        open_now = {protection.name: protection.detail for protection in sandbox.protections() if not protection.in_force}
        assert document(sandbox, "places")["imported"]
    assert {"files", "processes", "disk"} <= set(open_now) <= {"files", "processes", "disk", "network", "system-calls"}
    assert all(isolation.unusable() in detail for name, detail in open_now.items() if name != "system-calls")  # type: ignore[operator]


def test_full_isolation_is_refused_without_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="Full isolation cannot be had on this machine: bubblewrap"):
        ProcessSandbox(tmp_path, isolation="full")


def test_bubblewrap_that_is_forbidden_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = isolation.unusable()
    assert reason is not None and ("No permissions to create a new namespace" in reason or os.name == "nt" or "Linux" in reason)


def test_full_isolation_is_refused_where_a_limit_cannot_be_had() -> None:
    limits = Limits()
    with pytest.raises(InputError, match=r"system-calls \("):
        isolation.insist(isolation.protections(isolation.Facts(None, confined=False, counted_by_kernel=True), limits))
    isolation.insist(isolation.protections(isolation.Facts(None, confined=True, counted_by_kernel=False), limits))
