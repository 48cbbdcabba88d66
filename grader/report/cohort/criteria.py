"""What a cohort did with each criterion and each part. Pure and exact; only those who were graded count."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from grader.cohort.records import Cohort, Head, Mark
from grader.records import Outcome
from grader.report.cohort.words import decided
from grader.report.text import OUTCOME_WORDS


@dataclass(frozen=True)
class CriterionFigures:
    """One criterion over all who were graded."""

    head: Head
    count: int  # students who have a mark on it
    mean: Fraction
    outcomes: dict[Outcome, int]  # in the order of ``Outcome``, those that occur

    @property
    def pass_rate(self) -> Fraction | None:
        """Share of the students who passed it; None where nobody has a mark."""
        return Fraction(self.outcomes.get(Outcome.PASSED, 0), self.count) if self.count else None

    @property
    def told(self) -> str:
        """The outcomes in words: ``14 passed, 3 failed``."""
        return ", ".join(f"{count:,} {OUTCOME_WORDS[outcome].lower()}" for outcome, count in self.outcomes.items())

    @property
    def segments(self) -> tuple[tuple[Outcome, float, float], ...]:
        """The outcomes as pieces of a bar of length 100: (outcome, start, length)."""
        lengths = [100 * count / self.count for count in self.outcomes.values()]
        starts = list(accumulate(lengths, initial=0.0))[:-1]
        return tuple((one, round(start, 2), round(length, 2)) for one, start, length in zip(self.outcomes, starts, lengths, strict=True))


@dataclass(frozen=True)
class PartFigures:
    """One part over all who were graded."""

    part: str
    title: str
    max_points: Fraction
    mean: Fraction


def criterion_figures(cohort: Cohort) -> tuple[CriterionFigures, ...]:
    """A record per criterion, in the order of the rubric."""
    graded = [row.marks for row in cohort.rows if row.status == "graded"]
    return tuple(_figures(head, [marks[head.criterion] for marks in graded if head.criterion in marks]) for head in cohort.heads)


def _figures(head: Head, marks: list[Mark]) -> CriterionFigures:
    counts = Counter(decided(mark) for mark in marks)
    mean = sum((mark.final for mark in marks), Fraction(0)) / max(1, len(marks))
    return CriterionFigures(head, len(marks), mean, {outcome: counts[outcome] for outcome in Outcome if counts[outcome]})


def part_figures(cohort: Cohort, criteria: tuple[CriterionFigures, ...]) -> tuple[PartFigures, ...]:
    """A record per part, in the order of the rubric; ``criteria`` are the cohort's."""
    means = dict.fromkeys((part for part, _, _ in cohort.parts), Fraction(0))
    for one in criteria:
        if one.head.part in means:
            means[one.head.part] += one.mean
    return tuple(PartFigures(part, title, most, means[part]) for part, title, most in cohort.parts)
