"""The command as a user meets it: exit codes, one clear line for bad input, outputs moved into place."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def grade(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    command = [sys.executable, "-m", "grader.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


def refused(*arguments: object) -> str:
    """What the command says on bad input: exit code 2, one line, no traceback."""
    done = grade(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr and not done.stdout
    return " ".join(done.stderr.split())


def test_version() -> None:
    done = grade("--version")
    assert done.returncode == 0 and done.stdout.startswith("grade 0.")


def test_a_missing_an_empty_and_a_foreign_folder(tmp_path: Path) -> None:
    assert "There is no folder" in refused(tmp_path / "nothing")
    assert "is empty" in refused(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    assert "no Python file" in refused(tmp_path)


def test_a_rubric_with_a_typo_names_the_place(tmp_path: Path) -> None:
    rubric = tmp_path / "mine.toml"
    rubric.write_text((ROOT / "rubrics" / "lesson4_cnn.toml").read_text().replace("points = 2\n", "pionts = 2\n", 1))
    text = refused("homework", "--rubric", rubric)
    assert "mine.toml" in text and "pionts" in text and "points" in text


def test_an_output_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    assert "it is a folder" in refused("homework", "--out", tmp_path)
    assert "there is no folder" in refused("homework", "--out", tmp_path / "no" / "report.html")
    same = tmp_path / "report"
    assert "give two files" in refused("homework", "--out", same, "--json", same)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert "no permission" in refused("homework", "--out", locked / "report.html")


def test_a_data_root_without_data_names_it(tmp_path: Path) -> None:
    text = refused("homework", "--data-root", tmp_path)
    assert str(tmp_path) in text and "--download" in text


def test_the_full_profile_without_data_says_where_to_give_it() -> None:
    assert "--data-root" in refused("homework", "--profile", "full")


def test_an_absent_device_and_an_unknown_part() -> None:
    assert "--device auto" in refused("homework", "--device", "mps")
    assert "the parts are" in refused("homework", "--only", "9.9")


def test_the_starter_earns_nothing_and_every_criterion_says_what_to_write(tmp_path: Path) -> None:
    out, document = tmp_path / "report.html", tmp_path / "report.json"
    out.write_text("the report of yesterday")
    done = grade("homework", "--out", out, "--json", document, "--min-score", 1)
    assert done.returncode == 1, done.stderr
    report = json.loads(document.read_text())
    assert report["score"]["points"] == 0 and report["score"]["max"] == 100
    for criterion in report["criteria"]:
        assert criterion["outcome"] in ("failed", "skipped")
        assert ".py" in criterion["hint"] or "plots/" in criterion["hint"] or "README" in criterion["hint"], criterion["id"]
    assert "<html" in out.read_text() and list(tmp_path.iterdir()) == sorted([out, document], key=list(tmp_path.iterdir()).index)


def test_one_part_alone(tmp_path: Path) -> None:
    document = tmp_path / "report.json"
    done = grade("reference", "--only", "3.1", "--json", document, "--quiet")
    assert done.returncode == 0, done.stderr
    report = json.loads(document.read_text())
    assert report["score"] == {"points": 15, "max": 15, "lowest": 15, "highest": 15}
    assert [part["id"] for part in report["parts"]] == ["3.1"]
