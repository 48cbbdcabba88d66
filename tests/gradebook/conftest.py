"""A gradebook with three students of whom nothing is graded yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.gradebook import Gradebook
from tests.gradebook.made import TERMS, cohort_of


@dataclass(frozen=True)
class Class:
    """The open book, where it is, and what counts of each student."""

    book: Gradebook
    path: Path
    contents: dict[str, str]


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Class]:
    path = tmp_path / "gradebook.sqlite"
    with Gradebook.open(path, write=True) as book:
        book.set_terms(TERMS)
        yield Class(book, path, book.take_in(cohort_of(tmp_path / "work", "ada", "bob", "cyd")))
