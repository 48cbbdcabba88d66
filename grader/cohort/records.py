"""What flows through a batch: frozen records, without behaviour beyond small derived values.

Times are aware of their zone. Points are exact (``Fraction``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal

from grader.records import Outcome, Review

# --- intake ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Student:
    """One person, or one team that hands in together."""

    id: str
    name: str = ""
    group: str = ""
    deadline: datetime | None = None  # of one's own; the policy's otherwise
    lms_id: str = ""  # as Moodle or Canvas number them, where an export says it


@dataclass(frozen=True)
class Attempt:
    """One thing that was handed in: a folder or a zip that can be graded."""

    student: str  # Student.id
    source: Path
    label: str  # the source as a person knows it: its path below the intake, or the clone's address
    handed_in: datetime | None = None  # None where nothing says it
    counts: bool = True  # of several of one student exactly one


@dataclass(frozen=True)
class Unmatched:
    """Something in the intake that belongs to nobody known."""

    label: str
    reason: str


@dataclass(frozen=True)
class Intake:
    """All that was handed in. Students of the roster without an attempt are in it too."""

    students: tuple[Student, ...]
    attempts: tuple[Attempt, ...]
    unmatched: tuple[Unmatched, ...] = ()


# --- grading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    """Under what a whole cohort is graded: the same for everybody. ``seed`` is secret until the marks are out."""

    rubric: str  # the text of the rubric, so that another machine grades by the same
    rubric_hash: str
    profile: str
    device: str  # auto, cpu, cuda or mps, as asked for
    data_root: str  # "" for the built-in images
    seed: int
    isolation: Literal["full", "best", "none"]
    grader_version: str
    torch_version: str
    machine: str  # kind of processor or GPU: marks are the same on machines of one kind


@dataclass(frozen=True)
class Task:
    """One submission to grade. Goes to another process, or another machine, as a pickle between trusted processes."""

    student: str
    source: Path
    content_hash: str
    expected_seconds: float
    terms: Terms
    jobs: int = 1  # trusted processes that train
    cache: bool = True


@dataclass(frozen=True)
class Done:
    """What came of a task. Not ``graded``: ``reason`` says why in a sentence that a student may read."""

    student: str
    content_hash: str
    status: Literal["graded", "unreadable", "failed"]  # unreadable: the submission's fault; failed: the grader's, tried again next time
    reason: str = ""
    document: bytes = b""  # the JSON report (``grader.report.json_models``), without ``timing``
    page: bytes = b""  # the HTML report
    seconds: float = 0.0
    host: str = ""


# --- the cohort as exports see it ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Override:
    """A person's word on one criterion; the machine's verdict stays beside it."""

    criterion: str
    points: Fraction
    reason: str
    author: str
    made: datetime


@dataclass(frozen=True)
class Comment:
    """A person's remark to a student. ``criterion`` is empty for the whole."""

    criterion: str
    text: str
    author: str
    made: datetime


@dataclass(frozen=True)
class Mark:
    """One criterion of one student."""

    points: Fraction  # the machine's
    max_points: Fraction
    outcome: Outcome
    review: Review
    why: str
    look_at: str | None = None
    override: Override | None = None

    @property
    def final(self) -> Fraction:
        """The person's points where a person has spoken."""
        return self.override.points if self.override else self.points


@dataclass(frozen=True)
class Row:
    """One student of the cohort."""

    student: Student
    status: Literal["graded", "unreadable", "failed", "waiting", "missing"]  # waiting: not graded yet; missing: nothing handed in
    reason: str = ""
    attempt: Attempt | None = None  # the one that counts
    others: tuple[Attempt, ...] = ()
    marks: dict[str, Mark] = field(default_factory=dict)  # by criterion, in the rubric's order
    machine_points: Fraction = Fraction(0)
    points: Fraction = Fraction(0)  # with overrides
    lowest: Fraction = Fraction(0)  # as open reviews may turn out; a criterion with an override is no longer open
    highest: Fraction = Fraction(0)
    days_late: int = 0
    late_points: Fraction = Fraction(0)  # taken away by the late policy
    final: Fraction = Fraction(0)  # points less late_points, never below 0
    comments: tuple[Comment, ...] = ()
    report: str = ""  # link to the page, relative to the folder of the grades; "" where there is none
    graded: datetime | None = None
    seconds: float = 0.0

    @property
    def open_reviews(self) -> int:
        """Criteria that a person has to look at first."""
        return sum(mark.review is Review.REQUIRED and mark.override is None for mark in self.marks.values())


@dataclass(frozen=True)
class Head:
    """One criterion, as the cohort's tables name it."""

    criterion: str
    part: str
    title: str
    max_points: Fraction


@dataclass(frozen=True)
class Cohort:
    """All that exports need."""

    assignment: str
    max_points: Fraction
    heads: tuple[Head, ...]
    parts: tuple[tuple[str, str, Fraction], ...]  # id, title, points
    rows: tuple[Row, ...]  # ordered by name, then id
    unmatched: tuple[Unmatched, ...] = ()
    terms: Terms | None = None
    made: datetime | None = None
