"""What a student reads."""

from __future__ import annotations

import re
from fractions import Fraction

from grader.cohort.records import Cohort, Row, Student
from grader.records import Outcome, Review
from grader.report.cohort.mail import to_mail
from tests.report.cohort.conftest import cohort_of, failed, graded, mark, marks, passed


def of(cohort: Cohort, id: str) -> str:
    return to_mail(next(row for row in cohort.rows if row.student.id == id), cohort)


def test_mail_tells_points_parts_lateness_people_and_the_report(seven: Cohort) -> None:
    text = of(seven, "s3")
    assert text.startswith("Hello Chiara Żuk,\n\nLesson 4: 3 of 10 points.\n")
    assert "  1 / 6  1 Networks\n  4 / 4  2 Report\n" in text
    assert "Handed in 1 day late: 2 of 5 points taken away." in text
    assert "The README says what the numbers show: 4 of 4 points; the grader gave 0\n      It is in <docs>, page 2 (M. Weber)" in text
    assert "Well done.\n  – See plot 2 & 3\n      M. Weber, 2026-03-01 23:59" in text
    assert "s3.html" in text and "/in/" not in text
    assert text.endswith("\n") and not text.endswith("\n\n")


def test_what_cost_the_most_stands_first_with_its_reason(seven: Cohort) -> None:
    text = of(seven, "s3")
    first, second = (
        text.index("3 of 4: The network has 3 layers (1)\n      2 counted (x)"),
        text.index("2 of 2: The network learns (1)\n      no training"),
    )
    assert first < second


def test_what_was_skipped_is_left_to_the_report() -> None:
    row = graded("s1", "A", marks(failed(4, "no class"), mark(0, 2, Outcome.SKIPPED, why="no class"), passed(4)))
    assert to_mail(row, cohort_of(row)).count("no class") == 1


def test_an_open_review_says_how_it_may_end_with_lateness_taken_away() -> None:
    row = graded("s1", "A", marks(failed(4, review=Review.REQUIRED), passed(2), passed(4)), days_late=1, late_points=Fraction(1))
    assert "A person still has to look at 1 criterion; it may end between 5 and 9 points." in to_mail(row, cohort_of(row))


def test_all_points_need_few_words(seven: Cohort) -> None:
    text = of(seven, "s1")
    assert "10 of 10 points" in text
    assert not re.search("most|person|late|taken", text)


def test_lateness_never_takes_more_than_there_was() -> None:
    row = graded("s1", "A", marks(failed(4), passed(2), failed(4)), days_late=3, late_points=Fraction(5))
    assert "Handed in 3 days late: 2 of 2 points taken away." in to_mail(row, cohort_of(row))


def test_everybody_gets_a_kind_text(any_cohort: Cohort) -> None:
    for row in any_cohort.rows:
        text = to_mail(row, any_cohort)
        assert text.startswith("Hello ") and len(text) < 20_000
        assert text.encode() and not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", text)


def test_a_grader_fault_is_not_blamed_on_the_student(seven: Cohort) -> None:
    text = of(seven, "s5")
    assert "not your fault" in text and "memory" not in text and "points" not in text
    assert "the zip is damaged" in of(seven, "s4")
    assert "please answer" in of(seven, "s7")


def test_a_name_is_one_line() -> None:
    row = Row(Student("s1", "Eve\nBcc: all@example"), "missing")
    assert to_mail(row, cohort_of(row)).splitlines()[0] == "Hello Eve Bcc: all@example,"
