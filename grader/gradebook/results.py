"""What came of grading, in the tables: results with their verdicts."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

from grader.cohort.records import Done, Mark, Terms
from grader.errors import GraderFault
from grader.gradebook.asked import keep_assignment, keep_terms, key_of
from grader.gradebook.database import Database
from grader.gradebook.document import Graded, from_ratio, ratio, read_document
from grader.records import Outcome, Review

Occasion = Literal["batch", "again", "regrade"]

_QUICK = 1  # level of zlib: a report of 200 KB becomes 20 KB in 2 ms
_RESULT = "id, student, status, reason, points, max_points, seconds, recorded"
_VERDICT = ("place", "criterion", "points", "max_points", "outcome", "review", "why", "look_at")


@dataclass(frozen=True)
class Result:
    """One row of results."""

    id: int
    student: str
    status: Literal["graded", "unreadable", "failed"]
    reason: str
    points: Fraction | None
    max_points: Fraction | None
    seconds: float
    recorded: datetime


# --- results ---------------------------------------------------------------------------------------------------------


def keep_result(database: Database, done: Done, terms: Terms, occasion: Occasion, recorded: str) -> None:
    """Add a result with its verdicts and its document. Raises GraderFault for a report that is none, or on a part only."""
    graded = read_document(done.document, done.student) if done.status == "graded" else None
    if graded and graded.only:
        raise GraderFault(f"The report on {done.student} judges only {', '.join(graded.only)}: grade the whole, a mark needs all of it.")
    provenance = graded.provenance if graded else _asked_for(terms)
    result = database.add(
        "results", student=done.student, content_hash=done.content_hash, terms=keep_terms(database, terms), status=done.status,
        reason=done.reason, occasion=occasion, points=ratio(graded.points) if graded else None,
        max_points=ratio(graded.assignment.max_points) if graded else None, seconds=done.seconds, host=done.host,
        recorded=recorded, rubric_hash=terms.rubric_hash, **provenance,
    )  # fmt: skip
    if graded:
        _keep_verdicts(database, result, graded)
        database.add("documents", result=result, document=zlib.compress(done.document, _QUICK))
        keep_assignment(database, terms.rubric_hash, graded.assignment)


def _asked_for(terms: Terms) -> dict[str, str]:
    """The provenance of a result without a report."""
    named = ("grader_version", "seed", "device", "torch_version", "isolation")
    return {name: str(getattr(terms, name)) for name in named} | {"data": "{}"}


def _keep_verdicts(database: Database, result: int, graded: Graded) -> None:
    verdicts = [(result, place, criterion, *_verdict_row(mark)) for place, (criterion, mark) in enumerate(graded.marks.items())]
    database.add_all("verdicts", ("result", *_VERDICT), verdicts)


def _verdict_row(mark: Mark) -> tuple[object, ...]:
    return ratio(mark.points), ratio(mark.max_points), mark.outcome.value, mark.review.value, mark.why, mark.look_at


def has_result(database: Database, student: str, content_hash: str, terms: Terms) -> bool:
    """Whether this need not be graded again."""
    sql = "SELECT 1 FROM results WHERE student = ? AND content_hash = ? AND terms = ? AND status != 'failed'"
    return database.first(sql, student, content_hash, key_of(terms)) is not None


def last_seconds(database: Database, student: str) -> float | None:
    """How long the last grading of a student's work took."""
    found = database.first("SELECT seconds FROM results WHERE student = ? ORDER BY id DESC LIMIT 1", student)
    return found[0] if found else None


def last_result(database: Database, student: str, content_hash: str) -> Result | None:
    """The result that stands for a content."""
    sql = f"SELECT {_RESULT} FROM results WHERE student = ? AND content_hash = ? ORDER BY status = 'failed', id DESC LIMIT 1"
    found = database.first(sql, student, content_hash)
    return _result(found) if found else None


def current_results(database: Database) -> dict[str, Result]:
    """The result that stands for each student of the cohort."""
    return {result.student: result for row in database.rows(f"SELECT {_RESULT} FROM current_results") for result in [_result(row)]}


def _result(row: tuple[Any, ...]) -> Result:
    number, student, status, reason, points, most, seconds, recorded = row
    exact = [from_ratio(text) if text else None for text in (points, most)]
    return Result(number, student, status, reason, exact[0], exact[1], seconds, datetime.fromisoformat(recorded))


# --- verdicts --------------------------------------------------------------------------------------------------------


def current_marks(database: Database) -> Iterator[tuple[int, dict[str, Mark]]]:
    """The verdicts of each current result that has any."""
    sql = f"SELECT result, {', '.join(_VERDICT)} FROM verdicts WHERE result IN (SELECT id FROM current_results) ORDER BY result, place"
    for result, rows in groupby(database.rows(sql), itemgetter(0)):
        yield result, {sys.intern(row[2]): _mark(row) for row in rows}


def marks_of(database: Database, result: int) -> dict[str, Mark]:
    """The verdicts of one result."""
    sql = f"SELECT result, {', '.join(_VERDICT)} FROM verdicts WHERE result = ? ORDER BY place"
    return {row[2]: _mark(row) for row in database.rows(sql, result)}


def _mark(row: tuple[Any, ...]) -> Mark:
    """Texts that many have are kept once: a cohort of 5,000 has 300,000 marks."""
    _, _, _, points, most, outcome, review, why, look_at = row
    return Mark(from_ratio(points), from_ratio(most), Outcome(outcome), Review(review), sys.intern(why), look_at)


def document_of(database: Database, result: int) -> bytes:
    """The JSON report of a graded result."""
    found = database.first("SELECT document FROM documents WHERE result = ?", result)
    return zlib.decompress(found[0]) if found else b""
