"""Wrong submissions: the reference with one defect each, and the criteria that have to lose points for it.

To add one, write a line in the table of its part: an id, what is wrong, the changes, and what it has to lose. The criteria
are written down from the assignment and the rubric, before grading. Where another criterion loses points for a good reason
that the rubric's `depends` does not name, `also` names it with the reason. A mutant that the grader is known to miss stays
in the table, and mutants_known.py says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.validity.changes import Change


@dataclass(frozen=True)
class Mutant:
    """One defect of the reference."""

    id: str
    about: str
    changes: tuple[Change, ...]
    loses: tuple[str, ...]
    also: Mapping[str, str] = field(default_factory=dict)
    survives: str = ""

    def apply(self, root: Path) -> None:
        """Put the defect into a copy of the reference."""
        for change in self.changes:
            change.apply(root)


def mutant(
    name: str, about: str, *changes: Change, loses: str | tuple[str, ...], also: Mapping[str, str] | None = None, survives: str = ""
) -> Mutant:
    """A mutant with its changes in a row."""
    return Mutant(name, about, changes, (loses,) if isinstance(loses, str) else loses, also or {}, survives)
