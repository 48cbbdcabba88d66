"""The sections of a README and the paragraphs of prose in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s(.*)")
_UNDERLINE = re.compile(r"\s{0,3}(=+|-{2,})\s*$")
# Lines that are not prose: table rows, pictures, quotes of other people's words, HTML, rules.
_NOT_PROSE = re.compile(r"\s*([|>]|!\[|<|[-*_]{3,}\s*$)")


MAX_HEADINGS = 1000
MAX_HEADING = 300  # characters; a longer line is no heading


@dataclass(frozen=True)
class Section:
    """A heading and everything below it up to the next heading of the same or a higher level."""

    heading: str
    level: int  # 1 for the largest heading
    text: str
    line: int  # of the heading, from 1

    def is_about(self, number: str) -> bool:
        """Does the heading carry the number of a part, such as 1.1 (and not 1.1.2 or 11.1)?"""
        return re.search(rf"(?<![\d.]){re.escape(number)}(?!\d|\.\d)", self.heading) is not None


def sections(text: str) -> tuple[Section, ...]:
    """The sections of a Markdown text, in order; fenced code is never a heading."""
    lines = text.split("\n")
    headings = list(islice(_headings(lines), MAX_HEADINGS))
    ends: list[int] = []
    later: list[tuple[int, int]] = []  # (level, line) of the headings further down that may end one further up
    for line, level, _, _ in reversed(headings):
        while later and later[-1][0] > level:
            later.pop()
        ends.append(later[-1][1] if later else len(lines))
        later.append((level, line))
    return tuple(
        Section(heading, level, "\n".join(lines[body:end]).strip(), line + 1)
        for (line, level, heading, body), end in zip(headings, reversed(ends), strict=True)
    )


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str, int]]:
    """(line, level, heading, first line of the body) of each heading."""
    fenced = False
    for index, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and (found := _heading(line)):
            yield index, *found, index + 1
        elif not fenced and index and (match := _UNDERLINE.match(line)) and _may_be_underlined(lines[index - 1]):
            yield index - 1, 1 if match[1][0] == "=" else 2, lines[index - 1].strip(), index + 1


def _heading(line: str) -> tuple[int, str] | None:
    """Level and words of a line that is a heading."""
    match = _HEADING.match(line) if len(line) <= MAX_HEADING else None
    return (len(match[1]), match[2].strip().rstrip("#").rstrip()) if match else None


def _may_be_underlined(line: str) -> bool:
    return bool(line.strip()) and len(line) <= MAX_HEADING and not _NOT_PROSE.match(line) and not _heading(line)


def paragraphs(text: str) -> tuple[str, ...]:
    """Runs of prose (list items stand alone) of a Markdown text; code, tables, pictures and headings are left out."""
    found: list[list[str]] = [[]]
    fenced = False
    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or _FENCE.match(line) or not line.strip() or _NOT_PROSE.match(line) or _heading(line):
            found.append([])
        elif re.match(r"\s*([-*+]|\d+[.)])\s", line):
            found.append([line])
        else:
            found[-1].append(line)
    return tuple(" ".join(" ".join(lines).split()) for lines in found if lines)
