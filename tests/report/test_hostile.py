"""Whatever a student writes stays text: in the page's structure, in the terminal and in the JSON it changes nothing."""

from __future__ import annotations

import io
import json
import re
import time
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from grader import records as r
from grader.records import message
from grader.report.html import to_html
from grader.report.json_report import plain, to_json
from grader.report.terminal import summary_line, table
from grader.report.text import clean, clip, cut
from tests.report import conftest as made

PLACES = 8
HOSTILE = (
    "</title></style></script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)>",
    "</svg></desc></text><foreignObject><body onload=alert(1)>",
    "javascript:alert(1)",
    "&lt;script&gt;&#60;b&#x3e;",
    "<!-- --><![CDATA[ ]]><?xml ?>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}{#",
    "{0.__class__.__init__.__globals__}%s%(x)s",
    "[link=http://evil.example]x[/link][/][bold]",
    "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07\x1b[2J\x9b31m\x07\x00",
    "\u202eesrever\u2066\u200f\ud800\ufffe\U000e0041",
    "]]>\u2028\u2029\r\n\t",
)
ALPHABET = st.one_of(
    st.sampled_from("<>\"'&/=;:`{}[]%#!-\\ \t\n\r\x00\x1b\x9b\u202e\u2028\ufeff\ud800"), st.characters(exclude_categories=())
)
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(ALPHABET, max_size=40)).map(lambda text: text.replace("`", "´"))


class Structure(HTMLParser):
    """Elements with the names and values of their attributes, in order; texts, comments and declarations apart."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[Any, ...]] = []
        self.odd: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {"aria-label"}  # the attributes that quote a title
        self.tags.append((tag, *((name, "" if name in told else value) for name, value in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}",))

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def unknown_decl(self, data: str) -> None:
        self.odd.append(data)

    def handle_pi(self, data: str) -> None:
        self.odd.append(data)


def written(texts: list[str]) -> r.Report:
    """A report with a student's texts everywhere where one can come: names of files and classes, faults, documents, titles."""
    name, fault, note, title, key, value, path, log = texts
    verdicts = tuple(
        replace(
            one, found=message("{what} of {file}", what=fault, file=path), why=message("{what}", what=note),
            expected=message("{what}", what=value), hint=message("{what}", what=title), look_at=f"{path}:3",
            review=r.Review.RECOMMENDED,
        )
        for one in made.all_verdicts(lambda *_: r.Outcome.FAILED)[:6]
    )  # fmt: skip
    layer = replace(made.layer(0, 4), path=key, at=path)
    facts = replace(
        made.facts(1), layers=(layer,), unused_parameters=(key, value), weight_gradients={key: 0.5, f"{key}2": 0.25},
        residuals=(r.ResidualFact("add", path, name, "identity", (key,)),), dropouts=(r.DropoutFact(key, path, 0.5, True),),
    )  # fmt: skip
    training = replace(made.training(1), gradient_norms={key: (1.0, 0.5), value: (1.0, 0.5)}, dead_parameters=(key,))
    card = made.card(
        "1.1", "cnn_mnist", 1, candidate=f"{path}:{name}", arguments={key: value, "deep": [[value]]}, notes=(note,), facts=facts,
        training=training, reason=message("{why}", why=fault), fault=r.Fault("error", fault, path, 3, value, note), classes=(name,) * 10,
    )  # fmt: skip
    provenance = replace(made.PROVENANCE, submission=title)
    score = r.Score(*[Fraction(1)] * 4, (r.PartScore("1.1", "MNIST", Fraction(1), Fraction(20)),))
    return made.report_of(verdicts, (card,), log=(log, fault), provenance=provenance, score=score)


def colons(text: str) -> int:
    return sum(map(text.count, "/:_"))


def harmless_like(texts: list[str]) -> list[str]:
    """Plain words, equal where the texts are; those that a page breaks have as many signs after which they may be broken."""
    words = [f"word{texts.index(text)}" * bool(text) for text in texts]
    return [word + "_" * colons(text) if index in (0, 6) else word for index, (word, text) in enumerate(zip(words, texts, strict=True))]


# --- the page ------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, min_size=PLACES, max_size=PLACES))
@example([HOSTILE[0]] * PLACES)
@example([HOSTILE[1]] * PLACES)
@example([HOSTILE[4]] * PLACES)
def test_no_text_adds_an_element_or_an_attribute(texts: list[str]) -> None:
    hostile, harmless = (to_html(written(each)) for each in (texts, harmless_like(texts)))
    structure = Structure(hostile)
    assert structure.odd == ["people", "/people"]  # where people's words will come
    assert structure.tags == Structure(harmless).tags
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\ufeff\ud800-\udfff]", hostile)
    assert hostile.encode()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_drawings_are_well_formed(text: str) -> None:
    page = to_html(written([text] * PLACES))
    drawings = re.findall(r'<svg class="chart".*?</svg>', page, flags=re.S)
    assert len(drawings) > 3
    for drawing in drawings:
        ElementTree.fromstring(drawing)


