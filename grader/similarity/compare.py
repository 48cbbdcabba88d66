"""Which submissions share code, how much of it, and where."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.errors import InputError
from grader.similarity.prints import FILE_GAP, WINDOW, File, Integers, Note, Prints, discounted_hashes, fingerprints, library
from grader.similarity.records import Pair, Place, Side
from grader.submission.archive import silent
from grader.submission.names import shown
from grader.worker import notebooks

MAX_SHOWN_PAIRS = 500  # have their places worked out; of the others the shares say enough
MAX_PLACES = 12
MAX_LINES = 40  # of one excerpt
_REACH = FILE_GAP // 2  # a likeness goes on over a change of this size, and never over the end of a file


def similar(
    submissions: Mapping[str, Path], earlier: Mapping[str, Path], discounted: Sequence[Path], threshold: float, note: Note = silent
) -> tuple[Pair, ...]:
    """The pairs within a cohort, and of it with earlier ones, of which at least ``threshold`` (0 to 1) of one side is in the other.

    Folders or .zips by label; code that is in one of ``discounted`` counts on no side. The largest share comes first.
    ``note`` hears what was not compared. Raises InputError without copydetect, and for a threshold or something discounted
    that cannot be used.
    """
    if not 0 < threshold <= 1:
        raise InputError(f"The threshold is a share of the code, above 0 and up to 1, such as 0.5; got {threshold:g}.")
    library()
    known = [discounted_hashes(path, note) for path in discounted]
    ignored = np.unique(np.concatenate([np.array([], dtype=np.int64), *known]))
    now, before = (list(_all(group, ignored, note)) for group in (submissions, earlier))
    cohort = _Cohort.of([*now, *before], len(now))
    return tuple(cohort.with_places(pair, one, two) for pair, one, two in cohort.pairs(threshold))


def _all(group: Mapping[str, Path], ignored: Integers, note: Note) -> Iterator[Prints]:
    for label in sorted(group):
        prints = fingerprints(label, group[label], ignored, note)
        if prints is not None:
            yield prints


@dataclass(frozen=True, eq=False)
class _Cohort:
    """Everybody's fingerprints; those of earlier cohorts come last."""

    everyone: tuple[Prints, ...]
    current: int

    @classmethod
    def of(cls, everyone: Sequence[Prints], current: int) -> _Cohort:
        """With hashes numbered from 0, so that a table can be looked up by them."""
        every = np.concatenate([np.array([], dtype=np.int64), *(prints.hashes for prints in everyone)])
        numbers = np.unique(every, return_inverse=True)[1].reshape(-1)
        ends = np.cumsum([len(prints.hashes) for prints in everyone])
        split = np.split(numbers, ends[:-1]) if everyone else []
        return cls(tuple(replace(p, hashes=part) for p, part in zip(everyone, split, strict=True)), current)

    def pairs(self, threshold: float) -> list[tuple[Pair, Prints | None, Prints | None]]:
        """Those at or above the threshold; with both sides where their places are to be shown."""
        shares = self._shares()
        rows, columns = np.nonzero(np.triu(np.maximum(shares, shares.T) >= threshold, 1))
        found = [self._pair(int(row), int(column), shares) for row, column in zip(rows, columns, strict=True)]
        found.sort(key=lambda each: (-each[0].share, -min(each[0].left_share, each[0].right_share), each[0].left, each[0].right))
        return [each if at < MAX_SHOWN_PAIRS else (each[0], None, None) for at, each in enumerate(found)]

    def _pair(self, row: int, column: int, shares: NDArray[np.float64]) -> tuple[Pair, Prints, Prints]:
        left, right = self.everyone[row], self.everyone[column]
        of_left, of_right = float(shares[row, column]), float(shares[column, row])
        return Pair(left.label, right.label, of_left, of_right, column >= self.current), left, right

    def _shares(self) -> NDArray[np.float64]:
        """(n, n): of the code of one (row), how much is in another (column). Earlier ones are not compared with each other."""
        count = len(self.everyone)
        shares = np.zeros((count, count))
        is_there = np.zeros(1 + max((int(prints.hashes.max()) for prints in self.everyone), default=0), dtype=bool)
        for column, other in enumerate(self.everyone):
            is_there[other.hashes] = True
            for row, one in enumerate(self.everyone[: count if column < self.current else self.current]):
                if row != column:
                    shares[row, column] = _share(one, is_there)
            is_there[other.hashes] = False
        return shares

    def with_places(self, pair: Pair, left: Prints | None, right: Prints | None) -> Pair:
        """The pair with the places where both are alike."""
        return replace(pair, places=_places(left, right)) if left and right else pair


def _share(prints: Prints, is_there: NDArray[np.bool_]) -> float:
    shared = prints.positions[is_there[prints.hashes]]
    if not len(shared):
        return 0.0
    starts, ends = library().get_copied_slices(shared, WINDOW)
    return float(np.sum(ends - starts) / prints.coverage)


# --- where -----------------------------------------------------------------------------------------------------------


@dataclass
class _Run:
    """Fingerprints that follow each other on both sides: the positions of the first and the last."""

    left: int
    right: int
    left_last: int
    right_last: int

    def goes_on(self, left: int, rights: Sequence[int]) -> bool:
        """Take the next fingerprint in, where it follows the last on both sides."""
        at = bisect_right(rights, self.right_last)
        if left - self.left_last > _REACH or at == len(rights) or rights[at] - self.right_last > _REACH:
            return False
        self.left_last, self.right_last = left, rights[at]
        return True


def _places(left: Prints, right: Prints) -> tuple[Place, ...]:
    where: dict[int, list[int]] = {}
    for number, position in zip(right.hashes.tolist(), right.positions.tolist(), strict=True):
        where.setdefault(number, []).append(position)
    runs: list[_Run] = []
    for number, position in zip(left.hashes.tolist(), left.positions.tolist(), strict=True):
        rights = where.get(number)
        if rights and not (runs and runs[-1].goes_on(position, rights)):
            runs.append(_Run(position, rights[0], position, rights[0]))
    runs.sort(key=lambda run: (run.left - run.left_last, run.left))
    return tuple(Place(_side(left, run.left, run.left_last), _side(right, run.right, run.right_last)) for run in runs[:MAX_PLACES])


def _side(prints: Prints, first: int, last: int) -> Side:
    file = next(each for each in reversed(prints.files) if each.start <= first)
    start, end = (int(file.lines[position - file.start]) for position in (first, last + WINDOW - 1))
    return Side(shown(file.name), start, end, _where(file, start, end), _excerpt(file.text.split("\n")[start - 1 : end]))


def _where(file: File, first: int, last: int) -> str:
    name = shown(file.name)
    if file.name.casefold().endswith(".ipynb"):
        return f"{name}, {notebooks.place(file.text, first)} to {notebooks.place(file.text, last)}"
    return f"{name}, line {first}" if first == last else f"{name}, lines {first} to {last}"


def _excerpt(lines: Sequence[str]) -> str:
    kept = [shown(line.expandtabs(4)) for line in lines[:MAX_LINES]]
    more = len(lines) - len(kept)
    return "\n".join([*kept, f"... {more} more lines"] if more else kept)
