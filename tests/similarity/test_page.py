"""The instructor's page and table: everything escaped, nothing loaded, all that matters on it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from grader.similarity import Pair, Place, Side, to_page, to_text

HOSTILE = "</code><script>alert(1)</script>\u202e\x1b[31m"


def side(file: str = "net.py", first: int = 3, last: int = 9, excerpt: str = "x = 1") -> Side:
    return Side(file, first, last, f"{file}, lines {first} to {last}", excerpt)


def pair(left: str = "ann", right: str = "bob", shares: tuple[float, float] = (0.719, 0.25), **changes: object) -> Pair:
    places = (Place(side(), side("work.py", 20, 26, "y = 1")),)
    return Pair(left, right, *shares, **({"is_earlier": False, "places": places} | changes))  # type: ignore[arg-type]


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_both_shares_and_both_places_are_on_the_page() -> None:
    text = Elements(to_page([pair()])).text
    for word in ("ann", "bob", "71 %", "25 %", "net.py, lines 3 to 9", "work.py, lines 20 to 26", "x = 1", "y = 1", "instructor only"):
        assert word in text


def test_nothing_a_student_wrote_becomes_markup() -> None:
    hostile = Place(Side(HOSTILE, 1, 1, HOSTILE, HOSTILE), side(excerpt=HOSTILE))
    page = to_page([pair(left=HOSTILE, right=HOSTILE, places=(hostile,))])
    elements = Elements(page)
    assert not any(tag == "script" for tag, _ in elements.found)
    assert "<script>alert(1)" in elements.text
    assert not re.search("[\u202e\x1b]", re.sub("<pre.*?</pre>|<figcaption.*?</figcaption>", "", page, flags=re.DOTALL))


def test_the_page_loads_nothing_and_allows_one_style_sheet() -> None:
    page = to_page([pair()])
    elements = Elements(page).found
    policy = next(each["content"] for tag, each in elements if tag == "meta" and each.get("http-equiv"))
    style = re.search("<style>(.*?)</style>", page, re.DOTALL)
    assert style and policy
    assert base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() in policy and "default-src 'none'" in policy
    links = [value for _, each in elements for name, value in each.items() if name in ("href", "src")]
    assert set(links) == {"data:,", "#p1"}
    assert not any("style" in each for _, each in elements) and "url(" not in page and "@import" not in page


def test_links_lead_to_the_pair_that_they_name() -> None:
    page = to_page([pair("ann", "bob"), pair("cem", "dee"), pair("eve", "fay", places=())])
    assert re.findall(r'href="#(p\d)">(\w+)<', page) == [("p1", "ann"), ("p2", "cem")]
    assert [re.sub(r"\s.*", "", each) for each in re.findall(r'<section id="p\d">\s*<h2>(.*)', page)] == ["ann", "cem"]
    assert "largest shares only" in page and "largest shares only" not in to_page([pair()])


def test_an_earlier_one_is_marked() -> None:
    for render in (to_page, to_text):
        assert "earlier" in render([pair(is_earlier=True)])
        assert "earlier" not in render([pair()])


def test_no_pairs_is_said() -> None:
    assert "No two submissions" in to_page([]) and "No two submissions" in to_text([])


def test_the_table_has_a_line_for_each_pair() -> None:
    head, first, second = to_text([pair("ann", "bob"), pair("a" * 60, "dee\n\x1b", (0.999, 1.0), places=())]).splitlines()
    assert re.split("  +", first.strip()) == ["71 %", "25 %", "ann", "bob", "net.py, lines 3 to 9 | work.py, lines 20 to 26"]
    assert second.split()[:4] == ["99", "%", "100", "%"] and len(second.split()[4]) == 40 and "dee\\u000a\\u001b" in second
    assert head.index("right") < head.index("largest") and first.index("ann") == second.index("aaa")


def test_the_same_pairs_give_the_same_bytes() -> None:
    assert to_page([pair()]) == to_page([pair()])
