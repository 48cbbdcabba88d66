"""Who needs a human first."""

from __future__ import annotations

from dataclasses import replace

from grader.cohort.records import Cohort
from grader.records import Outcome, Review
from grader.report.cohort.attention import waiting
from tests.report.cohort.conftest import GIVEN, cohort_of, failed, graded, mark, marks, passed


def ids(cohort: Cohort) -> list[str]:
    return [one.row.student.id for one in waiting(cohort)]


def test_faults_then_the_unreadable_then_reviews(seven: Cohort) -> None:
    assert ids(seven) == ["s5", "s4", "s2"]


def test_reviews_stand_by_the_points_that_hang_on_them() -> None:
    two, four = failed(2, review=Review.REQUIRED), failed(4, review=Review.REQUIRED)
    rows = (
        graded("two", "", marks(passed(4), two, passed(4))),
        graded("six", "", marks(passed(4), two, four)),
        graded("four", "", marks(passed(4), passed(2), four)),
    )
    assert ids(cohort_of(*rows)) == ["six", "four", "two"]
    assert [criterion for criterion, _ in waiting(cohort_of(rows[1]))[0].criteria] == ["2.readme", "1.learns"]


def test_a_fault_of_the_grader_in_one_criterion_waits_too() -> None:
    broken = mark(0, 2, Outcome.BROKEN)
    assert ids(cohort_of(graded("s1", "", marks(passed(4), broken, passed(4))))) == ["s1"]


def test_a_review_that_is_only_recommended_does_not() -> None:
    assert ids(cohort_of(graded("s1", "", marks(passed(4), failed(2, review=Review.RECOMMENDED), passed(4))))) == []


def test_whom_a_person_has_given_points_waits_no_more(seven: Cohort) -> None:
    decided = replace(GIVEN, review=Review.REQUIRED)
    assert ids(cohort_of(graded("s1", "", marks(passed(4), passed(2), decided)))) == []
    assert ids(cohort_of(replace(seven.rows[3], marks={"2.readme": GIVEN}))) == []
