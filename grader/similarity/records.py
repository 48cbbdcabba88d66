"""What two submissions have in common."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Side:
    """One of the two places that resemble each other."""

    file: str
    first: int  # lines, counted from 1; of a notebook, in the text of its code cells
    last: int
    where: str  # as a person looks it up: "model.py, lines 3 to 20", or the cells of a notebook
    excerpt: str  # the lines themselves, harmless to show and of bounded length


@dataclass(frozen=True)
class Place:
    """The same code on both sides, up to names, texts, comments and spaces."""

    left: Side
    right: Side


@dataclass(frozen=True)
class Pair:
    """Two submissions that share code. A share is a part of a submission's own code: what was discounted counts on neither side."""

    left: str
    right: str
    left_share: float  # of the left one's code, how much is found in the right one: 0 to 1
    right_share: float
    is_earlier: bool  # the right one is of an earlier cohort
    places: tuple[Place, ...] = ()  # the largest ones, the largest first

    @property
    def share(self) -> float:
        """The larger of the two: a copy to which much was added is still a copy."""
        return max(self.left_share, self.right_share)
