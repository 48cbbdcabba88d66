"""Who would change, and by how much, if new results were recorded: to look at before they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.cohort.records import Done, Override
from grader.gradebook.book import Gradebook
from grader.gradebook.document import Graded, read_document


@dataclass(frozen=True)
class Change:
    """One criterion of one student whose points would be others."""

    student: str
    criterion: str
    before: Fraction | None  # None: there was no verdict
    after: Fraction | None  # None: there would be none any more
    override: Override | None = None  # a person's word, which holds before and after


def changes(book: Gradebook, dones: Sequence[Done]) -> list[Change]:
    """New results against the current ones, in the order given and of the criteria. Of a partial report only what it judges counts."""
    return [change for done in dones for change in _changes_of(book, done)]


def _changes_of(book: Gradebook, done: Done) -> list[Change]:
    graded = read_document(done.document, done.student) if done.status == "graded" else None
    after = {criterion: mark.points for criterion, mark in graded.marks.items()} if graded else {}
    before = {criterion: mark.points for criterion, mark in book.marks(done.student).items()}
    overrides = book.overrides(done.student)
    return [
        Change(done.student, criterion, before.get(criterion), after.get(criterion), overrides.get(criterion))
        for criterion in _compared(before, after, graded)
        if before.get(criterion) != after.get(criterion)
    ]


def _compared(before: dict[str, Fraction], after: dict[str, Fraction], graded: Graded | None) -> list[str]:
    return list(after) if graded and graded.only else list(after | before)
