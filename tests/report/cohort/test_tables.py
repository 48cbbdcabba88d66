"""What Canvas and Moodle import, read back by another reader; no cell is a formula."""

from __future__ import annotations

import csv
import io
import re

import pytest

from grader.cohort.records import Cohort
from grader.report.cohort import tables
from grader.report.cohort.cells import harmless
from grader.report.cohort.mail import to_mail_csv, to_mails
from grader.report.cohort.tables import to_canvas_csv
from tests.report.cohort.conftest import COHORTS


def to_moodle_csv(cohort: Cohort) -> str:
    return tables.to_moodle_csv(cohort, to_mails(cohort))


def to_merge_csv(cohort: Cohort) -> str:
    return to_mail_csv(cohort, to_mails(cohort))


ALL = (to_canvas_csv, to_moodle_csv, to_merge_csv)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_canvas_gets_five_columns_about_the_student_and_one_for_the_assignment(seven: Cohort) -> None:
    head, possible, *rows = read(to_canvas_csv(seven))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lesson 4"]
    assert possible[0].strip() == "Points Possible" and possible[-1] == "10"
    assert rows == [
        ["Anna Kim", "901", "s1", "", "", "10"],
        ["Boris Петров", "902", "s2", "", "", "6"],
        ["Chiara Żuk", "903", "s3", "", "", "3"],
        ["Deepa Rao", "", "s4", "", "", "0"],
    ]


def test_moodle_gets_its_worksheet(seven: Cohort) -> None:
    rows = list(csv.DictReader(io.StringIO(to_moodle_csv(seven), newline="")))
    assert [row["Identifier"] for row in rows] == ["Participant 901", "Participant 902", "Participant 903", ""]
    assert [row["Grade"] for row in rows] == ["10.00", "6.00", "3.00", "0.00"]
    assert {row["Maximum grade"] for row in rows} == {"10.00"}
    assert rows[2]["Full name"] == "Chiara Żuk"
    assert "It is in &lt;docs&gt;, page 2" in rows[2]["Feedback comments"]  # Moodle reads it as HTML
    assert "<br>" in rows[2]["Feedback comments"] and "\n" not in rows[2]["Feedback comments"]


def test_who_has_no_points_yet_is_not_given_an_empty_mark(seven: Cohort) -> None:
    for table in (to_canvas_csv(seven), to_moodle_csv(seven)):
        assert "Farid" not in table and "Greta" not in table and "Roy" not in table


@pytest.mark.parametrize("render", ALL)
def test_every_line_has_as_many_cells_as_the_head(render: object, any_cohort: Cohort) -> None:
    text = render(any_cohort)  # type: ignore[operator]
    rows = read(text)
    assert {len(row) for row in rows} == {len(rows[0])}
    assert text.encode()
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", text)


@pytest.mark.parametrize("render", ALL)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_is_a_formula_whatever_a_spreadsheet_takes_for_the_border(render: object, delimiter: str) -> None:
    text = render(COHORTS["hostile"])  # type: ignore[operator]
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        for cell in row:
            assert not re.match(r'[\s"]*[=+@＝＋－＠-]', cell) or re.fullmatch(r"-", cell), cell


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", " =1", "＝1", "a;=1", "a\n=1", 'a"=1', "a,  @x", "a|=1"])
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert re.search(r"'[=+\-@＝]", harmless(text))
    assert harmless(text).replace("'", "") == text


@pytest.mark.parametrize("text", ["", "Anna-Lena", "O’Brien", "1 = 1", "a@b.example", "3.5", "x; y"])
def test_plain_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


def test_everybody_is_in_the_mail_merge(seven: Cohort) -> None:
    rows = list(csv.DictReader(io.StringIO(to_merge_csv(seven), newline="")))
    assert [row["id"] for row in rows] == ["s1", "s2", "s3", "s4", "s5", "s6", "s7"]
    assert [row["points"] for row in rows] == ["10", "6", "3", "0", "", "", ""]
    assert rows[0]["attachment"] == "reports/s1.html" and rows[6]["attachment"] == ""
    assert "10" not in rows[0]["subject"]
