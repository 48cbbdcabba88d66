"""What new results would change, before they are recorded."""

from __future__ import annotations

from fractions import Fraction

import pytest

from grader.cohort.records import Done
from grader.errors import GraderFault
from grader.gradebook.changes import Change, changes
from tests.gradebook.conftest import Class
from tests.gradebook.made import FULL, PARTIAL, TERMS, document, graded, tables_of


@pytest.fixture
def marked(three: Class) -> Class:
    """Ada has 0.5 of 2, 3 of 3, 0 of 5; Bob everything."""
    three.book.record(graded("ada", three.contents["ada"], PARTIAL), TERMS)
    three.book.record(graded("bob", three.contents["bob"], FULL), TERMS)
    return three


def again(marked: Class, student: str, report: bytes) -> Done:
    return graded(student, marked.contents[student], report)


def test_the_same_verdicts_change_nothing(marked: Class) -> None:
    assert changes(marked.book, [again(marked, "ada", PARTIAL), again(marked, "bob", FULL)]) == []


def test_each_changed_criterion_is_told_in_order(marked: Class) -> None:
    found = changes(
        marked.book, [again(marked, "bob", PARTIAL), again(marked, "ada", document({"1.net": 2.0, "1.accuracy": 3.0, "2.block": 0.1}))]
    )
    assert found == [
        Change("bob", "1.net", Fraction(2), Fraction(1, 2)),
        Change("bob", "2.block", Fraction(5), Fraction(0)),
        Change("ada", "1.net", Fraction(1, 2), Fraction(2)),
        Change("ada", "2.block", Fraction(0), Fraction(1, 10)),
    ]


def test_looking_writes_nothing(marked: Class) -> None:
    before = tables_of(marked.path)
    changes(marked.book, [again(marked, "ada", FULL)])
    assert tables_of(marked.path) == before


def test_a_criterion_that_comes_or_goes(marked: Class) -> None:
    assert changes(marked.book, [again(marked, "ada", document({"1.net": 0.5, "1.accuracy": 3.0}))]) == [
        Change("ada", "2.block", Fraction(0), None)
    ]
    assert changes(marked.book, [graded("cyd", marked.contents["cyd"], document({"1.net": 0.0}))]) == [
        Change("cyd", "1.net", None, Fraction(0))
    ]


def test_of_a_partial_report_only_what_it_judges(marked: Class) -> None:
    assert changes(marked.book, [again(marked, "bob", document({"1.net": 1.0}, only=("1.net",)))]) == [
        Change("bob", "1.net", Fraction(2), Fraction(1))
    ]


def test_a_persons_word_is_told_with_it(marked: Class) -> None:
    marked.book.override("ada", "2.block", Fraction(4), "seen", "tutor")
    (change,) = changes(marked.book, [again(marked, "ada", document({"1.net": 0.5, "1.accuracy": 3.0, "2.block": 5.0}))])
    assert (change.before, change.after) == (0, 5)
    assert change.override is not None and change.override.points == 4


def test_who_could_not_be_graded_this_time_would_lose_every_verdict(marked: Class) -> None:
    found = changes(marked.book, [Done("bob", marked.contents["bob"], "failed", "The grader fell.")])
    assert [(change.criterion, change.after) for change in found] == [("1.net", None), ("1.accuracy", None), ("2.block", None)]


def test_what_is_no_report_is_refused(marked: Class) -> None:
    with pytest.raises(GraderFault, match="not as the grader writes it"):
        changes(marked.book, [again(marked, "ada", b"{}")])
