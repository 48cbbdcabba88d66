"""The page: one file, nothing loaded, nothing interpreted, everything in it."""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

from grader.records import Outcome, Report, Review
from grader.report.html import to_html
from grader.report.text import slug


class Page(HTMLParser):
    """All tags with their attributes, and all text, as a browser would read them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> Iterator[dict[str, str]]:
        return (attributes for name, attributes in self.tags if name == tag)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def criteria(page: Page) -> dict[str, dict[str, str]]:
    return {tag["id"]: tag for tag in page.of("details") if tag.get("id", "").startswith("c-")}


def test_every_report_becomes_a_page_that_can_be_saved(any_report: Report) -> None:
    page = to_html(any_report)
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    assert page.encode("utf-8")  # no surrogates


def test_same_report_gives_same_bytes(any_report: Report) -> None:
    assert to_html(any_report) == to_html(any_report)


def test_only_the_timing_section_follows_the_timing(full: Report) -> None:
    slow = to_html(replace(full, timing=dict.fromkeys(full.timing, 9999.0)))
    differing = [one for one, other in zip(to_html(full).splitlines(), slow.splitlines(), strict=True) if one != other]
    assert differing
    assert all("<dt>" in line and re.search(r"total|export|training", line) for line in differing)


def test_nothing_is_loaded_from_anywhere(any_report: Report) -> None:
    page = Page(to_html(any_report))
    for tag, attributes in page.tags:
        assert tag not in {"script", "iframe", "object", "embed", "img", "image", "base", "form", "audio", "video"}
        for name in ("src", "srcset", "href", "xlink:href", "action", "data", "poster", "background"):
            assert attributes.get(name, "#").startswith("#") or (tag == "link" and attributes[name] == "data:,")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]


def test_style_sheet_loads_nothing(full: Report) -> None:
    style = to_html(full).partition("<style>")[2].partition("</style>")[0]
    assert style
    assert not re.search(r"url\(|@import|image-set|expression|//\w", style)


def test_policy_allows_our_style_sheet_by_its_hash_and_nothing_else(full: Report) -> None:
    page = to_html(full)
    style = page.partition("<style>")[2].partition("</style>")[0]
    policy = next(tag["content"] for tag in Page(page).of("meta") if tag.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_hostile_texts_stay_texts(hostile: Report, perfect: Report) -> None:
    page = Page(to_html(hostile))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in Page(to_html(perfect)).tags} | {"p", "ul", "li"}
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "\\u001b[31mred" in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\ud800-\udfff]", to_html(hostile))


def test_long_texts_are_cut_and_say_so(hostile: Report) -> None:
    page = to_html(hostile)
    assert "x" * 1300 not in page
    assert "(8,800 more characters)" in page


def test_every_criterion_is_there_with_its_outcome_in_words(full: Report) -> None:
    page = Page(to_html(full))
    assert set(criteria(page)) == {f"c-{slug(v.criterion)}" for v in (*full.verdicts, *full.advice)}
    for word in ("Passed", "Partly", "Failed", "Skipped", "Grader fault"):
        assert word in page.text


def test_what_lost_points_is_open_and_what_passed_is_folded(full: Report) -> None:
    shown = criteria(Page(to_html(full)))
    for verdict in full.verdicts:
        assert ("open" in shown[f"c-{slug(verdict.criterion)}"]) == (verdict.outcome is not Outcome.PASSED)


def test_ids_are_unique_and_links_lead_somewhere(any_report: Report) -> None:
    page = Page(to_html(any_report))
    ids = [tag["id"] for _, tag in page.tags if "id" in tag]
    assert len(ids) == len(set(ids))
    targets = {tag["href"][1:] for _, tag in page.tags if tag.get("href", "").startswith("#")}
    reviewed = {"reviews"} if not any_report.verdicts else set()
    assert targets - reviewed <= set(ids)


def test_head_names_score_range_data_and_profile(full: Report) -> None:
    head = Page(to_html(full).partition("<main")[0]).text
    assert "70.5 of 100 points" in head
    assert "From 70.5 to 72.5 once 2 reviews are done" in head
    assert all(sentence in head for sentence in full.provenance.data.values())
    assert "quick, seed 0" in head
    assert "self-check" in head


def test_no_range_where_no_review_can_change_the_score(perfect: Report) -> None:
    head = Page(to_html(perfect).partition("<main")[0]).text
    assert "once" not in head
    assert "Nothing: all points are there." in head


def test_partial_grading_is_said_in_the_head(full: Report) -> None:
    page = Page(to_html(replace(full, provenance=replace(full.provenance, only=("1.1", "3.2")))))
    assert "It covers 1.1, 3.2 alone." in page.text
    assert "--only 1.1,3.2" in page.text


def test_review_shows_the_place_to_look(full: Report) -> None:
    waiting = [verdict for verdict in full.verdicts if verdict.review is not Review.NONE]
    text = Page(to_html(full)).text
    assert "A person has to decide this: models/fc_models.py:31" in text
    assert all((verdict.look_at or "") in text for verdict in waiting)


def test_roles_show_candidate_arguments_fault_and_notes(full: Report) -> None:
    text = Page(to_html(full)).text
    assert "models/cnn_models.py:k5" in text
    assert "num_layers=4, residual=True" in text
    assert "__init__() needs 'depth' (models/cnn_models.py:88). Give it a default." in text
    assert "values come from the worker: .numpy() in forward" in text
    assert "nothing found" in text


def test_page_prints_and_follows_the_colour_scheme(full: Report) -> None:
    page = to_html(full)
    assert "@media print" in page
    assert "size: A4" in page
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page


def test_figures_have_text_alternatives_and_are_well_formed(any_report: Report) -> None:
    page = to_html(any_report)
    for source in re.findall(r'<svg class="chart".*?</svg>', page, flags=re.S):
        figure = ElementTree.fromstring(source)
        names = figure.attrib["aria-labelledby"].split()
        texts = {child.attrib["id"]: child.text for child in figure if child.tag in {"title", "desc"}}
        assert figure.attrib["role"] == "img"
        assert [bool(texts[name]) for name in names] == [True, True]
        assert "nan" not in source
        assert ElementTree.tostring(figure).count(b"inf") == 0


def test_size_stays_far_below_the_limit(perfect: Report) -> None:
    assert len(to_html(perfect).encode()) < 1_000_000
