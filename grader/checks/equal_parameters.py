"""Do several networks have the same number of parameters, in total and in their convolutions alone?

Convolutions of other kernels than the rubric asks of a network (a 1x1 on a corner of the image) are counted in neither.
"""

from __future__ import annotations

from fractions import Fraction

from grader.checks.base import Case, Evidence, Need, Requirements, combine, item, review_of
from grader.records import Fault, Item, Judgement, LayerFact, Message, NetworkFacts, Review, message


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
    strays = {role: _strays(each, _kernels(case, role)) for role, each in facts.items()}
    totals = {role: each.parameters - sum(layer.parameters for layer in strays[role]) for role, each in facts.items()}
    convs = {role: sum(layer.parameters for layer in each.convs if layer not in strays[role]) for role, each in facts.items()}
    items = [
        _item(case.require, totals, message("equal parameter counts in total"), strays),
        _item(case.require, convs, message("equal parameter counts in the convolutions alone"), strays),
    ]
    items += [_missing(role, evidence.facts.get(role) or evidence.exports.get(role)) for role in missing]
    return combine(items, case.criterion.hint)


def _kernels(case: Case, role: str) -> list[int] | None:
    """The kernels that the rubric asks of this role's network, where it does."""
    alone = [criterion for criterion in case.rubric.criterion if list(criterion.roles) == [role]]
    asked = (each.require.get("kernels") for criterion in alone for each in criterion.alternatives if each.check == "network")
    return next((kernels for kernels in asked if kernels), None)


def _strays(facts: NetworkFacts, kernels: list[int] | None) -> tuple[LayerFact, ...]:
    """Convolutions of other kernels than the ones that are compared: with them any count can be padded. Shortcuts need theirs."""
    return tuple(layer for layer in facts.convs if kernels and layer.in_main_path and max(layer.kernel, default=0) not in kernels)


def _item(require: Require, counts: dict[str, int], expected: Message, strays: dict[str, tuple[LayerFact, ...]]) -> Item:
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
    left_out = [f"{role} {layer.path or layer.op}" for role, layers in strays.items() for layer in layers]
    if left_out:
        why = message("{why}; not counted, since other kernels are asked: {names}", why=why, names=", ".join(left_out[:4]))
    return item(holds, expected, found, why)


def _missing(role: str, fault: object) -> Item:
    what = fault.sentence if isinstance(fault, Fault) else "it could not be counted"
    why = message("{role}: {what}", role=role, what=what)
    review, place = (review_of(fault), fault.place) if isinstance(fault, Fault) else (Review.NONE, None)
    return item(False, message("a count for {role}", role=role), message("none"), why, review=review, look_at=place)