def test_backticks_make_code_and_nothing_else() -> None:
    texts = ["a`<b>`c`<i>`d"] * PLACES
    tags = {tag for tag, *_ in Structure(to_html(written(texts))).tags}
    assert "b" in tags  # of the page itself: it shows the points
    assert "i" not in tags and "code" in tags


def test_nothing_runs_and_nothing_is_loaded() -> None:
    for text in HOSTILE:
        for tag, *attributes in Structure(to_html(written([text] * PLACES))).tags:
            assert tag not in {"script", "img", "iframe", "object", "embed", "foreignobject", "base", "form", "a href", "animate", "set"}
            for name, value in attributes:
                assert not name.startswith("on") and name not in {"style", "src", "srcset", "action", "formaction"}
                assert name not in {"href", "xlink:href"} or value.startswith("#") or value == "data:,"


def test_the_policy_is_first_and_allows_our_style_and_data_images_alone() -> None:
    page = to_html(written(list(HOSTILE[:PLACES])))
    policies = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    assert len(policies) == 1
    directives = dict(part.strip().split(" ", 1) for part in policies[0].split(";"))
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", directives.pop("style-src"))
    assert directives == {"default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}
    before = page[: page.index("Content-Security-Policy")]
    assert re.findall("<[a-z]+", before) == ["<html", "<head", "<meta", "<meta"]


# --- length --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["x", "\x1b", "<", "`", "\n", "я"], ids=ascii)
def test_ten_megabytes_are_cut_in_no_time(letter: str) -> None:
    report = written([letter * 10**7] * PLACES)
    start = time.monotonic()
    page, shown = to_html(report), terminal(report)
    assert time.monotonic() - start < 10
    assert len(page) < 600_000 and len(shown) < 200_000
    assert "more characters)" in page


def test_a_log_without_end_is_cut() -> None:
    report = replace(written(["a"] * PLACES), log=tuple(f"note {index}" for index in range(5000)))
    page = to_html(report)
    assert "note 49" in page and "note 50<" not in page and "And 4950 more" in page


@given(st.text(ALPHABET), st.integers(1, 20))
def test_cut_is_clean_and_says_what_is_missing(text: str, limit: int) -> None:
    told = cut(text, limit)
    assert told == clean(told)
    assert told == clean(clip(text, limit))
    assert (len(text) > limit) == told.endswith("more characters)") or "more characters)" in text


# --- the terminal --------------------------------------------------------------------------------------------------


def terminal(report: r.Report) -> str:
    file = io.StringIO()
    console = Console(file=file, width=200, force_terminal=True, color_system="truecolor")
    console.print(table(report, verbose=True))
    console.print(summary_line(report))
    return file.getvalue()


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, min_size=PLACES, max_size=PLACES))
def test_no_text_reaches_the_terminal_as_anything_but_text(texts: list[str]) -> None:
    shown = terminal(written(texts))
    styled = re.sub(r"\x1b\[[0-9;]*m", "", shown)  # the colours that are ours
    ours = set(re.findall(r"\x1b\[[0-9;]*m", terminal(written(["word"] * PLACES))))
    assert set(re.findall(r"\x1b\[[0-9;]*m", shown)) <= ours
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", styled)
    assert shown.encode()


def test_markup_is_shown_as_it_was_written() -> None:
    shown = re.sub(r"\x1b\[[0-9;]*m", "", terminal(written(["[red]x[/red] :smile:"] * PLACES)))
    assert "[red]x[/red] :smile:" in shown


# --- JSON ----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, min_size=PLACES, max_size=PLACES))
def test_json_keeps_its_form(texts: list[str]) -> None:
    written_json = to_json(written(texts))
    document = json.loads(written_json)
    assert written_json.encode()
    assert document["criteria"][0]["why"] == clean(texts[2])
    assert document["score"]["points"] == 1
    assert set(document) == set(json.loads(to_json(written(["word"] * PLACES))))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", written_json)


def test_ten_megabytes_are_cut_in_json() -> None:
    assert len(to_json(written(["x" * 10**7] * PLACES))) < 4 * 10**6


def nested(depth: int) -> Any:
    value: Any = "end"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [nested(100_000), {"a": nested(100_000)}, 10**5000, -(10**5000), "x" * 10**7], ids=range(5))
def test_values_that_python_itself_fails_on(value: Any) -> None:
    assert len(json.dumps(plain(value))) < 30_000


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)
    )
)
def test_any_document_becomes_plain_json(value: Any) -> None:
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == plain(value)
