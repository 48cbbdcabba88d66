"""What the living code of a submission does for the networks of a part: which functions it runs with them.

A piece of code is a function, a class, or what a file does by itself. Code that nothing runs shows nothing; and what one
experiment does is not done for another only because both stand in one file: from the pieces that build the networks of a
part, only what those pieces use counts.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.checks.live_code import Function, is_stub, words_of
from grader.submission import Source

MAX_STRING = 120
_TRAINS = re.compile(r"(^|\.)backward$")
_MAKES_TENSORS = re.compile(r"(^|\.)(randn?|ones|zeros|arange|tensor|randn_like|linspace|eye|full)$")


@dataclass(frozen=True)
class Piece:
    """A function, a class, or a file's own statements, with the names and short strings that it uses."""

    path: str
    name: str  # "" for a file's own statements
    line: int
    is_class: bool
    words: tuple[tuple[str, int], ...]
    strings: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """The last parts of the names used: what may be a function or a class of the submission."""
        return frozenset(word.rpartition(".")[2] for word, _ in self.words)

    def line_of(self, pattern: str) -> int | None:
        """Where a name stands that fits a pattern."""
        return next((line for word, line in self.words if re.search(pattern, word)), None)


@dataclass(frozen=True)
class Code:
    """All pieces of a submission, and those that are run."""

    pieces: tuple[Piece, ...]
    by_name: Mapping[str, tuple[Piece, ...]]
    run: frozenset[int]  # places in `pieces`

    def closure(self, pieces: Iterable[Piece]) -> tuple[Piece, ...]:
        """The pieces and all that they use, in the order in which they are met."""
        found: dict[int, Piece] = {}
        queue = deque(pieces)
        while queue:
            piece = queue.popleft()
            if id(piece) in found:
                continue
            found[id(piece)] = piece
            queue.extend(each for name in sorted(piece.names) for each in self.by_name.get(name, ()))
        return tuple(found.values())

    def users_of(self, classes: Iterable[str]) -> tuple[Piece, ...]:
        """The pieces that are run and use one of the classes, classes around them and functions that only build them looked through."""
        names = {name for name in classes if name}
        for _ in range(4):
            wider = {piece.name for piece in self.pieces if piece.name and piece.names & names and self._only_builds(piece)}
            if wider <= names:
                break
            names |= wider
        return tuple(piece for place, piece in enumerate(self.pieces) if place in self.run and not piece.is_class and piece.names & names)

    def _only_builds(self, piece: Piece) -> bool:
        return piece.is_class or not any(_TRAINS.search(word) for each in self.closure([piece]) for word, _ in each.words)


def read_code(sources: Sequence[Source]) -> Code:
    """The code of a submission as a graph of pieces by the names they use; what nothing runs is not in `run`."""
    pieces = tuple(piece for source in sources if source.tree for piece in _pieces(source.path, source.tree))
    by_name: dict[str, tuple[Piece, ...]] = {}
    for piece in pieces:
        if piece.name:
            by_name[piece.name] = (*by_name.get(piece.name, ()), piece)
    code = Code(pieces, by_name, frozenset())
    reached = {id(each) for each in code.closure(piece for piece in pieces if not piece.name or _is_test(piece))}
    return Code(pieces, by_name, frozenset(place for place, piece in enumerate(pieces) if id(piece) in reached))


def _is_test(piece: Piece) -> bool:
    """A test is run by its name."""
    return piece.name.startswith(("test_", "Test")) and "test" in piece.path.casefold()


def _pieces(path: str, tree: ast.Module) -> Iterator[Piece]:
    own: list[ast.stmt] = []
    queue: deque[ast.stmt] = deque(tree.body)
    while queue:
        node = queue.popleft()
        if isinstance(node, Function | ast.ClassDef):
            if isinstance(node, ast.ClassDef) or not is_stub(node):
                yield Piece(path, node.name, node.lineno, isinstance(node, ast.ClassDef), *_used([node], node.name))
        elif isinstance(node, ast.If | ast.Try) and any(isinstance(each, Function | ast.ClassDef) for each in node.body):
            queue.extend(node.body)
        else:
            own.append(node)
    yield Piece(path, "", 1, False, *_used(own, ""))


def _used(nodes: Iterable[ast.stmt], name: str) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """Names with their lines, and short strings; a string that stands alone is no code."""
    words: list[tuple[str, int]] = []
    strings: list[str] = []
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        words += [(word, line) for word, line in words_of(node) if word != name]
        docs = {id(each.value) for each in ast.walk(node) if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)}
        strings += [
            each.value
            for each in ast.walk(node)
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and len(each.value) <= MAX_STRING and id(each) not in docs
        ]
    return tuple(words), tuple(strings)


def makes_tensors(piece: Piece) -> int | None:
    """Where a piece makes a tensor by hand, as a simple example needs one."""
    return next((line for word, line in piece.words if _MAKES_TENSORS.search(word)), None)
