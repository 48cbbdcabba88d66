"""Random sequences of everything that is done to a gradebook, against a model of a few dictionaries."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from grader.cohort.content import content_hash
from grader.cohort.records import Intake, Student
from grader.errors import InputError
from grader.gradebook import Gradebook
from tests.gradebook.made import TERMS, WORTH, document, graded, handed_in

STUDENTS = st.sampled_from(("ada", "bob", "cyd"))
TEXTS = st.sampled_from(("first", "second"))
SEEDS = st.integers(1, 2)
QUARTERS = st.integers(0, 8)
Points = dict[str, Fraction]


@dataclass
class Model:
    """The same book, as plain as can be. Results: (student, text) -> what came each time, with its seed."""

    handed_in: dict[str, str | None] = field(default_factory=dict)
    results: dict[tuple[str, str], list[tuple[int, str, Points]]] = field(default_factory=lambda: defaultdict(list))
    overrides: dict[tuple[str, str], Fraction | None] = field(default_factory=dict)
    comments: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    known: bool = False  # what the rubric asks for

    def status(self, student: str) -> str:
        text = self.handed_in[student]
        if text is None:
            return "missing"
        current = self.current(student, text)
        return current[1] if current else "waiting"

    def machine(self, student: str) -> Points:
        text = self.handed_in[student]
        current = self.current(student, text) if text else None
        return current[2] if current else {}

    def current(self, student: str, text: str) -> tuple[int, str, dict[str, Fraction]] | None:
        """The last one, before those that failed."""
        return max(enumerate(self.results[student, text]), key=lambda each: (each[1][1] != "failed", each[0]), default=(0, None))[1]

    def final(self, student: str) -> Points:
        """Where there are no verdicts, the people's word stands alone."""
        machine = self.machine(student)
        given = {criterion: points for (one, criterion), points in self.overrides.items() if one == student and points is not None}
        return {criterion: given.get(criterion, machine.get(criterion, Fraction(0))) for criterion in machine or given}


class Books(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.book = Gradebook.open(self.folder / "gradebook.sqlite", write=True)
        self.model = Model()

    def teardown(self) -> None:
        self.book.close()
        shutil.rmtree(self.folder)

    @rule(work=st.dictionaries(STUDENTS, st.none() | TEXTS))
    def take_in(self, work: dict[str, str | None]) -> None:
        attempts = tuple(handed_in(self.folder, student, text) for student, text in work.items() if text)
        self.book.take_in(Intake(tuple(map(Student, work)), attempts))
        self.model.handed_in = work

    @rule(student=STUDENTS, text=TEXTS, seed=SEEDS, status=st.sampled_from(("graded", "graded", "unreadable", "failed")), quarters=QUARTERS)
    def record(self, student: str, text: str, seed: int, status: str, quarters: int) -> None:
        points = {criterion: Fraction(quarters, 8) * Fraction(worth) for criterion, worth in WORTH.items()} if status == "graded" else {}
        report = document({criterion: float(value) for criterion, value in points.items()}) if points else b""
        self.book.record(graded(student, self.content(student, text), report, status=status), replace(TERMS, seed=seed))
        self.model.results[student, text].append((seed, status, points))
        self.model.known |= status == "graded"

    @rule(student=STUDENTS, criterion=st.sampled_from(tuple(WORTH)), eighths=st.none() | QUARTERS)
    def override(self, student: str, criterion: str, eighths: int | None) -> None:
        points = None if eighths is None else Fraction(eighths, 8) * Fraction(WORTH[criterion])
        is_possible = (
            student in self.model.handed_in
            and self.model.known
            and (points is not None or self.model.overrides.get((student, criterion)) is not None)
        )
        if not is_possible:
            with pytest.raises(InputError):
                self.book.override(student, criterion, points, "because", "tutor")
            return
        self.book.override(student, criterion, points, "because", "tutor")
        self.model.overrides[student, criterion] = points

    @rule(student=STUDENTS, text=st.text(min_size=1).filter(str.strip))
    def comment(self, student: str, text: str) -> None:
        if student not in self.model.handed_in:
            with pytest.raises(InputError):
                self.book.comment(student, text, "tutor")
            return
        self.book.comment(student, text, "tutor")
        self.model.comments[student].append(text)

    @rule()
    def open_again(self) -> None:
        self.book.close()
        self.book = Gradebook.open(self.folder / "gradebook.sqlite", write=True)

    @rule(student=STUDENTS, text=TEXTS, seed=SEEDS)
    def has(self, student: str, text: str, seed: int) -> None:
        expected = any(one == seed and status != "failed" for one, status, _ in self.model.results[student, text])
        assert self.book.has(student, self.content(student, text), replace(TERMS, seed=seed)) == expected

    @invariant()
    def the_cohort_is_as_the_model_says(self) -> None:
        rows = {row.student.id: row for row in self.book.cohort(None).rows}
        assert rows.keys() == self.model.handed_in.keys()
        for student, row in rows.items():
            final = self.model.final(student)
            assert row.status == self.model.status(student)
            assert {criterion: mark.final for criterion, mark in row.marks.items()} == final
            assert (row.machine_points, row.points) == (sum(self.model.machine(student).values()), sum(final.values()))
            assert [comment.text for comment in row.comments] == self.model.comments[student]

    def content(self, student: str, text: str) -> str:
        return content_hash(handed_in(self.folder, student, text).source)


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
