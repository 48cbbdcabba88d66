"""People's words in a student's report: between the markers, once, as text."""

from __future__ import annotations

import re
from dataclasses import replace

from grader.cohort.records import Cohort, Comment
from grader.report.cohort.people import with_people
from grader.report.html import to_html
from tests.report.cohort.conftest import COHORTS, DEADLINE, HOSTILE, Page
from tests.report.conftest import full_report, hostile_report

PAGE = to_html(full_report())


def section(page: str) -> str:
    return page.partition("<!--people-->")[2].partition("<!--/people-->")[0]


def test_a_report_has_both_markers_once_whatever_the_student_wrote() -> None:
    for page in (PAGE, to_html(hostile_report())):
        assert page.count("<!--people-->") == page.count("<!--/people-->") == 1
        assert section(page) == ""


def test_the_section_tells_final_points_overrides_comments_and_lateness(seven: Cohort) -> None:
    text = Page(section(with_people(PAGE, seven.rows[2]))).text
    assert "Final: 3 of 10 points" in text
    assert "People changed 1 criterion: 5 points instead of the grader’s 1." in text
    assert "Handed in 1 day late: 2 points are taken away." in text
    assert "2.readme 4 instead of 0 / 4 It is in <docs>, page 2 M. Weber, 2026-03-01 23:59" in text
    assert "Well done. - See plot 2 & 3" in text


def test_twice_is_once_and_what_was_withdrawn_goes(seven: Cohort) -> None:
    told = with_people(PAGE, seven.rows[2])
    assert with_people(told, seven.rows[2]) == told
    assert with_people(told, seven.rows[0]) == PAGE  # nobody said anything


def test_the_rest_of_the_page_stays_as_it_is(seven: Cohort) -> None:
    told = with_people(PAGE, seven.rows[2])
    assert told.replace(section(told), "") == PAGE


def test_a_page_without_markers_comes_back(seven: Cohort) -> None:
    for page in ("", "<html></html>", "<!--people-->"):
        assert with_people(page, seven.rows[2]) == page


def test_hostile_words_stay_words() -> None:
    for row in COHORTS["hostile"].rows[: len(HOSTILE)]:
        told = with_people(PAGE, row)
        assert with_people(told, row) == told
        assert told.count("<!--/people-->") == 1
        seen = Page(section(told))
        assert seen.open == [] and seen.comments == []
        assert {tag for tag, _ in seen.tags} <= {"section", "h2", "p", "ul", "li", "a", "span", "b"}
        assert all(set(attributes) <= {"class", "id", "href", "aria-labelledby"} for _, attributes in seen.tags)
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\ud800-\udfff]", told)


def test_a_comment_alone_says_nothing_of_changes(seven: Cohort) -> None:
    row = replace(seven.rows[0], comments=(Comment("1.network", "Nice.", "M. Weber", DEADLINE),))
    text = Page(section(with_people(PAGE, row))).text
    assert "1.network Nice." in text and "changed" not in text and "taken" not in text
