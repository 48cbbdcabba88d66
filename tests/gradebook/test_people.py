"""Overrides and comments: beside the machine's verdict, kept through every new result, taken back by another row."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from grader.cohort.records import Done, Intake, Student
from grader.errors import InputError
from grader.records import Outcome
from tests.gradebook.conftest import Class
from tests.gradebook.made import FULL, PARTIAL, TERMS, document, graded, handed_in, row_of, tables_of


@pytest.fixture
def marked(three: Class) -> Class:
    """Ada has 3.5 points: 0.5 of 2, 3 of 3, 0 of 5."""
    three.book.record(graded("ada", three.contents["ada"], PARTIAL), TERMS)
    return three


def test_an_override_stands_beside_the_machines_points(marked: Class) -> None:
    marked.book.override("ada", "2.block", Fraction(9, 2), "shown in class", "Dr. Lee")
    row = row_of(marked.book, "ada")
    mark = row.marks["2.block"]
    assert mark.override is not None
    assert (mark.points, mark.final, mark.outcome) == (0, Fraction(9, 2), Outcome.FAILED)
    assert (mark.override.reason, mark.override.author, mark.override.criterion) == ("shown in class", "Dr. Lee", "2.block")
    assert datetime.now(UTC) - mark.override.made < timedelta(minutes=5)
    assert (row.machine_points, row.points, row.final) == (Fraction(7, 2), 8, 8)
    assert row_of(marked.book, "bob").points == 0
    assert marked.book.overrides("ada") == {"2.block": mark.override}
    assert marked.book.overrides("bob") == {}


def test_the_last_override_holds_and_all_are_kept(marked: Class) -> None:
    for points in (5, 1, 2):
        marked.book.override("ada", "2.block", Fraction(points), "better thought", "tutor")
    assert row_of(marked.book, "ada").marks["2.block"].final == 2
    assert tables_of(marked.path)["overrides"] == 3


def test_an_override_is_taken_back_and_made_again(marked: Class) -> None:
    marked.book.override("ada", "2.block", Fraction(5), "seen", "tutor")
    marked.book.override("ada", "2.block", None, "a mistake", "tutor")
    assert row_of(marked.book, "ada").points == Fraction(7, 2)
    with pytest.raises(InputError, match=r"no override of 2\.block for ada to take back"):
        marked.book.override("ada", "2.block", None, "again", "tutor")
    marked.book.override("ada", "2.block", Fraction(1), "seen after all", "tutor")
    assert row_of(marked.book, "ada").points == Fraction(9, 2)


def test_peoples_words_survive_new_results_and_new_work(marked: Class, tmp_path: Path) -> None:
    marked.book.override("ada", "2.block", Fraction(1), "seen", "tutor")
    marked.book.comment("ada", "Well done", "tutor")
    marked.book.record(graded("ada", marked.contents["ada"], FULL), replace(TERMS, seed=1), why="regrade")
    assert row_of(marked.book, "ada").points == 6
    contents = marked.book.take_in(Intake((Student("ada"),), (handed_in(tmp_path / "work", "ada", "better"),)))
    marked.book.record(graded("ada", contents["ada"], PARTIAL), TERMS)
    row = row_of(marked.book, "ada")
    assert (row.points, row.comments[0].text) == (Fraction(9, 2), "Well done")


def test_an_override_of_what_the_new_rubric_does_not_ask_for_counts_for_nothing(marked: Class) -> None:
    marked.book.override("ada", "2.block", Fraction(1), "seen", "tutor")
    marked.book.record(graded("ada", marked.contents["ada"], document({"1.net": 2.0})), TERMS)
    row = row_of(marked.book, "ada")
    assert (row.points, list(row.marks)) == (2, ["1.net"])


@pytest.mark.parametrize("status", ["unreadable", "failed", "missing"])
def test_a_person_can_give_points_where_the_machine_could_not(marked: Class, tmp_path: Path, status: str) -> None:
    if status == "missing":
        marked.book.take_in(Intake((Student("bob"),), ()))
    else:
        marked.book.record(Done("bob", marked.contents["bob"], status, "The zip is broken."), TERMS)
    marked.book.override("bob", "1.accuracy", Fraction(3), "shown on paper", "tutor")
    row = row_of(marked.book, "bob")
    assert (row.status, row.machine_points, row.points, list(row.marks)) == (status, 0, 3, ["1.accuracy"])
    assert row.marks["1.accuracy"].points == 0
    assert row.marks["1.accuracy"].why == ("Nothing was graded." if status == "missing" else "The zip is broken.")


@pytest.mark.parametrize(
    "student, criterion, points, reason, words",
    [
        ("adda", "2.block", 1, "r", r"no student 'adda'. Did you mean ada \(Name of ada\)\?"),
        ("Name of bbo", "2.block", 1, "r", r"Did you mean .*bob \(Name of bob\)"),
        ("zzzzzzz", "2.block", 1, "r", "by their id"),
        ("ada", "2.blok", 1, "r", r"no criterion '2.blok'. Did you mean 2.block\?"),
        ("ada", "qqqq", 1, "r", "There are: 1.net, 1.accuracy, 2.block"),
        ("ada", "2.block", 5.5, "r", "worth 5 points: give 0 to 5 with --points, not 5.5"),
        ("ada", "2.block", -1, "r", "not -1"),
        ("ada", "2.block", 1, "  ", "--reason"),
    ],
)
def test_what_cannot_be_meant_is_refused(marked: Class, student: str, criterion: str, points: float, reason: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        marked.book.override(student, criterion, Fraction(points), reason, "tutor")
    assert tables_of(marked.path)["overrides"] == 0


@pytest.mark.parametrize("points", [0, 5])
def test_nothing_and_everything_can_be_given(marked: Class, points: int) -> None:
    marked.book.override("ada", "2.block", Fraction(points), "looked at it", "tutor")
    assert row_of(marked.book, "ada").points == Fraction(7, 2) + points


def test_without_a_result_no_criterion_is_known(three: Class) -> None:
    with pytest.raises(InputError, match="Nothing is graded yet"):
        three.book.override("ada", "2.block", Fraction(1), "seen", "tutor")


def test_comments_are_kept_in_order(marked: Class) -> None:
    marked.book.comment("ada", "On the whole", "tutor")
    marked.book.comment("ada", "On this", "Dr. Lee", criterion="1.net")
    comments = row_of(marked.book, "ada").comments
    assert [(one.criterion, one.text, one.author) for one in comments] == [("", "On the whole", "tutor"), ("1.net", "On this", "Dr. Lee")]
    assert row_of(marked.book, "bob").comments == ()


@pytest.mark.parametrize(
    "student, text, criterion, words", [("adda", "x", "", "ada"), ("ada", "x", "2.blok", "2.block"), ("ada", " \n", "", "text")]
)
def test_a_comment_on_nothing_is_refused(marked: Class, student: str, text: str, criterion: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        marked.book.comment(student, text, "tutor", criterion)
    assert tables_of(marked.path)["comments"] == 0


@pytest.mark.parametrize(
    "given, total",
    [
        ({"1.accuracy": 2}, "4.3333"),  # two rounded marks stand: the report's total and one point more
        ({"1.net": 2}, "4.6666"),  # 2 + 1 + 1.6667, less the 0.0001 by which the marks are more than the total
        ({"1.net": 2, "2.block": 5}, "8"),
        ({"1.net": 2, "1.accuracy": 3, "2.block": 5}, "10"),
        ({"1.net": 0, "1.accuracy": 0, "2.block": 0}, "0"),
    ],
)
def test_what_people_give_adds_up_although_reports_round(three: Class, given: dict[str, int], total: str) -> None:
    shown = document({"1.net": 0.6667, "1.accuracy": 1.0, "2.block": 1.6667}, total=3.3333)
    three.book.record(graded("ada", three.contents["ada"], shown), TERMS)
    for criterion, points in given.items():
        three.book.override("ada", criterion, Fraction(points), "seen", "tutor")
    assert row_of(three.book, "ada").points == Fraction(total)


def test_with_sql_marks_are_numbers(marked: Class) -> None:
    marked.book.override("ada", "2.block", Fraction(9, 2), "seen", "tutor")
    marked.book.override("ada", "1.accuracy", Fraction(1), "seen", "tutor")
    marked.book.override("ada", "1.accuracy", None, "not so", "tutor")
    connection = sqlite3.connect(marked.path)
    found = connection.execute("SELECT student, criterion, machine_points, override_points, max_points FROM marks ORDER BY 2").fetchall()
    connection.close()
    assert found == [("ada", "1.accuracy", 3.0, None, 3.0), ("ada", "1.net", 0.5, None, 2.0), ("ada", "2.block", 0.0, 4.5, 5.0)]
