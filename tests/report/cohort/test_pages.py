"""The cohort's page: one file, nothing loaded, nothing interpreted, every student and every figure on it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from fractions import Fraction

from grader.cohort.records import Cohort
from grader.report.cohort.pages import to_page
from tests.report.cohort.conftest import COHORTS, HOSTILE, Page, cohort_of, failed, graded, marks, passed


def between(page: str, start: str, end: str) -> str:
    return page.partition(start)[2].partition(end)[0]


def test_every_cohort_becomes_a_page_that_can_be_saved(any_cohort: Cohort) -> None:
    page = to_page(any_cohort)
    assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>")
    assert page.encode()  # no surrogates
    assert page == to_page(any_cohort)
    assert Page(page).open == []


def test_nothing_is_loaded_from_anywhere(any_cohort: Cohort) -> None:
    for tag, attributes in Page(to_page(any_cohort)).tags:
        assert tag not in {"iframe", "object", "embed", "img", "image", "base", "form", "audio", "video"}
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset", "action"}]
        target = attributes.get("href", "#")
        assert re.match(r"#|reports/\d|reports/s\d+\.html|data:,$", target)


def test_policy_allows_our_style_and_our_script_by_their_hashes_and_nothing_else(any_cohort: Cohort) -> None:
    page = to_page(any_cohort)
    content = between(page, 'Content-Security-Policy" content="', '"')
    policy = dict(part.strip().split(" ", 1) for part in content.split(";"))
    for name in ("style", "script"):
        ours = between(page, f"<{name}>", f"</{name}>")
        assert policy.pop(f"{name}-src") == f"'sha256-{base64.b64encode(hashlib.sha256(ours.encode()).digest()).decode()}'"
    assert policy == {"default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert not re.search(r"url\(|@import|fetch\(|innerHTML|eval\(|//\w+\.", between(page, "<style>", "</script>"))


def test_hostile_texts_stay_texts(hostile: Cohort) -> None:
    page = to_page(hostile)
    seen = Page(page)
    assert {tag for tag, _ in seen.tags} <= {tag for tag, _ in Page(to_page(COHORTS["seven"])).tags} | {"details", "summary"}
    assert [tag for tag, _ in seen.tags].count("script") == 1
    assert seen.comments == []
    assert HOSTILE[0] in seen.text and "\\u001b[31mred" in seen.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", page)
    assert "Ωmega " * 41 not in page  # long names are cut


def test_a_report_that_is_named_like_a_scheme_is_no_scheme() -> None:
    row = graded("s1", "Anna", marks(passed(4), passed(2), passed(4)), report="javascript:alert(1)")
    links = [attributes["href"] for tag, attributes in Page(to_page(cohort_of(row))).tags if tag == "a" and "java" in attributes["href"]]
    assert links == ["javascript%3Aalert%281%29"]


def test_every_student_has_a_row_without_any_script(seven: Cohort) -> None:
    table = Page(to_page(seven)).table("students")
    assert table[0] == ["Student", "Points", "1", "2", "Late", "Handed in", "To know"]
    rows = {row[0]: row[1:] for row in table[1:]}
    assert rows["Anna Kim s1"] == ["10", "6", "4", "", "2026-03-01 18:59 2 attempts", ""]
    assert rows["Chiara Żuk s3"] == ["3", "1", "4", "1 day, −2", "2026-03-02 06:59", "changed, was 1 · 1 comment"]
    assert rows["Boris Петров s2"][-1] == "1 to review, 5 to 7 · changed, was 2"
    assert [rows[f"{name}"][-1] for name in ("Deepa Rao s4", "Émile Roy s5", "Farid Ali s6", "Greta Holm s7")] == [
        "Could not be read: the zip is damaged",
        "Grader fault: the grader ran out of memory",
        "Not graded yet",
        "Nothing handed in",
    ]
    assert rows["Deepa Rao s4"][0] == "0" and rows["Farid Ali s6"][0] == ""


def test_columns_that_nobody_needs_are_not_there() -> None:
    head = Page(to_page(COHORTS["no deadlines"])).table("students")[0]
    assert "Late" not in head and "Handed in" not in head


def test_many_parts_have_no_columns() -> None:
    parts = tuple((str(number), "A part", Fraction(1)) for number in range(9))
    assert Page(to_page(cohort_of(*COHORTS["one"].rows, parts=parts))).table("students")[0] == ["Student", "Points", "Handed in", "To know"]


def test_head_tells_how_the_points_are_spread(seven: Cohort) -> None:
    head = Page(to_page(seven).partition("<main")[0]).text
    assert "Cohort of 7 students" in head
    assert "6 of 10 points, the median" in head  # of 10, 6 and 3
    assert "Mean 6.33; half of the students have 4.5 to 8, all of them 3 to 10." in head
    assert "3 graded" in head and "1 nothing handed in" in head


def test_drawing_has_a_bar_for_each_step_that_somebody_reached(seven: Cohort) -> None:
    drawing = between(to_page(seven), '<figure class="spread">', "</figure>")
    words = re.findall(r"<title>([^<]*)</title>", drawing)
    assert words == ["3 to 4 points: 1 student", "6 to 7 points: 1 student", "9 to 10 points: 1 student"]
    assert "3 students: half of them have 6 points or more of 10." in drawing


def test_criteria_have_their_mean_and_pass_rate(seven: Cohort) -> None:
    page = Page(to_page(seven))
    rows = {row[0]: row[1:4] for row in page.table("criteria")[1:]}
    assert rows == {
        "The network has 3 layers 1.network": ["2", "4", "33 %"],  # 4, 1 and 1
        "The network learns 1.learns": ["1", "2", "33 %"],  # 2, 1 and 0
        "The README says what the numbers show 2.readme": ["4", "4", "100 %"],  # a person gave all points to two
    }
    told = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg" and "aria-label" in attributes]
    assert told == ["1 passed, 2 partly", "1 passed, 1 partly, 1 failed", "3 passed"]


def test_who_needs_a_human_stands_in_order(seven: Cohort) -> None:
    card = Page(between(to_page(seven), 'class="next"', "</section>").partition(">")[2]).text
    names = re.findall(r"Émile Roy|Deepa Rao|Boris Петров|Anna Kim|Farid Ali", card)
    assert names == ["Émile Roy", "Deepa Rao", "Boris Петров"]
    assert "1 criterion, 2 at stake" in card and "net.py:31" in card


def test_links_lead_to_the_criterion_in_the_report(seven: Cohort) -> None:
    links = {attributes["href"] for tag, attributes in Page(to_page(seven)).tags if tag == "a"}
    assert {"reports/s1.html", "reports/s2.html#c-1.learns"} <= links
    assert not [link for link in links if "s7" in link]


def test_links_on_the_page_lead_somewhere_and_ids_are_unique(any_cohort: Cohort) -> None:
    page = Page(to_page(any_cohort))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["href"][1:] for _, attributes in page.tags if attributes.get("href", "").startswith("#")} <= set(ids)


def test_whom_nobody_knows_and_who_is_missing_are_listed(seven: Cohort) -> None:
    page = to_page(seven)
    assert "final (2).zip nobody has this name" in Page(between(page, 'id="unmatched">', "</section>")).text
    assert "Greta Holm s7" in Page(between(page, 'id="missing">', "</section>")).text


def test_the_seed_is_not_told(seven: Cohort) -> None:
    page = to_page(seven)
    assert "987654321" not in page and "sha256:5d0c" in page


def test_long_lists_are_cut_and_say_so() -> None:
    rows = [replace(graded(f"s{n}", f"Name {n}", marks(passed(4), passed(2), failed(4))), status="failed") for n in range(80)]
    page = to_page(cohort_of(*rows))
    assert "And 30 more: the table of students has all of them." in page
    assert len(Page(page).table("students")) == 81


def test_nobody_graded_says_so() -> None:
    page = Page(to_page(COHORTS["nothing graded"]))
    assert "nobody is graded yet" in page.text and len(page.table("students")) == 3
    assert "There is nobody in this cohort yet." in Page(to_page(COHORTS["nobody"])).text
