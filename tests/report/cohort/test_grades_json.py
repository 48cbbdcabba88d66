"""The JSON keeps to its models, and to the numbers."""

from __future__ import annotations

import json
import re
from fractions import Fraction

from grader.cohort.records import Cohort
from grader.records import Outcome
from grader.report.cohort.grades_json import to_grades_json
from grader.report.cohort.grades_models import GradesModel
from tests.report.cohort.conftest import cohort_of, graded, mark, marks, passed


def test_every_cohort_is_of_the_form(any_cohort: Cohort) -> None:
    text = to_grades_json(any_cohort)
    document = GradesModel.model_validate_json(text.encode())
    assert len(document.students) == len(any_cohort.rows)
    assert text == to_grades_json(any_cohort)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\ud800-\udfff]", text)


def test_numbers_and_words_of_a_student(seven: Cohort) -> None:
    document = json.loads(to_grades_json(seven))
    student = document["students"][2]
    assert (student["machine_points"], student["points"], student["late_points"], student["final"]) == (1, 5, 2, 3)
    assert student["marks"]["2.readme"]["points"] == 0
    assert student["marks"]["2.readme"]["override"] == {
        "points": 4, "reason": "It is in <docs>, page 2", "author": "M. Weber", "made": "2026-03-01T23:59:00+03:00",
    }  # fmt: skip
    assert student["comments"][0]["text"] == "Well done.\n- See plot 2 & 3"
    assert [one["label"] for one in document["students"][0]["attempts"]] == ["s1.zip", "s1.zip"]
    assert [one["counts"] for one in document["students"][0]["attempts"]] == [True, False]
    assert document["unmatched"] == [{"label": "final (2).zip", "reason": "nobody has this name"}]


def test_a_reason_stands_where_points_were_lost(seven: Cohort) -> None:
    marks_of = json.loads(to_grades_json(seven))["students"][1]["marks"]
    assert marks_of["1.learns"]["why"] == "71.5 % of the images"
    assert "why" not in json.loads(to_grades_json(seven))["students"][0]["marks"]["1.learns"]


def test_thirds_have_four_decimals() -> None:
    row = graded("s1", "A", marks(mark(Fraction(4, 3), 4, Outcome.PARTIAL), passed(2), passed(4)))
    document = json.loads(to_grades_json(cohort_of(row)))
    assert document["students"][0]["marks"]["1.network"]["points"] == 1.3333


def test_the_seed_and_the_rubrics_text_are_not_told(seven: Cohort) -> None:
    text = to_grades_json(seven)
    assert "987654321" not in text and "text of the rubric" not in text and "sha256:5d0c" in text
