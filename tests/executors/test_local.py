"""Grading on this machine: what comes back for each task, and what is left when it is over."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from grader.cohort.records import Done, Task, Terms
from grader.errors import InputError
from grader.executors.local import LocalExecutor
from grader.report.json_report import to_json
from grader.session import grade_submission, make_setting
from tests.hostile.makers import HONEST
from tests.hostile.places import RUBRIC

SEED = 4711
TERMS = Terms(RUBRIC.read_text(), "hash", "quick", "cpu", "", SEED, "best", "1", "2", "this")


def task(student: str, source: Path) -> Task:
    return Task(student, source, f"content of {student}", 1.0, TERMS, cache=False)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def submissions(tmp_path: Path) -> dict[str, Path]:
    empty, damaged, honest = tmp_path / "empty", tmp_path / "damaged.zip", tmp_path / "honest"
    empty.mkdir()
    damaged.write_bytes(b"PK\x03\x04 this is no archive")
    shutil.copytree(HONEST, honest)
    return {"empty": empty, "damaged": damaged, "honest": honest}


@pytest.fixture
def heard() -> list[tuple[str, str, str]]:
    return []


def graded(tasks: list[Task], scratch: Path, heard: list[tuple[str, str, str]], jobs: int = 2, timeout: float = 300) -> dict[str, Done]:
    with LocalExecutor(jobs, timeout, scratch) as executor:
        return {done.student: done for done in executor.run(tasks, lambda *said: heard.append(said))}


def family() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def wait_until_gone(before: set[int], seconds: float) -> list[psutil.Process]:
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(each.pid not in before for each in family()):
        time.sleep(0.05)
    return [each for each in family() if each.pid not in before]


def test_each_task_has_its_own_end(submissions: dict[str, Path], scratch: Path, heard: list[tuple[str, str, str]]) -> None:
    dones = graded([task(name, path) for name, path in submissions.items()], scratch, heard)
    assert {name: done.status for name, done in dones.items()} == {"empty": "unreadable", "damaged": "unreadable", "honest": "graded"}
    assert "empty" in dones["empty"].reason and "damaged" in dones["damaged"].reason
    assert all(done.content_hash == f"content of {name}" for name, done in dones.items())
    assert dones["honest"].page.startswith(b"<!doctype html>")
    setting = make_setting(rubric=RUBRIC, seed=SEED, device="cpu", isolation="best")
    alone = json.loads(to_json(grade_submission(submissions["honest"], setting, cache=False)))
    del alone["timing"]
    assert json.loads(dones["honest"].document) == alone
    assert alone["score"]["points"] == alone["score"]["max"]
    assert next(kind for name, kind, _ in heard if name == "honest") == "start" and ("honest", "train", "net") in heard


def test_a_grading_that_is_killed_takes_nothing_else_along(submissions: dict[str, Path], scratch: Path) -> None:
    killed: list[int] = []

    def kill_first(student: str, kind: str, subject: str) -> None:
        if student == "doomed" and kind == "export" and not killed:
            killed.extend(_graders_of(scratch))
            os.kill(killed[0], 9)

    shutil.copytree(HONEST, submissions["honest"].parent / "doomed")
    tasks = [task("doomed", submissions["honest"].parent / "doomed"), task("honest", submissions["honest"])]
    with LocalExecutor(1, 300, scratch) as executor:
        dones = {done.student: done for done in executor.run(tasks, kill_first)}
    assert (dones["doomed"].status, dones["honest"].status) == ("failed", "graded")
    assert "signal 9" in dones["doomed"].reason and "tried again" in dones["doomed"].reason


@pytest.mark.skipif(sys.platform != "linux", reason="which cores a process may use is Linux's to say")
def test_everything_keeps_to_as_many_cores_as_were_asked_for(submissions: dict[str, Path], scratch: Path) -> None:
    seen: set[int] = set()

    def look(student: str, kind: str, subject: str) -> None:
        template = next(each for each in psutil.Process().children() if "spawn_main" in " ".join(each.cmdline()))
        for each in (template, *template.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                seen.add(len(each.cpu_affinity()))

    with LocalExecutor(1, 300, scratch, cores=1) as executor:
        (done,) = executor.run([task("honest", submissions["honest"])], look)
    assert done.status == "graded" and seen == {1}


def _graders_of(scratch: Path) -> list[int]:
    """Processes two floors below the template: the ones that grade a submission."""
    template = next(each for each in psutil.Process().children() if "spawn_main" in " ".join(each.cmdline()))
    slots = [each for each in template.children() if each.cmdline() == template.cmdline()]
    return [each.pid for slot in slots for each in slot.children() if each.cmdline() == template.cmdline()]


def test_one_that_takes_too_long_is_given_up(submissions: dict[str, Path], scratch: Path, heard: list[tuple[str, str, str]]) -> None:
    done = graded([task("honest", submissions["honest"])], scratch, heard, timeout=0.5)["honest"]
    assert done.status == "failed" and "--timeout" in done.reason


def test_leaving_early_ends_everything_in_five_seconds(submissions: dict[str, Path], scratch: Path) -> None:
    before = {each.pid for each in family()}
    running: Iterator[Done]
    with pytest.raises(KeyboardInterrupt), LocalExecutor(2, 300, scratch) as executor:
        seen: list[str] = []

        def stop(student: str, kind: str, subject: str) -> None:
            seen.append(kind)
            if kind == "export":
                raise KeyboardInterrupt

        start = time.monotonic()
        running = executor.run([task("honest", submissions["honest"])], stop)
        try:
            list(running)
        except KeyboardInterrupt:
            start = time.monotonic()
            raise
    assert time.monotonic() - start < 5
    assert wait_until_gone(before, 1) == []


def test_terms_that_cannot_be_met_are_told_before_anything_runs(
    submissions: dict[str, Path], scratch: Path, heard: list[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    honest = task("honest", submissions["honest"])
    data = replace(honest, terms=replace(TERMS, data_root=str(tmp_path / "no data")))
    with pytest.raises(InputError, match="names no real image sets"):
        graded([data], scratch, heard)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="isolation"):
        graded([replace(honest, terms=replace(TERMS, isolation="full"))], scratch, heard)
    assert heard == []


def test_nothing_to_do_starts_nothing(scratch: Path, heard: list[tuple[str, str, str]]) -> None:
    before = {each.pid for each in family()}
    assert graded([], scratch, heard) == {} and {each.pid for each in family()} <= before
