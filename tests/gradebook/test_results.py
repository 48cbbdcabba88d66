"""What came of grading: kept whole, found again, tried again only where it has to be."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from grader.cohort.records import Done, Intake, Mark, Student, Terms
from grader.errors import GraderFault, InputError
from grader.gradebook import Gradebook
from grader.records import Outcome, Review
from tests.gradebook.conftest import Class
from tests.gradebook.made import FULL, PARTIAL, PARTS, TERMS, TITLES, WORTH, cohort_of, document, graded, handed_in, row_of, tables_of


def test_terms_are_none_first_and_then_the_last_ones(tmp_path: Path) -> None:
    with Gradebook.open(tmp_path / "g.sqlite", write=True) as book:
        assert book.terms() is None
        book.set_terms(TERMS)
        book.set_terms(replace(TERMS, seed=5))
        assert book.terms() == replace(TERMS, seed=5)
        book.set_terms(TERMS)
        assert book.terms() == TERMS


def test_terms_that_hold_already_add_nothing(three: Class) -> None:
    before = tables_of(three.path)
    three.book.set_terms(TERMS)
    assert tables_of(three.path) == before


@pytest.mark.parametrize("status, expected", [("graded", True), ("unreadable", True), ("failed", False)])
def test_what_failed_is_tried_again(three: Class, status: str, expected: bool) -> None:
    content = three.contents["ada"]
    assert not three.book.has("ada", content, TERMS)
    three.book.record(graded("ada", content, status=status, document=FULL if status == "graded" else b""), TERMS)
    assert three.book.has("ada", content, TERMS) is expected


@pytest.mark.parametrize("field", [field.name for field in fields(Terms)])
def test_other_terms_are_graded_anew(three: Class, field: str) -> None:
    three.book.record(graded("ada", three.contents["ada"]), TERMS)
    other = replace(TERMS, **{field: 1 if field == "seed" else "other"})
    assert not three.book.has("ada", three.contents["ada"], other)


def test_each_student_has_results_of_their_own(three: Class) -> None:
    three.book.record(graded("ada", "same"), TERMS)
    assert three.book.has("ada", "same", TERMS)
    assert not three.book.has("bob", "same", TERMS)
    assert not three.book.has("ada", "other", TERMS)


def test_a_document_comes_back_byte_for_byte(three: Class) -> None:
    report = document(WORTH, changes={"1.net": {"why": "naïve “quotes” \x1f 层"}})
    three.book.record(graded("ada", three.contents["ada"], report), TERMS)
    assert three.book.document("ada") == report


@pytest.mark.parametrize("done, words", [(None, "run grade batch"), ("unreadable", "The zip is broken."), ("failed", "The zip is broken.")])
def test_no_document_says_why(three: Class, done: str | None, words: str) -> None:
    if done:
        three.book.record(Done("ada", three.contents["ada"], done, "The zip is broken."), TERMS)
    with pytest.raises(InputError, match=words):
        three.book.document("ada")


def test_a_document_of_nobody_names_the_nearest(three: Class) -> None:
    with pytest.raises(InputError, match=r"Did you mean ada \(Name of ada\)"):
        three.book.document("adaa")


def test_verdicts_become_marks_in_the_order_of_the_rubric(three: Class) -> None:
    changes = {"2.block": {"review": Review.REQUIRED, "look_at": "net.py:3", "outcome": Outcome.BROKEN, "why": "it broke"}}
    three.book.record(graded("ada", three.contents["ada"], document({"2.block": 0.0, "1.net": 2.0}, changes=changes)), TERMS)
    marks = row_of(three.book, "ada").marks
    assert list(marks) == ["2.block", "1.net"]
    assert marks["2.block"] == Mark(Fraction(0), Fraction(5), Outcome.BROKEN, Review.REQUIRED, "it broke", "net.py:3")
    assert marks["1.net"] == Mark(Fraction(2), Fraction(2), Outcome.PASSED, Review.NONE, "why 1.net", None)
    assert three.book.marks("ada") == marks
    assert three.book.marks("bob") == {}


def test_points_are_the_decimals_of_the_report(three: Class) -> None:
    three.book.record(graded("ada", three.contents["ada"], document({"1.net": 0.1, "1.accuracy": 1.3333})), TERMS)
    assert [mark.points for mark in three.book.marks("ada").values()] == [Fraction(1, 10), Fraction(13333, 10000)]


def test_the_last_result_for_the_content_that_counts_stands(three: Class, tmp_path: Path) -> None:
    three.book.record(graded("ada", three.contents["ada"], PARTIAL), TERMS)
    three.book.record(graded("ada", three.contents["ada"], FULL), TERMS, why="again")
    three.book.record(graded("ada", "what was handed in before", PARTIAL), TERMS)
    assert row_of(three.book, "ada").points == 10
    assert three.book.document("ada") == FULL


def test_new_work_waits_although_the_old_one_was_graded(three: Class, tmp_path: Path) -> None:
    three.book.record(graded("ada", three.contents["ada"]), TERMS)
    intake = Intake((Student("ada"),), (handed_in(tmp_path / "work", "ada", "better"),))
    assert three.book.take_in(intake)["ada"] != three.contents["ada"]
    assert row_of(three.book, "ada").status == "waiting"
    assert row_of(three.book, "ada").points == 0


def test_old_work_that_counts_again_has_its_result(three: Class, tmp_path: Path) -> None:
    three.book.record(graded("ada", three.contents["ada"]), TERMS)
    three.book.take_in(Intake((Student("ada"),), (handed_in(tmp_path / "work", "ada", "better"),)))
    three.book.take_in(cohort_of(tmp_path / "work", "ada"))
    assert row_of(three.book, "ada").points == 10


def test_expected_seconds_are_those_of_the_last_time(three: Class) -> None:
    assert three.book.expected_seconds("ada") is None
    three.book.record(graded("ada", "old", seconds=12.5), TERMS)
    three.book.record(graded("ada", "new", seconds=40.0), TERMS)
    three.book.record(graded("bob", "new", seconds=1.0), TERMS)
    assert three.book.expected_seconds("ada") == 40.0


def test_the_same_intake_adds_nothing(three: Class, tmp_path: Path) -> None:
    before = tables_of(three.path)
    three.book.take_in(cohort_of(tmp_path / "work", "ada", "bob", "cyd"))
    assert tables_of(three.path) == before


def test_a_change_on_disk_is_a_new_intake(three: Class, tmp_path: Path) -> None:
    intake = cohort_of(tmp_path / "work", "ada", "bob", "cyd")
    intake.attempts[0].source.write_text("changed")
    assert three.book.take_in(intake)["ada"] != three.contents["ada"]
    assert tables_of(three.path)["intakes"] == 2


def test_provenance_is_what_was_used_not_what_was_asked_for(three: Class) -> None:
    three.book.record(graded("ada", three.contents["ada"], host="node7"), TERMS, why="regrade")
    three.book.record(Done("bob", three.contents["bob"], "unreadable", "empty"), TERMS)
    connection = sqlite3.connect(three.path)
    connection.row_factory = sqlite3.Row
    ada, bob = (dict(row) for row in connection.execute("SELECT * FROM results ORDER BY id"))
    connection.close()
    assert (ada["device"], ada["seed"], ada["host"], ada["occasion"], ada["rubric_hash"]) == ("cuda", "7", "node7", "regrade", "rubric-1")
    assert json.loads(ada["data"]) == {"mnist": "digits: made"}
    assert datetime.now(UTC) - datetime.fromisoformat(ada["recorded"]) < timedelta(minutes=5)
    assert (bob["device"], bob["seed"], bob["occasion"]) == ("auto", str(2**70 + 1), "batch")


@pytest.mark.parametrize(
    "report",
    [b"", b"{}", b"[]", b"nonsense", FULL[:-20], FULL.replace(b'"version":1', b'"version":2'), FULL.replace(b'"passed"', b'"splendid"')],
)
def test_what_is_no_report_is_the_graders_fault_and_leaves_nothing(three: Class, report: bytes) -> None:
    before = tables_of(three.path)
    with pytest.raises(GraderFault, match="The report on ada is not as the grader writes it"):
        three.book.record(graded("ada", three.contents["ada"], report), TERMS)
    assert tables_of(three.path) == before
    three.book.record(graded("ada", three.contents["ada"]), TERMS)
    assert row_of(three.book, "ada").points == 10


def test_a_report_on_a_part_is_no_mark(three: Class) -> None:
    with pytest.raises(GraderFault, match=r"judges only 1\.net"):
        three.book.record(graded("ada", three.contents["ada"], document({"1.net": 2.0}, only=("1.net",))), TERMS)
    assert row_of(three.book, "ada").status == "waiting"


def test_the_assignment_is_as_the_reports_say(three: Class) -> None:
    empty = three.book.cohort(None)
    assert (empty.assignment, empty.max_points, empty.heads, empty.parts) == ("", 0, (), ())
    three.book.record(graded("ada", three.contents["ada"]), TERMS)
    cohort = three.book.cohort(None)
    assert (cohort.assignment, cohort.max_points, cohort.terms) == ("Lesson 4", 10, TERMS)
    assert [(head.criterion, head.part, head.title, head.max_points) for head in cohort.heads] == [
        (name, name[0], TITLES[name], Fraction(worth)) for name, worth in WORTH.items()
    ]
    assert cohort.parts == tuple((part, title, Fraction(most)) for part, (title, most) in PARTS.items())


def test_a_corrected_rubric_names_the_heads_once_there_is_a_result_under_it(three: Class) -> None:
    three.book.record(graded("ada", three.contents["ada"]), TERMS)
    corrected = replace(TERMS, rubric_hash="rubric-2")
    three.book.set_terms(corrected)
    assert [head.title for head in three.book.cohort(None).heads] == list(TITLES.values())
    changed = document(WORTH, changes={"1.net": {"title": "It has three layers"}})
    three.book.record(graded("ada", three.contents["ada"], changed), corrected, why="regrade")
    assert three.book.cohort(None).heads[0].title == "It has three layers"
    three.book.set_terms(TERMS)
    assert three.book.cohort(None).heads[0].title == TITLES["1.net"]
