"""A cohort through the command line: graded, gone on with, corrected by people, graded by a corrected rubric."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import typer

from grader.commands.common import mapped_errors
from tests.hostile.makers import HONEST
from tests.hostile.places import HOSTILE, PROJECT, RUBRIC

Done = subprocess.CompletedProcess[str]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "grader.cli", *map(str, arguments)]


def grade(*arguments: object, answer: str = "") -> Done:
    return subprocess.run(command(*arguments), capture_output=True, text=True, cwd=PROJECT, check=False, input=answer, timeout=500)


def rows(grades: Path) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in json.loads((grades / "grades.json").read_text())["students"]}


def results(grades: Path) -> dict[str, int]:
    """How often each student was graded, for any reason."""
    with sqlite3.connect(f"file:{grades / 'gradebook.sqlite'}?mode=ro", uri=True) as book:
        return dict(book.execute("SELECT student, COUNT(*) FROM results GROUP BY student").fetchall())


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort") / "submissions"
    shutil.copytree(HONEST, folder / "anna")
    shutil.copytree(HOSTILE / "_weak", folder / "ben")
    (folder / "cleo").mkdir()
    (folder / "dora.zip").write_bytes(b"PK\x03\x04 this is no archive")
    return folder


@pytest.fixture(scope="module")
def first(submissions: Path) -> tuple[Path, Done]:
    grades = submissions.parent / "grades"
    return grades, grade("batch", submissions, "--out", grades, "--rubric", RUBRIC, "--isolation", "best", "--jobs", 2)


@pytest.fixture
def graded(first: tuple[Path, Done], tmp_path: Path) -> Path:
    """A copy of the grades, to change."""
    return Path(shutil.copytree(first[0], tmp_path / "grades"))


def test_everybody_has_a_row_with_a_reason(first: tuple[Path, Done]) -> None:
    grades, done = first
    assert done.returncode == 0, done.stderr
    found = rows(grades)
    assert {name: row["status"] for name, row in found.items()} == {
        "anna": "graded", "ben": "graded", "cleo": "unreadable", "dora": "unreadable",
    }  # fmt: skip
    assert found["anna"]["points"] == 20 > found["ben"]["points"]
    assert "empty" in found["cleo"]["reason"] and "damaged" in found["dora"]["reason"]
    assert "4 submissions; 2 graded, 2 unreadable" in done.stdout and "anna: 20/20" in done.stderr
    with (grades / "canvas.csv").open(newline="", encoding="utf-8-sig") as stream:
        assert [row[-1] for row in csv.reader(stream)][1] == "20"
    assert (grades / "reports" / "anna.html").exists() and "anna" in (grades / "index.html").read_text()
    assert not (grades / ".work").exists()


def test_the_seed_is_drawn_in_secret_and_kept(first: tuple[Path, Done]) -> None:
    grades, done = first
    with sqlite3.connect(grades / "gradebook.sqlite") as book:
        ((seed,),) = book.execute("SELECT seed FROM terms").fetchall()
    assert int(seed) > 0 and str(seed) not in done.stdout + done.stderr


def test_what_is_unchanged_is_not_graded_again(submissions: Path, graded: Path) -> None:
    before = results(graded)
    done = grade("batch", submissions, "--out", graded)
    assert done.returncode == 0 and "4 unchanged" in done.stdout and results(graded) == before


def test_exports_are_written_again_where_something_changed_or_the_last_time_was_cut_off(submissions: Path, graded: Path) -> None:
    (graded / "canvas.csv").write_text("edited")
    assert grade("batch", submissions, "--out", graded).returncode == 0
    assert (graded / "canvas.csv").read_text() == "edited"
    (graded / ".exported").unlink()  # as a kill within the export leaves it
    assert grade("batch", submissions, "--out", graded).returncode == 0
    assert "anna" in (graded / "canvas.csv").read_text()
    (graded / "canvas.csv").write_text("edited")
    assert grade("comment", "ben", "well done", "--grades", graded).returncode == 0
    assert "anna" in (graded / "canvas.csv").read_text()


def test_a_person_has_the_last_word(graded: Path) -> None:
    before = rows(graded)["ben"]["points"]
    criterion = next(name for name, mark in rows(graded)["ben"]["marks"].items() if mark["points"] == 0)
    assert grade("override", "ben", criterion, "--points", "1,5", "--reason", "seen <b>in class</b>", "--grades", graded).returncode == 0
    assert grade("comment", "ben", "well done", "--grades", graded, "--author", "M. Petrova").returncode == 0
    page = (graded / "reports" / "ben.html").read_text()
    assert rows(graded)["ben"]["points"] == before + 1.5
    assert "seen &lt;b&gt;in class" in page and "well done" in page and "M. Petrova" in page
    assert grade("override", "ben", criterion, "--withdraw", "--reason", "a mistake", "--grades", graded).returncode == 0
    assert rows(graded)["ben"]["points"] == before and "in class" not in (graded / "reports" / "ben.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ben", "no.such", "--points", "1", "--reason", "r"), "no.such"),
        (("nobody", "net.network", "--points", "1", "--reason", "r"), "nobody"),
        (("ben", "net.network", "--points", "many", "--reason", "r"), "no number"),
        (("ben", "net.network", "--points", "1"), "--reason"),
        (("ben", "net.network", "--reason", "r"), "--points"),
    ],
)
def test_a_wrong_override_is_refused(graded: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done = grade("override", *arguments, "--grades", graded)
    assert done.returncode == 2 and sentence in done.stderr and "Traceback" not in done.stderr


def test_a_corrected_rubric_shows_who_changes_before_it_is_written(submissions: Path, graded: Path, tmp_path: Path) -> None:
    corrected = tmp_path / "corrected.toml"
    corrected.write_text(RUBRIC.read_text().replace("convolutions = { least = 2 }", "convolutions = { least = 3 }"))
    arguments = ("regrade", submissions, "--grades", graded, "--rubric", corrected, "--jobs", 2)
    before = rows(graded)["anna"]
    shown = grade(*arguments, "--criterion", "net.network", answer="n\n")
    assert shown.returncode == 0 and "Nothing was changed" in shown.stdout and rows(graded)["anna"] == before
    assert "anna" in shown.stdout and "net.network" in shown.stdout
    other = grade(*arguments, "--criterion", "net.accuracy", "--yes")
    assert other.returncode == 2 and "net.network" in other.stderr and rows(graded)["anna"] == before
    assert grade(*arguments, "--criterion", "net.network", "--yes").returncode == 0
    assert rows(graded)["anna"]["points"] < before["points"]


def test_an_interrupt_ends_in_five_seconds_and_is_gone_on_with(submissions: Path, tmp_path: Path) -> None:
    grades = tmp_path / "grades"
    line = command("batch", submissions, "--out", grades, "--rubric", RUBRIC, "--isolation", "best", "--jobs", 1)
    process = subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    assert process.stderr is not None
    said = process.stderr.readline()  # the first submission is at its end, the second has begun or will
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    process.wait(timeout=30)
    assert time.monotonic() - start < 5 and process.returncode == 130
    assert "[1/4]" in said and "go on" in process.stderr.read()
    _, alive = psutil.wait_procs(family, timeout=2)
    assert alive == []
    done = results(grades)
    assert grade("batch", submissions, "--out", grades, "--jobs", 1).returncode == 0
    assert len(rows(grades)) == 4 and all(results(grades)[name] == 1 for name in done)


def test_a_kill_loses_at_most_what_was_running(submissions: Path, tmp_path: Path) -> None:
    grades = tmp_path / "grades"
    line = command("batch", submissions, "--out", grades, "--rubric", RUBRIC, "--isolation", "best", "--jobs", 1)
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, cwd=PROJECT)
    assert process.stderr is not None
    process.stderr.readline()
    family = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    assert grade("batch", submissions, "--out", grades, "--jobs", 1).returncode == 0
    assert set(results(grades).values()) == {1} and len(rows(grades)) == 4


def test_only_one_writes_at_a_time(submissions: Path, graded: Path) -> None:
    from grader.gradebook import Gradebook

    with Gradebook.open(graded / "gradebook.sqlite", write=True):
        done = grade("batch", submissions, "--out", graded)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_bad_input_is_one_sentence(tmp_path: Path) -> None:
    for arguments in (("batch", tmp_path / "nothing"), ("override", "a", "b", "--points", "1", "--reason", "r", "--grades", tmp_path)):
        done = grade(*arguments) if arguments[0] == "override" else grade(*arguments, "--out", tmp_path / "grades")
        assert done.returncode == 2 and "Traceback" not in done.stderr and str(tmp_path) in done.stderr.replace("\n", "")
    assert not (tmp_path / "grades").exists()


def test_a_full_disk_is_told_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left, mapped_errors(stopped="what was finished is kept"):
        raise OSError(errno.ENOSPC, "No space left on device", "grades/reports/anna.html")
    said = capsys.readouterr().err
    assert left.value.exit_code == 2 and "disk is full" in said and "anna.html" in said and "what was finished is kept" in said
