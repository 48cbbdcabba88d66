"""Is there regularisation in the network, active in training and only there?"""

from __future__ import annotations

from grader.checks.base import Case, Evidence, Need, Requirements, combine, item
from grader.records import DropoutFact, Fault, Item, Judgement, message


class Require(Requirements):
    """The least probability that counts as dropping anything."""

    probability: float = 0.01


def needs(case: Case) -> frozenset[Need]:
    """The graph of each role."""
    return frozenset(Need("export", role) for role in case.criterion.roles)


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """Two items for each role; None where no graph could be had."""
    items: list[Item] = []
    for role in case.criterion.roles:
        facts = evidence.facts.get(role)
        if facts is None or isinstance(facts, Fault):
            return None
        dropping = [each for each in facts.dropouts if each.probability >= case.require.probability]
        still_on = [each for each in dropping if each.active_in_evaluation]
        items += [_present(dropping), _off_in_evaluation(dropping, still_on)]
    return combine(items, case.criterion.hint)


def _present(dropping: list[DropoutFact]) -> Item:
    expected = message("dropout (or another random layer) in training")
    return item(bool(dropping), expected, message("{listed}", listed=_listed(dropping)), message("read off the training graph"))


def _off_in_evaluation(dropping: list[DropoutFact], still_on: list[DropoutFact]) -> Item:
    found = message("{listed} is active", listed=_listed(still_on)) if still_on else message("nothing is dropped in evaluation")
    why = message("read off the evaluation graph; F.dropout drops always unless it is told training=self.training")
    place = next((each.at for each in still_on if each.at), None)
    return item(bool(dropping) and not still_on, message("it is off in evaluation"), found, why, look_at=place)


def _listed(facts: list[DropoutFact]) -> str:
    words = (f"{each.op} with p = {each.probability:g}" + (f" at {each.at}" if each.at else "") for each in facts)
    return ", ".join(words) or "none"
