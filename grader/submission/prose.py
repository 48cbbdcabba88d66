"""The sections of a README and the paragraphs of prose in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r"\s{0,3}(=+|-{2,})\s*$")
# Lines that are not prose: table rows, pictures, quotes of other people's words, HTML, rules.
_NOT_PROSE = re.compile(r"\s*([|>]|!\[|<|[-*_]{3,}\s*$)")


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
    headings = _headings(lines)
    found = []
    for index, (line, level, heading, body) in enumerate(headings):
        end = next((later for later, other, _, _ in headings[index + 1 :] if other <= level), len(lines))
        found.append(Section(heading, level, "\n".join(lines[body:end]).strip(), line + 1))
    return tuple(found)


def _headings(lines: list[str]) -> list[tuple[int, int, str, int]]:
    """(line, level, heading, first line of the body) of each heading."""
    found, fenced = [], False
    for index, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and (match := _HEADING.match(line)):
            found.append((index, len(match[1]), match[2], index + 1))
        elif not fenced and index and (match := _UNDERLINE.match(line)) and _may_be_underlined(lines[index - 1]):
            found.append((index - 1, 1 if match[1][0] == "=" else 2, lines[index - 1].strip(), index + 1))
    return found


def _may_be_underlined(line: str) -> bool:
    return bool(line.strip()) and not _NOT_PROSE.match(line) and not _HEADING.match(line)


def paragraphs(text: str) -> tuple[str, ...]:
    """Runs of prose (list items stand alone) of a Markdown text; code, tables, pictures and headings are left out."""
    found: list[list[str]] = [[]]
    fenced = False
    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or _FENCE.match(line) or not line.strip() or _NOT_PROSE.match(line) or _HEADING.match(line):
            found.append([])
        elif re.match(r"\s*([-*+]|\d+[.)])\s", line):
            found.append([line])
        else:
            found[-1].append(line)
    return tuple(" ".join(" ".join(lines).split()) for lines in found if lines)
