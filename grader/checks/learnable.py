"""Does a custom layer have parameters of its own, and do they take part?"""

from __future__ import annotations

from grader.checks.base import Case, Evidence, Need, Requirements, combine, fault_item, item
from grader.checks.trainable import idle_parameters
from grader.network.exported import Exported
from grader.records import Fault, Item, Judgement, Message, NetworkFacts, message


class Require(Requirements):
    """The least number of trainable numbers."""

    least: int = 1


def needs(case: Case) -> frozenset[Need]:
    """The graph of each role."""
    return frozenset(Need("export", role) for role in case.criterion.roles)


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """One item for each role; None where no role could be examined."""
    items: list[Item] = []
    for role in case.criterion.roles:
        facts, exported = evidence.facts.get(role), evidence.exports.get(role)
        expected = message("{role}: parameters that take part in the output", role=role)
        if isinstance(facts, NetworkFacts) and isinstance(exported, Exported):
            items.append(_taking_part(case.require, facts, exported, expected))
        else:
            fault = next((each for each in (facts, exported) if isinstance(each, Fault)), Fault("missing", "it was not examined"))
            items.append(fault_item(role, fault, expected))
    available = any(not isinstance(evidence.facts.get(role), Fault | None) for role in case.criterion.roles)
    return combine(items, case.criterion.hint) if available else None


def _taking_part(require: Require, facts: NetworkFacts, exported: Exported, expected: Message) -> Item:
    """Unused ones were told with parameters redrawn. At the start a gain of 0 may silence some, never all of them."""
    stuck = not any(facts.weight_gradients.values())
    idle = idle_parameters(facts, exported, (*facts.unused_parameters, *(facts.weight_gradients if stuck else ())))
    return item(
        facts.parameters >= require.least and not idle,
        expected,
        message("{count} trainable numbers; idle: {idle}", count=facts.parameters, idle=", ".join(idle) or "none"),
        message("counted on the graph; idle ones do not change the output or get no gradient"),
    )
