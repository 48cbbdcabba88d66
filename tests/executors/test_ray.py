"""Grading on a cluster of nodes that are processes of this machine: what comes back, what is tried again, what is left behind."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from grader.batch import machine
from grader.cohort.records import Done, Task
from grader.errors import InputError
from grader.executors import ray as executors_ray
from grader.executors.local import LocalExecutor
from grader.executors.node import why_other
from grader.executors.ray import Needs, RayExecutor, Site
from tests.executors import made_up
from tests.hostile.makers import HONEST
from tests.hostile.places import RUBRIC

ROOT = Path(__file__).resolve().parents[2]
NEEDS = Needs(memory_bytes=2**20)
Said = tuple[str, str, str]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[ray]'")
    before = {name: os.environ.get(name) for name in ("PYTHONPATH", "RAY_USAGE_STATS_ENABLED")}
    os.environ |= {"PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"}
    cluster = importlib.import_module("ray.cluster_utils").Cluster()
    add_node(cluster, "first", include_dashboard=False)
    add_node(cluster, "second")
    yield cluster
    cluster.shutdown()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def add_node(cluster: Any, name: str, **options: Any) -> Any:
    return cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20, env_vars={made_up.NODE: name}, **options)


class Handed:
    """Submissions of the made-up kind in a folder, and what was done to them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        self.log.touch()

    def task(self, student: str, **order: Any) -> Task:
        source = self.folder / "submissions" / student
        source.mkdir(parents=True)
        (source / "order.json").write_text(json.dumps({"log": str(self.log), **order}))
        return Task(student, source, f"content of {student}", 1.0, made_up.terms())

    def begun(self) -> list[list[str]]:
        """Student, node, process and scratch folder of each beginning."""
        return [line.split() for line in self.log.read_text().splitlines()]

    def wait_for(self, count: int) -> list[list[str]]:
        until = time.monotonic() + 60
        while len(self.begun()) < count and time.monotonic() < until:
            time.sleep(0.05)
        assert len(self.begun()) == count
        return self.begun()


@pytest.fixture
def handed(tmp_path: Path) -> Handed:
    return Handed(tmp_path)


def executor(cluster: Any, site: Site = made_up.SITE, note: Callable[[str], None] = lambda _: None, needs: Needs = NEEDS) -> RayExecutor:
    return RayExecutor(cluster.address, needs, 60.0, made_up.kind, note, site)


def graded(executor: RayExecutor, tasks: Sequence[Task]) -> tuple[dict[str, Done], list[Said]]:
    """The Dones, and what was heard, with a line where each Done came."""
    heard: list[Said] = []
    dones = {}
    with executor:
        for done in executor.run(tasks, lambda *said: heard.append(said)):
            assert done.student not in dones
            dones[done.student] = done
            heard.append((done.student, "done", ""))
    return dones, heard


def test_each_submission_is_graded_once_and_heard_in_order(cluster: Any, handed: Handed) -> None:
    names = ["ann", "bob", "cem", "dee", "eve"]
    dones, heard = graded(executor(cluster), [handed.task(name) for name in names])
    assert {name: (done.status, done.content_hash) for name, done in dones.items()} == {n: ("graded", f"content of {n}") for n in names}
    for name in names:
        assert [kind for student, kind, _ in heard if student == name] == ["start", "train", "done"]
    assert sorted(student for student, *_ in handed.begun()) == names
    assert len({process for _, _, process, _ in handed.begun()}) == len(names)  # none was used for two
    assert not any(Path(scratch).exists() for *_, scratch in handed.begun())


def test_what_was_on_a_lost_node_is_graded_elsewhere(cluster: Any, handed: Handed) -> None:
    third = add_node(cluster, "third")
    go = handed.folder / "go"
    tasks = [handed.task(name, waits_for=str(go)) for name in ("ann", "bob", "cem", "dee")]
    heard: list[Said] = []
    with executor(cluster) as running:
        dones = running.run(
            tasks, lambda *said: _after_three(said, heard, lambda: (cluster.remove_node(third, allow_graceful=False), go.touch()))
        )
        hosts = {done.student: done.host for done in dones}
    lost = next(student for student, kind, node in heard if (kind, node) == ("start", "third"))
    assert set(hosts) == {"ann", "bob", "cem", "dee"}
    assert hosts[lost] in ("first", "second")
    assert [student for student, *_ in handed.begun()].count(lost) == 2


def _after_three(said: Said, heard: list[Said], then: Callable[[], object]) -> None:
    heard.append(said)
    if [kind for _, kind, _ in heard].count("start") == 3 == len(heard):
        then()


def test_without_any_node_left_the_rest_is_told(cluster: Any, handed: Handed) -> None:
    third = add_node(cluster, "third")
    tasks = [handed.task(name, waits_for=str(handed.folder / "never")) for name in ("ann", "bob", "cem")]
    with executor(cluster, Site(made_up.only_on_the_third, made_up.grade)) as running:
        dones = list(
            running.run(tasks, lambda *_: cluster.remove_node(third, allow_graceful=False) if third in cluster.list_all_nodes() else None)
        )
    assert sorted((done.student, done.status) for done in dones) == [("ann", "failed"), ("bob", "failed"), ("cem", "failed")]
    assert all("No node that can grade is left" in done.reason for done in dones)


