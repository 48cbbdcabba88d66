"""All files of the folder of grades, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.cohort.records import Cohort
from grader.errors import InputError
from grader.report.cohort.exports import write_exports
from grader.report.html import to_html
from tests.report.conftest import full_report


def test_every_file_is_written_and_named(any_cohort: Cohort, tmp_path: Path) -> None:
    written = write_exports(any_cohort, tmp_path / "grades")
    names = sorted(str(path.relative_to(tmp_path / "grades")) for path in (tmp_path / "grades").rglob("*") if path.is_file())
    assert sorted(str(path.relative_to(tmp_path / "grades")) for path in written) == names
    assert {"index.html", "canvas.csv", "moodle.csv", "grades.json", "mail.csv"} <= set(names)
    assert sum(name.startswith("mail/") for name in names) == len(any_cohort.rows)


def test_excel_is_told_that_the_mail_merge_is_utf_8(seven: Cohort, tmp_path: Path) -> None:
    write_exports(seven, tmp_path)
    assert (tmp_path / "mail.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert not (tmp_path / "canvas.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_reports_get_what_people_said_and_are_left_alone_otherwise(seven: Cohort, tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    page = to_html(full_report())
    for row in seven.rows[:3]:
        (tmp_path / row.report).write_text(page, encoding="utf-8")
    assert {path.name for path in write_exports(seven, tmp_path) if path.parent.name == "reports"} == {"s2.html", "s3.html"}
    assert (tmp_path / "reports/s1.html").read_text(encoding="utf-8") == page
    assert "Final: 3 of 10 points" in (tmp_path / "reports/s3.html").read_text(encoding="utf-8")
    assert not [path for path in write_exports(seven, tmp_path) if path.parent.name == "reports"]  # a second time says nothing new


def test_a_folder_that_cannot_be_written_to_is_named(seven: Cohort, tmp_path: Path) -> None:
    (tmp_path / "grades").write_text("a file")
    with pytest.raises(InputError, match=r"cannot be written to .*grades.*--out"):
        write_exports(seven, tmp_path / "grades")


def test_an_interrupted_writing_leaves_what_was_there(seven: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_exports(seven, tmp_path)
    before = (tmp_path / "index.html").read_bytes()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(InputError, match="No space left"):
        write_exports(seven, tmp_path)
    assert (tmp_path / "index.html").read_bytes() == before
    assert not list(tmp_path.glob(".index*"))
