"""Numbers that a file states, with the words around them: logs, lists, tables with any separator, and prose.

A line is cut at its numbers: what stands before a number says what it is, what stands after it may be its unit. Of a
table, the head of the column says what a number is and the rest of the row of what. Nothing is believed here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

MAX_LINES = 20_000
MAX_LINE = 600  # characters; what stands further right is no statement
MAX_NUMBERS = 40  # of one line of text; longer ones are data
LABEL = 70
_SOON = 30  # lines of a table in which its first number comes
_UNITS = r"%|K|M|k|тыс|млн|ms|мс|s|с|sec\w*|сек\w*|min\w*|мин\w*|хв\w*"
# 0.93 · 98,5 · 12,345 · 1e-3 · 34 s · 327K; not the digits of a name (CIFAR-10, conv1, 3x3, 1.1.2).
_NUMBER = re.compile(
    rf"""(?<![\w.,])(?<!\w-)(?P<sign>[-+−±]?)
    (?P<digits>\d{{1,3}}(?:[,\u00a0\u202f ]\d{{3}})+(?![\d.,]*\d)|\d+(?:[.,]\d+)?(?:[eE][-+]?\d{{1,3}})?)
    (?:\s?(?P<unit>{_UNITS})(?!\w))?(?!\w|\.\d|\s?[xх×]\s?\d)""",
    re.VERBOSE,
)
_SQUARE = re.compile(r"(?<![\w.])(\d{1,4})\s?[xх×]\s?\1(?!\w)")  # a size in pixels: 13x13
_STAMP = re.compile(r"^\W*\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\W*(?:(?:INFO|DEBUG|WARNING|ERROR)\b\W*)?")
_RULE = re.compile(r"^[\s|:+=─━-]*$")
_LIST_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+")
_SEPARATORS = ("|", "\t", ";", ",")


@dataclass(frozen=True)
class Entry:
    """What a place says: numbers (none for a line of words alone) and the words around them, the nearest first."""

    place: str
    line: int
    label: str  # the words that stand at the number: "Test Acc", the head of a column, the last key
    text: str  # what the number may be about: the whole line, the row, the path of keys
    numbers: tuple[float, ...]
    unit: str = ""
    above: tuple[str, ...] = ()  # lines or headings that stand over it, the nearest first
    told: bool = False  # a person says so, in a README or a report; otherwise a run is said to have written it
    nested: bool = False  # the numbers are rows of a table

    @property
    def where(self) -> str:
        """``file:line``."""
        return f"{self.place}:{self.line}" if self.line else self.place


def entries(text: str, place: str) -> Iterator[Entry]:
    """What the lines of a text state, in order; a line of words alone is an entry without numbers."""
    lines = [_cleaned(line) for line in islice(text.split("\n"), MAX_LINES)]
    header = ""
    index = 0
    while index < len(lines):
        if table := _table_at(lines, index):
            yield from (replace(each, place=place, above=(header, *each.above)) for each in table[0])
            index += table[1]
            continue
        line = lines[index]
        index += 1
        found = list(_of_line(line, place, index, header))
        yield from found
        if re.search(r"[^\W\d_]", line) and not any(each.numbers for each in found):
            header = line.strip()


def _cleaned(line: str) -> str:
    """Without the time of a log's line and the marks of Markdown."""
    return re.sub(r"\*\*|__|`", "", _STAMP.sub("", line[:MAX_LINE]))


def _of_line(line: str, place: str, number: int, header: str) -> Iterator[Entry]:
    """An entry for each number; one without numbers for words alone."""
    text = _LIST_ITEM.sub("", line).strip()
    matches = list(islice(_NUMBER.finditer(text), MAX_NUMBERS))
    squares = [Entry(place, number, _tail(text[: m.start()]), text, (float(m[1]),), "px", (header,)) for m in _SQUARE.finditer(text)]
    if text and not matches and not squares:
        yield Entry(place, number, "", text, (), above=(header,))
    yield from squares
    end = 0
    for match in matches:
        after = re.split(r"[,;|]|\d", text[match.end() :], maxsplit=1)[0]
        before = _tail(text[end : match.start()])
        end = match.end()
        label = before if re.search(r"[^\W\d_]{2}", before) else f"{before} {after[:LABEL]}".strip()
        yield Entry(place, number, label, text, (_value(match),), (match["unit"] or "").casefold(), (header,))


def _tail(words: str) -> str:
    return words[-LABEL:].strip(" \t:=~≈|,;([{-–—")