def test_a_process_killed_from_outside_is_made_up_for_twice_and_no_more(cluster: Any, handed: Handed) -> None:
    dones, _ = graded(executor(cluster), [handed.task("twice", dies=3), handed.task("always", dies=99)])
    assert dones["twice"].status == "graded"
    assert dones["always"].status == "failed" and "lost 3 times" in dones["always"].reason
    assert sorted(student for student, *_ in handed.begun()) == ["always"] * 3 + ["twice"] * 3


def test_what_a_submission_came_to_is_never_tried_again(cluster: Any, handed: Handed) -> None:
    tasks = [handed.task("unreadable", status="unreadable"), handed.task("failed", status="failed"), handed.task("raises", raises=True)]
    dones, _ = graded(executor(cluster), tasks)
    assert {name: done.status for name, done in dones.items()} == {"unreadable": "unreadable", "failed": "failed", "raises": "failed"}
    assert "made up" in dones["raises"].reason
    assert sorted(student for student, *_ in handed.begun()) == ["failed", "raises", "unreadable"]


def test_a_node_without_the_isolation_is_left_out(cluster: Any, handed: Handed) -> None:
    notes: list[str] = []
    site = Site(made_up.not_on_the_second, made_up.grade)
    dones, _ = graded(executor(cluster, site, notes.append), [handed.task(name) for name in ("ann", "bob", "cem", "dee")])
    assert {done.host for done in dones.values()} == {"first"}
    assert len(notes) == 1 and "no bubblewrap" in notes[0] and "left out" in notes[0]


@pytest.mark.parametrize(
    ("site", "needs", "words"),
    [
        (Site(made_up.nowhere, made_up.grade), NEEDS, "no bubblewrap"),
        (made_up.SITE, Needs(memory_bytes=2**50), "memory"),
        (made_up.SITE, Needs(memory_bytes=2**20, gpus=0.5), "GPU"),
    ],
    ids=["isolation", "memory", "gpu"],
)
def test_without_any_usable_node_nothing_runs(cluster: Any, handed: Handed, site: Site, needs: Needs, words: str) -> None:
    with pytest.raises(InputError, match=words):
        graded(executor(cluster, site, needs=needs), [handed.task("ann")])
    assert handed.begun() == []


def test_leaving_early_ends_everything_in_five_seconds(cluster: Any, handed: Handed) -> None:
    tasks = [handed.task(name, waits_for=str(handed.folder / "never")) for name in ("ann", "bob", "cem")]

    def stop(student: str, kind: str, subject: str) -> None:
        if len(handed.wait_for(2)) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), executor(cluster) as running:
        try:
            list(running.run(tasks, stop))
        finally:
            start = time.monotonic()
    processes = [int(process) for _, _, process, _ in handed.begun()]
    while any(map(psutil.pid_exists, processes)) and time.monotonic() - start < 5:
        time.sleep(0.05)
    assert time.monotonic() - start < 5
    assert not any(Path(scratch).parent.exists() for *_, scratch in handed.begun())


def test_a_submission_too_large_to_send_is_told_and_ends_nothing_else(
    cluster: Any, handed: Handed, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [handed.task("large", padding="x" * 5000), handed.task("small")]
    monkeypatch.setattr("grader.executors.parcel.MAX_BYTES", 4000)
    dones, _ = graded(executor(cluster), tasks)
    assert {name: done.status for name, done in dones.items()} == {"large": "failed", "small": "graded"}
    assert "too much to send" in dones["large"].reason


def without_times(done: Done) -> Done:
    return replace(done, seconds=0, host="", page=re.sub(rb"[\d.]+ s</dd>", b"", done.page))


def test_real_submissions_get_the_marks_that_they_get_here(cluster: Any, tmp_path: Path) -> None:
    honest, empty, damaged = tmp_path / "honest", tmp_path / "empty", tmp_path / "damaged.zip"
    shutil.copytree(HONEST, honest)
    empty.mkdir()
    damaged.write_bytes(b"PK\x03\x04 this is no archive")
    terms = replace(made_up.terms(), rubric=RUBRIC.read_text(), isolation="best", machine=machine("cpu"))
    tasks = [Task(path.stem, path, "content", 1.0, terms, cache=False) for path in (honest, empty, damaged)]
    there, heard = graded(RayExecutor(cluster.address, NEEDS, 300.0, machine), tasks)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with LocalExecutor(2, 300.0, scratch) as local:
        here = {done.student: done for done in local.run(tasks, lambda *_: None)}
    assert {name: without_times(done) for name, done in there.items()} == {name: without_times(done) for name, done in here.items()}
    assert there["honest"].status == "graded" and ("honest", "train", "net") in heard


def test_no_cluster_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[ray]'")
    with pytest.raises(InputError, match=r"ray start --head"):
        graded(RayExecutor("127.0.0.1:1", NEEDS, 60.0, made_up.kind, site=made_up.SITE), [Handed(tmp_path).task("ann")])


def test_without_ray_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(executors_ray.importlib, "import_module", absent)
    with pytest.raises(InputError, match=r"pip install .*\[ray\]"):
        graded(RayExecutor("auto", NEEDS, 60.0, made_up.kind), [Handed(tmp_path).task("ann")])


def test_nothing_to_do_needs_no_cluster() -> None:
    assert graded(RayExecutor("nowhere", NEEDS, 60.0, made_up.kind), []) == ({}, [])


@pytest.mark.parametrize("name", ["grader_version", "torch_version", "machine"])
def test_another_version_or_kind_of_machine_is_no_place_to_grade(name: str) -> None:
    assert why_other(made_up.terms(), made_up.kind) == ""
    assert "0.0" in why_other(made_up.terms(**{name: "0.0"}), made_up.kind)
