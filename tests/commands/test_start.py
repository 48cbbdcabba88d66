"""Before the first grading: the starter, the list of criteria, and what this machine has."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader.commands.start import doctor_app, init_app, list_app
from grader.rubric import default_rubric, load_rubric

HOMEWORK = Path(__file__).resolve().parents[2] / "homework"


def test_init_writes_the_starter_and_overwrites_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    done = CliRunner().invoke(init_app, [str(folder)])
    assert done.exit_code == 0 and str(folder) in done.output
    written = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.py")}
    assert written == {str(path.relative_to(HOMEWORK)): path.read_bytes() for path in HOMEWORK.rglob("*.py")}
    (folder / "README.md").write_text("my own words")
    again = CliRunner().invoke(init_app, [str(folder)])
    assert again.exit_code == 2 and "not an empty folder" in again.output
    assert (folder / "README.md").read_text() == "my own words"


def test_init_refuses_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(init_app, [str(tmp_path / "file" / "inside")])
    assert done.exit_code == 2 and "Traceback" not in done.output


def test_list_shows_every_criterion_with_its_points() -> None:
    done = CliRunner().invoke(list_app, [], env={"COLUMNS": "200"})
    rubric, _ = load_rubric(default_rubric())
    assert done.exit_code == 0
    lines = done.output.splitlines()
    for each in rubric.criterion:
        assert any(each.id in line and f" {float(each.points):g} " in line for line in lines), each.id
    assert all(any(each.id in line for line in lines) for each in rubric.advice)


def test_list_of_a_rubric_with_a_fault_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rubric.toml").write_text("[assignment]\n")
    done = CliRunner().invoke(list_app, ["--rubric", str(tmp_path / "rubric.toml")])
    assert done.exit_code == 2 and "rubric" in done.output


def test_doctor_finds_what_grading_needs() -> None:
    done = CliRunner().invoke(doctor_app, [], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert all(word in done.output for word in ("torch", "--device auto takes", "isolation", "GiB free", "built-in images"))


def test_doctor_says_where_data_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    done = CliRunner().invoke(doctor_app, ["--data-root", str(tmp_path)], env={"COLUMNS": "200"})
    assert done.exit_code == 1 and "missing" in done.output and "--download" in done.output


def test_doctor_tells_a_machine_without_bubblewrap_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import grader.sandbox.isolation as isolation

    monkeypatch.setattr(isolation, "unusable", lambda: "bubblewrap is not installed")
    done = CliRunner().invoke(doctor_app, [], env={"COLUMNS": "200"})
    assert done.exit_code == 0 and "apt install bubblewrap" in done.output
