"""Is there regularisation in the network, active in training and only there?"""

from __future__ import annotations

from grader.checks.base import Case, Evidence, Need, Requirements, combine, item
from grader.records import Fault, Judgement, message


class Require(Requirements):
    """The least probability that counts as dropping anything."""

    probability: float = 0.01


def needs(case: Case) -> frozenset[Need]:
    """The graph of each role."""
    return frozenset(Need("export", role) for role in case.criterion.roles)


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """Two items for each role; None where no graph could be had."""
    items = []
    for role in case.criterion.roles:
        facts = evidence.facts.get(role)
        if facts is None or isinstance(facts, Fault):
            return None
        dropping = [each for each in facts.dropouts if each.probability >= case.require.probability]
        still_on = [each for each in dropping if each.active_in_evaluation]
        listed = ", ".join(f"{each.op} with p = {each.probability:g} at {each.at}" for each in dropping) or "none"
        items.append(
            item(
                bool(dropping) and not still_on,
                message("dropout (or another random layer) that is active in training and off in evaluation"),
                message("{listed}", listed=listed) if not still_on else message("{listed}; active in evaluation too", listed=listed),
                message("read off the training graph and compared with the evaluation graph"),
            )
        )
    return combine(items, case.criterion.hint)
