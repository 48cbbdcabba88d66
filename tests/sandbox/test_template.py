"""A worker that a template forked is as well shut in as one that starts alone, and its end is its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from grader.records import Fault
from grader.sandbox import control_group, template, watch
from grader.sandbox.ahead import Workers
from grader.sandbox.base import Answer, WorkerReply, WorkerRequest
from grader.sandbox.forked import Forked
from grader.sandbox.launch import Limits
from grader.sandbox.process import ProcessSandbox
from grader.sandbox.template import Template
from grader.submission import open_submission
from tests.sandbox.processes import need_bubblewrap
from tests.sandbox.template_script import SCRIPT
from tests.sandbox.test_isolation import SCRIPT as REACH
from tests.sandbox.test_limits import SCRIPT as USE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces of Linux")

LIMITS = Limits(resident_bytes=2**30, processes=60, scratch_bytes=32 * 2**20, files=2000)


@pytest.fixture(scope="module")
def opener() -> Iterator[Template]:
    need_bubblewrap()
    with Template("full") as started:
        if started._control is None:
            pytest.skip(template._refusals[0])
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("submission")
    (root / "work.py").write_text(SCRIPT)
    (root / "statistics.py").write_text("mine = 'of the submission'\n")
    (root / "use.py").write_text(USE)
    (root / "reach.py").write_text(REACH)
    return root


@pytest.fixture
def worker(opener: Template, folder: Path) -> Iterator[ProcessSandbox]:
    with opener.open(open_submission(folder)) as opened:
        yield opened


def call(sandbox: ProcessSandbox, function: str, file: str = "work.py", seconds: float = 30, **arguments: Any) -> WorkerReply:
    params = {"file": file, "function": function, "arguments": arguments, "data": []}
    return sandbox.run(WorkerRequest("experiment", params, {}, seconds))


def document(sandbox: ProcessSandbox, function: str, file: str = "work.py", **arguments: Any) -> Any:
    reply = call(sandbox, function, file, **arguments)
    assert isinstance(reply, Answer), reply
    return reply.data["document"]


def forked(sandbox: ProcessSandbox) -> Forked:
    assert sandbox._worker is not None
    process = sandbox._worker._watch.process
    assert isinstance(process, Forked)
    return process


def children_of(opener: Template) -> list[str]:
    assert opener._process is not None
    below = psutil.Process(opener._process.pid).children(recursive=True)
    return [each.name() for each in below if each.status() != psutil.STATUS_ZOMBIE]


def test_what_a_worker_sees_and_may_do_is_the_same_as_alone(worker: ProcessSandbox, folder: Path) -> None:
    with ProcessSandbox(folder, isolation="full") as alone:
        assert worker.protections() == alone.protections()
        forked(worker)
        for question in ("mounts", "status", "descriptors", "world", "own_module", "settings", "shared"):
            assert document(worker, question) == document(alone, question), question


def test_what_is_drawn_without_a_seed_differs(opener: Template, worker: ProcessSandbox, folder: Path) -> None:
    with opener.open(open_submission(folder)) as other:
        assert not set(document(worker, "drawn")) & set(document(other, "drawn"))


def test_mounts_hide_the_other_submissions(worker: ProcessSandbox) -> None:
    mounts = document(worker, "mounts")
    assert {"ro", "nosuid", "nodev"} <= set(mounts["/submission"]) and {"ro", "noexec"} <= set(mounts["/proc"])
    assert mounts["/tmp"] == ["tmpfs", "nodev", "nosuid", "relatime", "rw", "size=524288k"]


def test_nothing_can_be_changed_in_proc(worker: ProcessSandbox) -> None:
    assert document(worker, "settings") == []


def test_code_can_reach_neither_the_template_nor_the_process_that_looks_after_it(worker: ProcessSandbox) -> None:
    assert document(worker, "reach") == []
    answers = document(worker, "native", file="reach.py")
    assert len(answers) == 5 and all(answer == [-1, "EPERM"] for answer in answers.values())
    assert document(worker, "shared") == []
    assert document(worker, "own_module") == "of the submission"


def test_two_workers_cannot_see_each_other(opener: Template, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(SCRIPT.replace("import statistics", ""))
    with opener.open(open_submission(folder)) as one, opener.open(open_submission(tmp_path)) as two:
        assert "statistics.py" in document(one, "others")
        seen = document(two, "others")
        assert "left-by-this-one" not in seen and "statistics.py" not in seen
        assert document(two, "world")["processes"] == 2


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("exit", "exit code 7"), ("signal", "SIGSEGV"), ("abort", "SIGABRT"), ("fault", "SIGSEGV"), ("close", ""),
        ("kill others", "SIGKILL"), ("hang", ""),
    ],
)  # fmt: skip
def test_the_template_survives_each_kind_of_death(opener: Template, worker: ProcessSandbox, how: str, words: str) -> None:
    assert document(worker, "others")
    reply = call(worker, "leave", seconds=2, how=how)
    assert isinstance(reply, Fault) and words in reply.message, reply
    assert reply.kind in ("deadline" if how == "hang" else "died", "request")
    assert "left-by-this-one" not in document(worker, "others")
    assert forked(worker).poll() is None
    worker.close()
    assert len(children_of(opener)) == 2  # bubblewrap's own process, and the template


def test_orphans_are_buried_at_once(worker: ProcessSandbox) -> None:
    assert document(worker, "orphans") == ["1", "2"]


def test_no_process_and_no_file_is_left(folder: Path) -> None:
    need_bubblewrap()
    with Template("full") as own:
        assert own._process is not None and own._folder is not None
        home, root = own._folder, own._process.pid
        with own.open(open_submission(folder)) as opened:
            document(opened, "daemon", file="reach.py")
            members = [root, *(each.pid for each in psutil.Process(root).children(recursive=True))]
            assert len(members) >= 6
        assert list(own.inbox.iterdir()) == []
    assert not home.exists()
    assert all(map(_is_gone, members))


@pytest.fixture(scope="module", params=["kernel", "sampling"])
def limited(request: pytest.FixtureRequest, opener: Template, folder: Path) -> Iterator[ProcessSandbox]:
    group = control_group.create(2**30, 10)
    if group is not None:
        group.remove()
    elif request.param == "kernel":
        pytest.skip("no control group can be made here")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "sampling":
            patch.setattr(watch, "create", lambda *_: None)
        with ProcessSandbox(folder, LIMITS, "full", opener) as started:
            yield started


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("memory", "more than 1 GiB of memory"), ("memory_of_children", "more than 1 GiB of memory"),
        ("fork_bomb", "more than 60 processes and threads"), ("threads", "more than 60 processes and threads"),
        ("files", "more than 2,000 files"),
    ],
)  # fmt: skip
def test_each_limit_bites(limited: ProcessSandbox, opener: Template, function: str, sentence: str) -> None:
    reply = call(limited, function, file="use.py")
    assert isinstance(reply, Fault) and sentence in reply.message, reply
    assert len(children_of(opener)) == 2


def test_space_file_size_and_open_files_are_limited(limited: ProcessSandbox) -> None:
    assert document(limited, "disk", file="use.py") == "No space left on device"
    assert document(limited, "large_file", file="use.py") == "File too large"
    assert 900 < document(limited, "descriptors", file="use.py") < 1024
    assert document(limited, "shared_memory", file="use.py") == 300 << 20


OWNER = """
import os, sys, time
from pathlib import Path
from grader.sandbox.template import Template
from grader.sandbox.base import WorkerRequest
from grader.submission import open_submission

