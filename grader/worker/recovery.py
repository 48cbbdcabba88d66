"""Read a text of Python that does not parse as a whole: each top-level statement that does, with its line.

One function in the syntax of a newer Python, or one cell of a notebook, does not hide the classes beside it. This module
imports nothing that runs code, and its work is bounded: the examiner's side uses it too.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from .quotes import requoted

_REFUSALS = (SyntaxError, ValueError, RecursionError, MemoryError)
_CONTINUES = re.compile(r"[\s#)\]}]|(?:else|elif|except|finally)\b|$")
_OPEN = re.compile(r"never closed|triple-quoted|expected 'except' or 'finally' block")
_MEMBERS_MATTER = re.compile(r"(?:class|if)\b")
_WORK_PER_CHARACTER = 40  # what may be parsed again, as a multiple of the text
_MAX_JOINED = 60


@dataclass
class Recovered:
    """The statements that could be read, and the first lines of what could not, with the reason."""

    statements: list[ast.stmt] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    is_whole: bool = False  # the text parses as it stands


def blocks(text: str) -> list[tuple[int, ast.stmt]]:
    """The top-level statements with the line each begins at, decorators included; what does not parse is left out."""
    return [(first_line(statement), statement) for statement in recover(text).statements]


def first_line(statement: ast.stmt) -> int:
    """The line of a statement or of its first decorator."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min(statement.lineno, *(each.lineno for each in decorators)) if decorators else statement.lineno


def recover(text: str) -> Recovered:
    """The statements of a text: of the whole where that parses, if need be in older words, else of each part that does."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        return Recovered(_parse(text), is_whole=True)
    except _REFUSALS:
        text = requoted(text) or text
    try:
        return Recovered(_parse(text))
    except _REFUSALS:
        return _Parts(text).recover()


def _parse(text: str) -> list[ast.stmt]:
    with warnings.catch_warnings():  # an invalid escape is no news here
        warnings.simplefilter("ignore")
        return ast.parse(text).body


class _Parts:
    """A text cut at the lines where a statement can begin."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._starts = [at for at, line in enumerate(self._lines) if _begins(self._lines, at, line)]
        self._work_left = _WORK_PER_CHARACTER * len(text) + 100_000
        self._found = Recovered()

    def recover(self) -> Recovered:
        """Part by part; one that is only unfinished is joined with those that follow."""
        at = 0
        while at < len(self._starts):
            at = self._read(at)
        return self._found

    def _read(self, at: int) -> int:
        """Read the part at a start; returns the next start to go on with."""
        reason: Exception | None = None
        for end in range(at + 1, min(at + _MAX_JOINED, len(self._starts)) + 1):
            part = self._part(at, end)
            try:
                self._found.statements += self._parsed(part, self._starts[at])
                return end
            except _REFUSALS as error:
                reason = reason or error
                if not (isinstance(error, SyntaxError) and _OPEN.search(error.msg or "")):
                    break
        kept = self._without_bad_members(at)
        self._found.statements += kept
        if not kept:
            self._skip(self._starts[at], reason)
        return at + 1

    def _part(self, at: int, end: int) -> list[str]:
        return self._lines[self._starts[at] : self._starts[end] if end < len(self._starts) else len(self._lines)]

    def _parsed(self, lines: list[str], before: int) -> list[ast.stmt]:
        text = "\n".join(lines)
        self._work_left -= len(text)
        if self._work_left < 0:
            raise ValueError("too much of the text does not parse")
        try:
            found = _parse(text)
        except _REFUSALS:
            older = requoted(text)
            if older is None:
                raise
            found = _parse(older)
        for statement in found:
            ast.increment_lineno(statement, before)
        return found

    def _without_bad_members(self, at: int) -> list[ast.stmt]:
        """A class (or what stands under an `if`) whose members parse but for some: it without these."""
        lines = self._part(at, at + 1)
        head = next((number for number, line in enumerate(lines) if _MEMBERS_MATTER.match(line)), None)
        if head is None:
            return []
        kept = lines[: head + 1]
        for number, member in _members(lines, head + 1):
            try:
                self._parsed(["class _:", *member], 0)
                kept += member
            except _REFUSALS as error:
                self._skip(self._starts[at] + number, error)
                kept += [""] * len(member)
        try:
            return self._parsed(kept, self._starts[at])
        except _REFUSALS:
            return []

    def _skip(self, line: int, error: Exception | None) -> None:
        why = error.msg if isinstance(error, SyntaxError) and error.msg else str(error)
        self._found.skipped.append((line + 1, why))


def _begins(lines: list[str], at: int, line: str) -> bool:
    """Whether a statement can begin at a line: no continuation, and not what a decorator stands over."""
    return not _CONTINUES.match(line) and not (at > 0 and lines[at - 1].startswith("@"))


def _members(lines: list[str], begin: int) -> Iterator[tuple[int, list[str]]]:
    """The statements of a body as lines, by its first line's indentation, with the number of their first line."""
    indent = next((len(line) - len(line.lstrip()) for line in lines[begin:] if line.strip()), 0)
    starts = [at for at in range(begin, len(lines)) if _begins_member(lines, at, indent)] if indent else []
    for start, end in pairwise([*starts, len(lines)]):
        yield start, lines[start:end]


def _begins_member(lines: list[str], at: int, indent: int) -> bool:
    line = lines[at]
    return (
        not line[:indent].strip()
        and len(line) > indent
        and _begins(["", line[indent:]], 1, line[indent:])
        and not (lines[at - 1][indent:].startswith("@"))
    )
