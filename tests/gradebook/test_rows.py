"""A student's row: where the work stands, the total with what people and the calendar change, whoever the student is."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import pytest

from grader.cohort.late import Amount, Late
from grader.cohort.records import Attempt, Done, Intake, Student, Unmatched
from grader.gradebook import Gradebook
from grader.records import Review
from tests.gradebook.conftest import Class
from tests.gradebook.made import PARTIAL, TERMS, WORTH, document, graded, handed_in, row_of

DUE = datetime(2026, 11, 20, 23, 59, tzinfo=timezone(timedelta(hours=3)))
LATE = Late(DUE, Amount(Fraction(3)), cap=Amount(Fraction(9)))
HOSTILE = (
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "=cmd|'/c calc'!A1",
    "x" * 300,
    "'; DROP TABLE results; --",
    "a\x00b",
    "é\u202e层",
)


def test_each_status(three: Class, tmp_path: Path) -> None:
    intake = Intake(
        tuple(Student(one) for one in ("ada", "bob", "cyd", "dan", "eve")),
        tuple(handed_in(tmp_path / "work", one) for one in ("ada", "bob", "cyd", "dan")),
    )
    contents = three.book.take_in(intake)
    three.book.record(graded("ada", contents["ada"]), TERMS)
    three.book.record(Done("bob", contents["bob"], "unreadable", "The zip is broken."), TERMS)
    three.book.record(Done("cyd", contents["cyd"], "failed", "The grader fell."), TERMS)
    rows = {row.student.id: row for row in three.book.cohort(None).rows}
    assert {one: row.status for one, row in rows.items()} == {
        "ada": "graded", "bob": "unreadable", "cyd": "failed", "dan": "waiting", "eve": "missing",
    }  # fmt: skip
    assert (rows["bob"].reason, rows["cyd"].reason, rows["ada"].reason) == ("The zip is broken.", "The grader fell.", "")
    assert {one: row.report for one, row in rows.items() if row.report} == {"ada": "reports/ada.html"}
    assert rows["eve"].attempt is None and rows["eve"].graded is None
    assert rows["ada"].seconds == 30.0 and rows["ada"].graded is not None
    assert [row.final for row in rows.values()] == [10, 0, 0, 0, 0]


def test_rows_are_ordered_by_name_then_id(three: Class) -> None:
    three.book.take_in(Intake((Student("3", "bea"), Student("2", "Zoë"), Student("1", "bea"), Student("0", "Ann"), Student("9", "")), ()))
    assert [row.student.id for row in three.book.cohort(None).rows] == ["9", "0", "1", "3", "2"]


def test_all_that_is_known_of_students_and_attempts_comes_back(three: Class, tmp_path: Path) -> None:
    student = Student("ada", "Ada L.", "B2", DUE, "4711")
    counting = handed_in(tmp_path / "work", "ada", "second", handed_in=DUE)
    first = handed_in(tmp_path / "work", "ada", "first", handed_in=DUE - timedelta(days=1), counts=False)
    three.book.take_in(Intake((student,), (first, counting), (Unmatched("who.zip", "nobody has this id"),)))
    cohort = three.book.cohort(None)
    assert cohort.unmatched == (Unmatched("who.zip", "nobody has this id"),)
    row = cohort.rows[0]
    assert (row.student, row.attempt, row.others) == (student, counting, (first,))
    assert row.attempt is not None and row.attempt.handed_in is not None
    assert row.attempt.handed_in.utcoffset() == timedelta(hours=3)


def test_the_last_intake_is_the_cohort(three: Class, tmp_path: Path) -> None:
    three.book.take_in(Intake((Student("bob"), Student("new")), (handed_in(tmp_path / "work", "new"),)))
    assert {row.student.id: row.status for row in three.book.cohort(None).rows} == {"bob": "missing", "new": "waiting"}


def test_the_total_is_the_reports_own(three: Class) -> None:
    """A third of 2, 3 and 5 points is rounded for each criterion, and once for the whole: 3.3333 is not their sum."""
    shown = document({"1.net": 0.6667, "1.accuracy": 1.0, "2.block": 1.6667}, total=3.3333)
    three.book.record(graded("ada", three.contents["ada"], shown), TERMS)
    row = row_of(three.book, "ada")
    assert row.machine_points == row.points == row.final == Fraction("3.3333")


def test_open_reviews_give_a_range_until_a_person_has_spoken(three: Class) -> None:
    changes = {"1.accuracy": {"review": Review.REQUIRED}, "2.block": {"review": Review.REQUIRED}, "1.net": {"review": Review.RECOMMENDED}}
    report = document({"1.net": 0.5, "1.accuracy": 1.5, "2.block": 0.0}, changes=changes)
    three.book.record(graded("ada", three.contents["ada"], report), TERMS)
    row = row_of(three.book, "ada")
    assert (row.points, row.lowest, row.highest, row.open_reviews) == (2, Fraction(1, 2), Fraction(17, 2), 2)
    three.book.override("ada", "2.block", Fraction(4), "it is there", "tutor")
    row = row_of(three.book, "ada")
    assert (row.points, row.lowest, row.highest, row.open_reviews) == (6, Fraction(9, 2), Fraction(15, 2), 1)


@pytest.mark.parametrize(
    "days, own_deadline, taken",
    [(0, None, 0), (1, None, 3), (2, None, 6), (9, None, 9), (3, DUE + timedelta(days=3), 0), (3, DUE + timedelta(days=2), 3)],
)
def test_late_work_loses_points(three: Class, tmp_path: Path, days: int, own_deadline: datetime | None, taken: int) -> None:
    student = Student("ada", deadline=own_deadline)
    contents = three.book.take_in(Intake((student,), (handed_in(tmp_path / "work", "ada", handed_in=DUE + timedelta(days=days)),)))
    three.book.record(graded("ada", contents["ada"]), TERMS)
    row = row_of(three.book, "ada", LATE)
    assert (row.points, row.late_points, row.final) == (10, taken, 10 - taken)
    assert row.days_late * 3 >= taken
    assert row_of(three.book, "ada").final == 10


def test_late_points_never_make_a_debt(three: Class, tmp_path: Path) -> None:
    late = handed_in(tmp_path / "work", "ada", handed_in=DUE.astimezone(UTC) + timedelta(days=5))
    contents = three.book.take_in(Intake((Student("ada"),), (late,)))
    three.book.record(graded("ada", contents["ada"], PARTIAL), TERMS)
    row = row_of(three.book, "ada", LATE)
    assert (row.points, row.late_points, row.final) == (Fraction(7, 2), 9, 0)


def test_nothing_is_late_where_the_time_is_unknown_or_nothing_came(three: Class, tmp_path: Path) -> None:
    three.book.take_in(Intake((Student("ada"), Student("bob")), (handed_in(tmp_path / "work", "ada"),)))
    assert [(row.days_late, row.late_points) for row in three.book.cohort(LATE).rows] == [(0, 0), (0, 0)]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(three: Class, tmp_path: Path, text: str) -> None:
    student = Student(text, text, text, lms_id=text)
    attempt = Attempt(text, handed_in(tmp_path / "work", "x").source, text)
    contents = three.book.take_in(Intake((student,), (attempt,), (Unmatched(text, text),)))
    report = document(WORTH, changes={"1.net": {"why": text, "look_at": text}})
    three.book.record(graded(text, contents[text], report, reason=text, host=text), TERMS)
    three.book.comment(text, text + "!", text)
    three.book.override(text, "1.net", Fraction(1), text, text)
    row = row_of(three.book, text)
    assert (row.student, row.attempt, row.reason, row.comments[0].text) == (student, attempt, text, text + "!")
    assert (row.marks["1.net"].why, row.marks["1.net"].override.reason) == (text, text)  # type: ignore[union-attr]
    assert ".." not in Path(row.report).parts and Path(row.report).parent == Path("reports")


def test_half_a_character_is_written_out(three: Class, tmp_path: Path) -> None:
    attempt = Attempt("ada", handed_in(tmp_path / "work", "ada").source, "caf\udce9.zip")
    three.book.take_in(Intake((Student("ada", "\ud800x"),), (attempt,)))
    row = row_of(three.book, "ada")
    assert row.student.name == "\\ud800x"
    assert row.attempt is not None and row.attempt.label == "caf\\udce9.zip"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every file name is Unicode")
def test_a_path_that_is_not_unicode_still_leads_to_the_file(three: Class, tmp_path: Path) -> None:
    source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py"))
    source.write_text("x = 1")
    contents = three.book.take_in(Intake((Student("ada"),), (Attempt("ada", source, "café"),)))
    three.book.record(graded("ada", contents["ada"]), TERMS)
    row = row_of(three.book, "ada")
    assert row.attempt is not None and row.attempt.source.read_text() == "x = 1"
    assert row.points == 10


def test_an_empty_book_has_an_empty_cohort(tmp_path: Path) -> None:
    with Gradebook.open(tmp_path / "g.sqlite", write=True) as book:
        cohort = book.cohort(LATE)
    assert (cohort.rows, cohort.unmatched, cohort.terms) == ((), (), None)
