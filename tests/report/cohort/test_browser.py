"""The page in a real browser: sorted by click and by key, searched, filtered. Needs playwright and Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.report.cohort.pages import to_page
from tests.report.cohort.conftest import COHORTS, cohort_of, graded, marks, passed

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def tab(browser: Any, tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "index.html").write_text(to_page(COHORTS["seven"]), encoding="utf-8")
    opened, said = browser.new_page(), []
    opened.on("console", lambda line: said.append(line.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto((tmp_path / "index.html").as_uri())
    yield opened
    opened.close()
    assert said == []  # neither an error nor a refusal of the policy


def names(tab: Any) -> list[str]:
    return [text.split()[0] for text in tab.locator(".students tbody tr:not(.away) th").all_inner_texts()]


def test_a_click_sorts_and_a_second_turns_it_round(tab: Any) -> None:
    head = tab.get_by_role("button", name="Points", exact=True)
    head.click()
    assert names(tab) == ["Deepa", "Chiara", "Boris", "Anna", "Émile", "Farid", "Greta"]  # 0, 3, 6, 10; without points last
    assert tab.locator(".students th[aria-sort]").get_attribute("aria-sort") == "ascending"
    head.click()
    assert names(tab) == ["Anna", "Boris", "Chiara", "Deepa", "Émile", "Farid", "Greta"]
    assert tab.locator(".students th[aria-sort]").get_attribute("aria-sort") == "descending"


def test_keys_sort_too(tab: Any) -> None:
    tab.get_by_role("button", name="To know").focus()
    tab.keyboard.press("Enter")
    assert names(tab) == ["Émile", "Deepa", "Boris", "Farid", "Greta", "Anna", "Chiara"]


def test_words_find_without_accents_and_by_id(tab: Any) -> None:
    tab.get_by_label("Find").fill("emile")
    assert names(tab) == ["Émile"]
    assert tab.get_by_role("status").inner_text() == "1 of 1 shown."
    tab.get_by_label("Find").fill("s2 boris")
    assert names(tab) == ["Boris"]


def test_kinds_filter(tab: Any) -> None:
    for kind, expected in {"review": ["Boris"], "late": ["Chiara"], "missing": ["Greta"], "changed": ["Boris", "Chiara"]}.items():
        tab.get_by_label("Show").select_option(kind)
        assert names(tab) == expected


def test_many_students_come_piece_by_piece(browser: Any, tmp_path: Path) -> None:
    rows = [graded(f"s{n:04}", f"Name {n:04}", marks(passed(4), passed(2), passed(4))) for n in range(450)]
    (tmp_path / "index.html").write_text(to_page(cohort_of(*rows)), encoding="utf-8")
    tab = browser.new_page()
    tab.goto((tmp_path / "index.html").as_uri())
    assert len(names(tab)) == 200
    tab.get_by_role("button", name="Show more").click()
    assert len(names(tab)) == 450
    tab.close()


def test_without_script_all_rows_are_there(browser: Any, tmp_path: Path) -> None:
    rows = [graded(f"s{n:04}", "", marks(passed(4), passed(2), passed(4))) for n in range(250)]
    (tmp_path / "index.html").write_text(to_page(cohort_of(*rows)), encoding="utf-8")
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto((tmp_path / "index.html").as_uri())
    assert tab.locator(".students tbody tr:visible").count() == 250
    assert not tab.locator(".controls").is_visible()
    tab.close()
