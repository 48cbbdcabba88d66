"""What a reader wants first: what brings the most points, what waits for a person. Pure functions of a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from grader.records import Outcome, Provenance, Report, Review, Verdict


@dataclass(frozen=True)
class NextStep:
    """A criterion to mend, and the points it brings with all that waits for it."""

    verdict: Verdict
    gain_points: Fraction
    unlocks: int  # skipped criteria that wait for this one


def lost(verdict: Verdict) -> Fraction:
    """Points that a verdict misses."""
    return max(Fraction(0), verdict.max_points - verdict.points)


def _root(verdict: Verdict, by_id: dict[str, Verdict]) -> Verdict:
    """The verdict that a skipped one waits for in the end; itself where that is not known, or was met."""
    root, seen = verdict, {verdict.criterion}
    while root.outcome is Outcome.SKIPPED and root.depends_on in by_id and root.depends_on not in seen:
        seen.add(root.depends_on)
        root = by_id[root.depends_on]
    return verdict if root.outcome is Outcome.PASSED else root


def next_steps(report: Report) -> tuple[NextStep, ...]:
    """The criteria that a student can mend, the most points first, then in the order of the rubric."""
    by_id = {verdict.criterion: verdict for verdict in report.verdicts}
    gains: dict[str, Fraction] = {}
    unlocks: Counter[str] = Counter()
    for verdict in report.verdicts:
        root = _root(verdict, by_id)
        gains[root.criterion] = gains.get(root.criterion, Fraction(0)) + lost(verdict)
        unlocks[root.criterion] += root is not verdict
    steps = [
        NextStep(by_id[criterion], gain, unlocks[criterion])
        for criterion, gain in gains.items()
        if gain > 0 and by_id[criterion].outcome is not Outcome.BROKEN
    ]
    return tuple(sorted(steps, key=lambda step: -step.gain_points))


def open_reviews(report: Report) -> tuple[Verdict, ...]:
    """Verdicts that a person has yet to look at, those that need it first."""
    waiting = [verdict for verdict in report.verdicts if verdict.review is not Review.NONE]
    return tuple(sorted(waiting, key=lambda verdict: verdict.review is not Review.REQUIRED))


def missing_protections(provenance: Provenance) -> str:
    """What did not keep the submission's code apart, with the reasons; empty where nothing was missing."""
    missing = [protection for protection in provenance.protections if not protection.in_force]
    reasons = dict.fromkeys(protection.detail for protection in missing)
    names = ", ".join(protection.name for protection in missing)
    return f"The code ran without these protections: {names} ({'; '.join(reasons)})." if missing else ""


def tally(report: Report) -> dict[Outcome, int]:
    """How many criteria came out how, in the order of ``Outcome``, those that occur."""
    counts = Counter(verdict.outcome for verdict in report.verdicts)
    return {outcome: counts[outcome] for outcome in Outcome if counts[outcome]}
