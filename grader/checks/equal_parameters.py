"""Do several networks have the same number of parameters, in total and in their convolutions alone?"""

from __future__ import annotations

from fractions import Fraction

from grader.checks.base import Case, Evidence, Item, Need, Requirements, combine, item, review_of
from grader.records import Fault, Judgement, Message, NetworkFacts, Review, message


class Require(Requirements):
    """Largest over smallest count, minus one: up to ``tolerance`` in full, up to ``lenient`` in half."""

    tolerance: float = 0.1
    lenient: float = 0.25


def needs(case: Case) -> frozenset[Need]:
    """The graph of each role."""
    return frozenset(Need("export", role) for role in case.criterion.roles)


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """One item for the totals, one for the convolutions; None where fewer than two networks could be counted."""
    facts = {role: found for role in case.criterion.roles if isinstance(found := evidence.facts.get(role), NetworkFacts)}
    if len(facts) < 2:
        return None
    missing = [role for role in case.criterion.roles if role not in facts]
    totals = {role: each.parameters for role, each in facts.items()}
    convs = {role: sum(layer.parameters for layer in each.convs) for role, each in facts.items()}
    items = [
        _item(case.require, totals, message("equal parameter counts in total")),
        _item(case.require, convs, message("equal parameter counts in the convolutions alone")),
    ]
    items += [_missing(role, evidence.facts.get(role) or evidence.exports.get(role)) for role in missing]
    return combine(items, case.criterion.hint)


def _item(require: Require, counts: dict[str, int], expected: Message) -> Item:
    least, most = min(counts.values()), max(counts.values())
    found = message("{listed}", listed=", ".join(f"{role} {count:,}" for role, count in counts.items()))
    if least == 0:
        return item(False, expected, found, message("there is nothing to count"))
    spread = Fraction(most, least) - 1
    full, half = Fraction(str(require.tolerance)), Fraction(str(require.lenient))
    holds = Fraction(1) if spread <= full else Fraction(1, 2) if spread <= half else Fraction(0)
    why = message(
        "the largest is {spread} above the smallest; up to {tolerance} counts as equal",
        spread=f"{float(100 * spread):.1f} %",
        tolerance=f"{100 * require.tolerance:g} %",
    )
    return item(holds, expected, found, why)


def _missing(role: str, fault: object) -> Item:
    what = fault.sentence if isinstance(fault, Fault) else "it could not be counted"
    why = message("{role}: {what}", role=role, what=what)
    review, place = (review_of(fault), fault.place) if isinstance(fault, Fault) else (Review.NONE, None)
    return item(False, message("a count for {role}", role=role), message("none"), why, review=review, look_at=place)