def grade(template, folder):
    with template.open(open_submission(Path(folder))) as worker:
        worker.protections()
        print(template._process.pid, worker._worker._watch.process.pid, os.getpid(), flush=True)
        time.sleep(600)

with Template("full") as template:
    if sys.argv[2] == "forked" and os.fork() == 0:
        grade(template, sys.argv[1])
    if sys.argv[2] == "forked":
        time.sleep(600)
    grade(template, sys.argv[1])
"""


@pytest.mark.parametrize("how", ["alone", "forked"])
def test_a_worker_ends_with_the_process_that_opened_it(folder: Path, how: str, tmp_path: Path) -> None:
    need_bubblewrap()
    root = str(Path(template.__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", OWNER, str(folder), how], stdout=subprocess.PIPE, env=environment, text=True) as owner:
        assert owner.stdout is not None
        forking, worker, asking = map(int, owner.stdout.readline().split())
        os.kill(asking, signal.SIGKILL)
        assert _is_gone(worker)
        assert how == "alone" or not _is_gone(forking, seconds=0.1)
        owner.kill()
        assert _is_gone(forking)


def test_where_no_template_can_be_had_workers_start_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_bubblewrap()
    monkeypatch.setattr(template, "_refusals", ["it was forbidden"])
    with Workers(open_submission(folder), "full") as workers, workers.open(open_submission(folder)) as worker:
        assert document(worker, "own_module") == "of the submission"
        assert worker._worker is not None and isinstance(worker._worker._watch.process, subprocess.Popen)


def test_a_refusal_is_noticed_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    need_bubblewrap()
    monkeypatch.setattr(template, "_refusals", [])
    monkeypatch.setattr(template, "ABLE", b"never")
    with Template("full") as refused:
        assert template._refusals == ["able"]
        assert (refused._control, refused._process, refused._folder) == (None, None, None)


def test_a_template_that_is_gone_is_done_without(folder: Path) -> None:
    need_bubblewrap()
    with Template("full") as dying:
        assert dying._process is not None
        dying._process.kill()
        dying._process.wait()
        with dying.open(open_submission(folder)) as worker:
            assert document(worker, "own_module") == "of the submission"


def _is_gone(pid: int, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False
