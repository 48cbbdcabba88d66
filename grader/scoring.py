"""Verdicts to a score, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from grader.records import PartScore, Review, Score, Verdict
from grader.rubric import Rubric


def score(rubric: Rubric, verdicts: Sequence[Verdict]) -> Score:
    """Add up the verdicts by part. An open required review leaves a criterion anywhere between 0 and its points."""
    parts = tuple(
        PartScore(part.id, part.title, _points(mine), _max_points(mine))
        for part in rubric.part
        if (mine := [verdict for verdict in verdicts if verdict.part == part.id])
    )
    open_reviews = [verdict for verdict in verdicts if verdict.review is Review.REQUIRED]
    total = _points(verdicts)
    return Score(
        points=total,
        max_points=_max_points(verdicts),
        lowest=total - _points(open_reviews),
        highest=total + _max_points(open_reviews) - _points(open_reviews),
        parts=parts,
    )


def _points(verdicts: Sequence[Verdict]) -> Fraction:
    return sum((verdict.points for verdict in verdicts), Fraction(0))


def _max_points(verdicts: Sequence[Verdict]) -> Fraction:
    return sum((verdict.max_points for verdict in verdicts), Fraction(0))