def _value(match: re.Match[str]) -> float:
    """The number; a comma or a space before each three digits groups them, another comma is a decimal point."""
    digits = re.sub(r"[\u00a0\u202f ]", "", match["digits"])
    grouped = re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+", digits)
    value = float(digits.replace(",", "" if grouped else "."))
    if not math.isfinite(value):
        return 0.0
    scale = {"K": 1e3, "k": 1e3, "тыс": 1e3, "M": 1e6, "млн": 1e6, "ms": 1e-3, "мс": 1e-3}.get(match["unit"] or "", 1.0)
    return -value * scale if match["sign"] in ("-", "−") else value * scale


def number_of(cell: str) -> tuple[float, str] | None:
    """Number and unit of a cell that holds little else."""
    text = cell.strip().strip("\"'")
    match = _NUMBER.search(text)
    return (_value(match), match["unit"] or "") if match and len(text) - len(match[0]) <= 6 else None


def _table_at(lines: Sequence[str], start: int) -> tuple[list[Entry], int] | None:
    """The table that begins on a line, and how many lines it has; None where none does."""
    for separator in _SEPARATORS:
        if separator not in lines[start]:
            continue
        first, _ = _rows(lines, start, separator, _SOON)  # all of them, and each line would be read once for every line before it
        if len(first) >= 2 and _is_head(first[0][1]) and any(number_of(cell) for _, row in first[1:] for cell in row):
            rows, used = _rows(lines, start, separator, len(lines))
            return [each for line, row in rows[1:] for each in _of_row(rows[0][1], row, line)], used
    return _aligned_table(lines, start)


def _rows(lines: Sequence[str], start: int, separator: str, most: int) -> tuple[list[tuple[int, list[str]]], int]:
    """Rows of as many cells as the first, with their line numbers, and the number of lines they take: ``most`` at most."""
    rows: list[tuple[int, list[str]]] = []
    index = start
    end = min(len(lines), start + most)
    while index < end and (separator in lines[index] or (rows and _RULE.match(lines[index]) and lines[index].strip())):
        if not _RULE.match(lines[index]):
            line = lines[index].strip()
            cells = [cell.strip() for cell in (line.strip("|") if separator == "|" else line).split(separator)]
            if rows and len(cells) != len(rows[0][1]):
                break
            rows.append((index + 1, cells))
        index += 1
    return rows, index - start


def _is_head(cells: Sequence[str]) -> bool:
    """Heads of columns: words, and no results among them."""
    return len(cells) >= 2 and sum(bool(re.search(r"[^\W\d_]", cell)) for cell in cells) >= 2 and not any(map(number_of, cells))


def _aligned_table(lines: Sequence[str], start: int) -> tuple[list[Entry], int] | None:
    """A table whose columns stand apart by spaces, as a data frame is printed."""
    head = lines[start].split() if len(lines[start]) < 300 and not re.search("[:=]", lines[start]) else []
    if not _is_head(head) or start + 1 >= len(lines):
        return None
    found: list[Entry] = []
    index = start + 1
    while index < len(lines) and (row := _aligned_row(lines[index], head)):
        found += _of_row(head, row, index + 1)
        index += 1
    return (found, index - start) if found else None


def _aligned_row(line: str, head: Sequence[str]) -> list[str]:
    """The cells of a row: numbers from the right, words left of them as one; an index before the row is left out."""
    cells = line.split()
    values = len(cells) - next((i for i, cell in reversed(list(enumerate(cells))) if not _NUMBER.fullmatch(cell)), -1) - 1
    if not cells or not 1 <= values < len(head) + 1 or values == len(cells) or len(head) - values not in (0, 1):
        return []
    name = " ".join(cells[: len(cells) - values])
    if name.endswith((":", "=")):  # a label and its value
        return []
    return [name, *cells[-values:]] if len(head) - values == 1 else [name + " " + cells[-values], *cells[1 - values :]]


def _of_row(head: Sequence[str], row: Sequence[str], line: int) -> Iterator[Entry]:
    """The numbers of a row; what the row is about are its cells of words."""
    about = " ".join(cell for cell in row if not number_of(cell))[:MAX_LINE]
    found = False
    for name, cell in zip(head, row, strict=False):
        if value := number_of(cell):
            found = True
            yield Entry("", line, name[:LABEL], about or row[0], (value[0],), value[1].casefold(), (" ".join(head)[:MAX_LINE],))
    if not found:
        yield Entry("", line, "", about, (), above=(" ".join(head)[:MAX_LINE],))
