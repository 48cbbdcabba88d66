"""Cohort > JSON text of the form that ``grades_models`` describes, a student a line. Pure.

The text is made without the models: 5,000 students have 300,000 marks, and a model of each would take more memory than all else.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from grader.cohort.records import Attempt, Cohort, Comment, Mark, Override, Row, Terms
from grader.report.cohort.grades_models import VERSION, TermsModel
from grader.report.text import clean, cut, exact

LONGEST = 4000  # characters of one text


def to_grades_json(cohort: Cohort) -> str:
    """The document with a fixed order of keys, ending in a newline."""
    head = {
        "version": VERSION,
        "assignment": clean(cohort.assignment),
        "max": exact(cohort.max_points),
        "made": _time(cohort.made),
        "terms": _terms(cohort.terms),
        "parts": [{"id": part, "title": clean(title), "max": exact(most)} for part, title, most in cohort.parts],
        "criteria": [
            {"id": head.criterion, "part": head.part, "title": clean(head.title), "max": exact(head.max_points)} for head in cohort.heads
        ],
    }
    unmatched = [{"label": _text(one.label), "reason": _text(one.reason)} for one in cohort.unmatched]
    students = ",\n".join(_dump(_student(row)) for row in cohort.rows)
    return f'{_dump(head)[:-1]},\n"students": [\n{students}\n],\n"unmatched": {_dump(unmatched)}}}\n'


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _student(row: Row) -> dict[str, Any]:
    student = row.student
    attempts = [row.attempt, *row.others] if row.attempt else [*row.others]
    return {
        "id": _text(student.id),
        "name": _text(student.name),
        "group": _text(student.group),
        "lms_id": _text(student.lms_id),
        "status": row.status,
        "reason": _text(row.reason),
        "attempts": [_attempt(one) for one in attempts],
        "machine_points": exact(row.machine_points),
        "points": exact(row.points),
        "lowest": exact(row.lowest),
        "highest": exact(row.highest),
        "days_late": row.days_late,
        "late_points": exact(row.late_points),
        "final": exact(row.final),
        "marks": {criterion: _mark(mark) for criterion, mark in row.marks.items()},
        "comments": [_comment(one) for one in row.comments],
        "report": row.report,
        "graded": _time(row.graded),
    }


def _mark(mark: Mark) -> dict[str, Any]:
    made: dict[str, Any] = {"points": exact(mark.points), "outcome": mark.outcome, "review": mark.review}
    if mark.points < mark.max_points:
        made["why"] = _text(mark.why)
    if mark.override:
        made["override"] = _override(mark.override)
    return made


def _override(override: Override) -> dict[str, Any]:
    texts = {"reason": _text(override.reason), "author": _text(override.author)}
    return {"points": exact(override.points), **texts, "made": _time(override.made)}


def _comment(comment: Comment) -> dict[str, Any]:
    texts = {"criterion": _text(comment.criterion), "text": _text(comment.text), "author": _text(comment.author)}
    return {**texts, "made": _time(comment.made)}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {"label": _text(attempt.label), "handed_in": _time(attempt.handed_in), "counts": attempt.counts}


def _terms(terms: Terms | None) -> dict[str, str] | None:
    return {name: clean(getattr(terms, name)) for name in TermsModel.model_fields} if terms else None


def _text(text: str) -> str:
    return cut(text, LONGEST)


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
