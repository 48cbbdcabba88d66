"""The JSON report of one submission, as far as the gradebook keeps it in tables. Fields: ``grader/report/json_models.py``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from pydantic_core import from_json

from grader.cohort.records import Head, Mark
from grader.errors import GraderFault
from grader.records import Outcome, Review

_FORMAT = 1


@dataclass(frozen=True)
class Assignment:
    """What a rubric asks for."""

    title: str
    max_points: Fraction
    parts: tuple[tuple[str, str, Fraction], ...]  # id, title, points
    heads: tuple[Head, ...]


@dataclass(frozen=True)
class Graded:
    """What a report says, apart from its details."""

    assignment: Assignment
    points: Fraction
    marks: dict[str, Mark]  # by criterion, in the rubric's order
    only: tuple[str, ...]  # what was asked for, where that is not all
    provenance: dict[str, str]  # grader_version, data (JSON), seed, device, torch_version, isolation


def read_document(document: bytes, student: str) -> Graded:
    """Raises GraderFault for what is not a report of this grader: no submission can cause that."""
    try:
        loaded = from_json(document)  # twice as fast as json on a report of 200 KB
        if loaded["version"] != _FORMAT:
            raise ValueError(f"format {loaded['version']} instead of {_FORMAT}")
        return Graded(
            assignment=_assignment(loaded),
            points=exact(loaded["score"]["points"]),
            marks={one["id"]: _mark(one) for one in loaded["criteria"]},
            only=tuple(loaded["provenance"]["only"]),
            provenance=_provenance(loaded["provenance"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise GraderFault(
            f"The report on {student} is not as the grader writes it ({type(error).__name__}: {error}). "
            "See that all machines run the same version of the grader; if they do, please send this line to the maintainers."
        ) from error


def _assignment(loaded: dict[str, Any]) -> Assignment:
    return Assignment(
        title=loaded["assignment"],
        max_points=exact(loaded["score"]["max"]),
        parts=tuple((part["id"], part["title"], exact(part["max"])) for part in loaded["parts"]),
        heads=tuple(Head(one["id"], one["part"], one["title"], exact(one["max"])) for one in loaded["criteria"]),
    )


def _mark(criterion: dict[str, Any]) -> Mark:
    return Mark(
        points=exact(criterion["points"]),
        max_points=exact(criterion["max"]),
        outcome=Outcome(criterion["outcome"]),
        review=Review(criterion["review"]),
        why=criterion["why"],
        look_at=criterion["look_at"],
    )


def _provenance(provenance: dict[str, Any]) -> dict[str, str]:
    named = {name: str(provenance[name]) for name in ("grader_version", "seed", "device", "torch_version", "isolation")}
    return named | {"data": json.dumps(provenance["data"], ensure_ascii=False)}


@lru_cache(maxsize=4096)
def exact(number: float) -> Fraction:
    """A number of the report as it is written there: 0.1 is a tenth, not the nearest binary fraction."""
    return Fraction(repr(number))


def ratio(points: Fraction) -> str:
    """Points as the gradebook keeps them: ``7/2``, ``3/1``."""
    return f"{points.numerator}/{points.denominator}"


@lru_cache(maxsize=4096)
def from_ratio(text: str) -> Fraction:
    """Points as they were kept."""
    return Fraction(text)
