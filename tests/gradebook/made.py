"""Made-up work for the gradebook: an assignment of two parts and three criteria, reports on it, students who hand in a file each."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.cohort.records import Attempt, Done, Intake, Row, Student, Terms
from grader.gradebook import Gradebook
from grader.records import Outcome, Review
from grader.report import json_models as models

WORTH = {"1.net": 2.0, "1.accuracy": 3.0, "2.block": 5.0}
TITLES = {"1.net": "It has layers", "1.accuracy": "It learns", "2.block": "A residual block"}
PARTS = {"1": ("Networks", 5.0), "2": ("Blocks", 5.0)}
TERMS = Terms(
    rubric='title = "Lesson 4"', rubric_hash="rubric-1", profile="quick", device="auto", data_root="", seed=2**70 + 1,
    isolation="best", grader_version="0.2.0", torch_version="2.15.0", machine="Linux x86_64 avx2",
)  # fmt: skip


def criterion(name: str, points: float, **changes: Any) -> models.CriterionModel:
    outcome = Outcome.PASSED if points == WORTH[name] else Outcome.PARTIAL if points else Outcome.FAILED
    values: dict[str, Any] = {
        "id": name, "part": name[0], "title": TITLES[name], "points": points, "max": WORTH[name], "outcome": outcome, "basis": None,
        "review": Review.NONE, "look_at": None, "expected": "more", "found": "less", "why": f"why {name}", "hint": None, "role": None,
        "roles": [], "depends_on": None,
    }  # fmt: skip
    return models.CriterionModel(**values | changes)


def document(
    points: Mapping[str, float], total: float | None = None, changes: Mapping[str, dict[str, Any]] | None = None, only: tuple[str, ...] = ()
) -> bytes:
    """A report as `grade --json` writes it. ``total``: where it is not the sum of what the criteria show (they are rounded)."""
    criteria = [criterion(name, value, **(changes or {}).get(name, {})) for name, value in points.items()]
    score = sum(points.values()) if total is None else total
    made = models.ReportModel(
        version=1,
        assignment="Lesson 4",
        score=models.ScoreModel(points=score, max=10.0, lowest=score, highest=score),
        parts=[models.PartModel(id=part, title=title, points=0.0, max=most) for part, (title, most) in PARTS.items()],
        criteria=criteria,
        advice=[],
        roles=[],
        log=[],
        provenance=_provenance(only),
        timing={},
    )
    return made.model_dump_json(by_alias=True).encode()


def _provenance(only: tuple[str, ...]) -> models.ProvenanceModel:
    return models.ProvenanceModel(
        grader_version="0.2.0", rubric="lesson4", rubric_hash="rubric-1", profile="quick", seed=7, self_check=False, submission="s",
        submission_hash="h", data={"mnist": "digits: made"}, data_fingerprints={"mnist": "f"}, device="cuda", cpu_capability="AVX2",
        precision="float32", torch_version="2.15.0", torchvision_version="0.30", python_version="3.11", platform="Linux x86_64",
        isolation="best", protections=[], only=list(only),
    )  # fmt: skip


FULL = document(WORTH)
PARTIAL = document({"1.net": 0.5, "1.accuracy": 3.0, "2.block": 0.0})


def handed_in(folder: Path, student: str, text: str = "", **changes: Any) -> Attempt:
    """A file with a text of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{student}-{text or 'only'}.py"
    path.write_text(text or student)
    return Attempt(**{"student": student, "source": path, "label": path.name} | changes)


def cohort_of(folder: Path, *ids: str) -> Intake:
    """Students who have each handed in one file."""
    return Intake(tuple(Student(one, f"Name of {one}") for one in ids), tuple(handed_in(folder, one) for one in ids))


def graded(student: str, content: str, report: bytes = FULL, **changes: Any) -> Done:
    return Done(**{"student": student, "content_hash": content, "status": "graded", "document": report, "seconds": 30.0} | changes)


def row_of(book: Gradebook, student: str, late: Any = None) -> Row:
    return next(row for row in book.cohort(late).rows if row.student.id == student)


def tables_of(path: Path) -> dict[str, int]:
    """Rows of each table, counted by SQLite itself."""
    connection = sqlite3.connect(path)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
    connection.close()
    return counts
