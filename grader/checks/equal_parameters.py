"""Do several networks have the same number of parameters, in total and in their convolutions alone?"""

from __future__ import annotations

from fractions import Fraction

from grader.checks.base import Case, Evidence, Item, Need, Requirements, combine, item
from grader.records import Fault, Judgement, Message, NetworkFacts, message


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
    items += [_missing(role, evidence.exports.get(role)) for role in missing]
    return combine(items, case.criterion.hint)


def _item(require: Require, counts: dict[str, int], expected: Message) -> Item:
    spread = max(counts.values()) / max(1, min(counts.values())) - 1
    holds = Fraction(1) if spread <= require.tolerance else Fraction(1, 2) if spread <= require.lenient else Fraction(0)
    listed = ", ".join(f"{role} {count:,}" for role, count in counts.items())
    why = message(
        "the largest is {spread} above the smallest; up to {tolerance} counts as equal",
        spread=f"{100 * spread:.1f} %",
        tolerance=f"{100 * require.tolerance:.0f} %",
    )
    return item(holds, expected, message("{listed}", listed=listed), why)


def _missing(role: str, fault: object) -> Item:
    what = fault.sentence if isinstance(fault, Fault) else "it could not be counted"
    return item(False, message("a count for {role}", role=role), message("none"), message("{role}: {what}", role=role, what=what))
