"""What is asked for, in the tables: the terms under which a cohort is graded, and what each rubric gives points for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from functools import lru_cache

from grader.cohort.records import Head, Terms
from grader.gradebook.database import Database
from grader.gradebook.document import Assignment, from_ratio, ratio

_TERMS = tuple(field.name for field in fields(Terms))


@lru_cache(maxsize=16)
def key_of(terms: Terms) -> str:
    """The same for equal terms, on every machine."""
    return hashlib.sha256(json.dumps(asdict(terms), sort_keys=True).encode()).hexdigest()


def keep_terms(database: Database, terms: Terms) -> str:
    """Add terms, unless they are there; returns their key."""
    key = key_of(terms)
    if database.first("SELECT 1 FROM terms WHERE key = ?", key) is None:
        database.add("terms", key=key, **asdict(terms) | {"seed": str(terms.seed)})
    return key


def chosen_terms(database: Database) -> Terms | None:
    """The terms that were chosen last."""
    row = database.first(
        f"SELECT {', '.join(_TERMS)} FROM terms WHERE key = (SELECT terms FROM chosen_terms WHERE id = (SELECT max(id) FROM chosen_terms))"
    )
    if row is None:
        return None
    values = dict(zip(_TERMS, row, strict=True))
    return Terms(**values | {"seed": int(values["seed"])})


def keep_assignment(database: Database, rubric_hash: str, assignment: Assignment) -> None:
    """Add the description of a rubric, unless it is there."""
    if database.first("SELECT 1 FROM assignments WHERE rubric_hash = ?", rubric_hash):
        return
    database.add("assignments", rubric_hash=rubric_hash, title=assignment.title, max_points=ratio(assignment.max_points))
    parts = [(rubric_hash, place, part, title, ratio(most)) for place, (part, title, most) in enumerate(assignment.parts)]
    database.add_all("parts", ("rubric_hash", "place", "part", "title", "max_points"), parts)
    heads = [
        (rubric_hash, place, head.criterion, head.part, head.title, ratio(head.max_points)) for place, head in enumerate(assignment.heads)
    ]
    database.add_all("criteria", ("rubric_hash", "place", "criterion", "part", "title", "max_points"), heads)


def current_assignment(database: Database) -> Assignment | None:
    """What the rubric of the chosen terms asks for; before its first result, that of the last result; None where nothing was graded."""
    found = database.first(
        """
        SELECT rubric_hash, title, max_points FROM assignments JOIN (
            SELECT rubric_hash, 2 AS rank, chosen_terms.id AS id FROM chosen_terms JOIN terms ON terms.key = chosen_terms.terms
            WHERE chosen_terms.id = (SELECT max(id) FROM chosen_terms)
            UNION ALL
            SELECT rubric_hash, 1, id FROM results WHERE status = 'graded'
        ) USING (rubric_hash)
        ORDER BY rank DESC, id DESC LIMIT 1
        """
    )
    if found is None:
        return None
    rubric_hash, title, most = found
    parts = database.rows("SELECT part, title, max_points FROM parts WHERE rubric_hash = ? ORDER BY place", rubric_hash)
    heads = database.rows("SELECT criterion, part, title, max_points FROM criteria WHERE rubric_hash = ? ORDER BY place", rubric_hash)
    return Assignment(
        title=title,
        max_points=from_ratio(most),
        parts=tuple((part, name, from_ratio(points)) for part, name, points in parts),
        heads=tuple(Head(criterion, part, name, from_ratio(points)) for criterion, part, name, points in heads),
    )
