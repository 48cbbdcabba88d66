"""Does a custom layer have parameters of its own, and do they take part?"""

from __future__ import annotations

from grader.checks.base import Case, Evidence, Need, Requirements, combine, item
from grader.records import Fault, Judgement, message


class Require(Requirements):
    """The least number of trainable numbers."""

    least: int = 1


def needs(case: Case) -> frozenset[Need]:
    """The graph of each role."""
    return frozenset(Need("export", role) for role in case.criterion.roles)


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """One item for each role; None where no role could be examined."""
    items = []
    for role in case.criterion.roles:
        facts = evidence.facts.get(role)
        expected = message("{role}: parameters that take part in the output", role=role)
        if facts is None or isinstance(facts, Fault):
            reason = facts.sentence if facts else "it was not examined"
            items.append(item(False, expected, message("nothing to measure"), message("{reason}", reason=reason)))
            continue
        silent = [path for path, norm in facts.weight_gradients.items() if norm == 0]
        enough = facts.parameters >= case.require.least and not facts.unused_parameters and not silent
        idle = ", ".join((*facts.unused_parameters, *silent)) or "none"
        items.append(
            item(
                enough,
                expected,
                message("{count} trainable numbers; idle: {idle}", count=facts.parameters, idle=idle),
                message("counted on the graph; idle ones do not change the output or get no gradient"),
            )
        )
    available = any(not isinstance(evidence.facts.get(role), Fault | None) for role in case.criterion.roles)
    return combine(items, case.criterion.hint) if available else None
