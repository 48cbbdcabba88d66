"""Is a piece of work shown anywhere: in results of any form, in pictures, in a report, in code that is run?

For submissions whose files and names are their own. Where the starter's contract is followed, other checks know better, and
this one is not available.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from pydantic import Field, field_validator

from grader.checks.base import Case, Evidence, Need, Requirements, joined
from grader.checks.evidence_of import Shown, View
from grader.checks.findings import findings
from grader.checks.levels import levels
from grader.checks.naming import names_of
from grader.checks.topics import ASPECTS
from grader.records import Item, Judgement, Message, Review, message
from grader.rubric import Criterion, Exact

WITHOUT_NETWORKS = Fraction(2, 3)  # of results of networks that the submission does not hold


class Require(Requirements):
    """What has to be shown for each network of the criterion, with weights."""

    aspects: dict[str, Exact] = Field(min_length=1, description="What to show -> its weight; see docs/rubric.md for the names.")
    code: bool = Field(False, description="Judge code alone; false: nothing but code is not enough.")

    @field_validator("aspects")
    @classmethod
    def _known(cls, aspects: dict[str, Fraction]) -> dict[str, Fraction]:
        for name in aspects:
            if name not in ASPECTS:
                raise ValueError(f'there is no aspect "{name}"; the aspects are {", ".join(sorted(ASPECTS))}')
        return aspects


def needs(case: Case) -> frozenset[Need]:
    """The graphs of the networks, where what is stated can be compared with them."""
    compared = any(ASPECTS[name].values in ("count", "pixels") for name in case.require.aspects)
    return frozenset(Need("export", role) for role in case.criterion.roles) if compared else frozenset()


@dataclass(frozen=True)
class Part:
    """One aspect: how far it is shown for each role (or for all, under "")."""

    name: str
    weight: Fraction
    shown: Mapping[str, Shown]

    @property
    def level(self) -> Fraction:
        """The mean over the roles."""
        return sum((each.level for each in self.shown.values()), Fraction(0)) / len(self.shown)


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """The weighted share of what is shown; None where nothing is, or where the starter's contract is followed."""
    if not evidence.candidates:
        return None
    view = _view(case, evidence)
    parts = [Part(name, weight, dict(levels(view, case.criterion.roles, name))) for name, weight in case.require.aspects.items()]
    seen = {each.by for part in parts for each in part.shown.values() if each.level}
    if case.require.code is bool(seen - {"code"}) or (not seen and _is_unread(view)):
        return None
    fraction = sum((part.weight * part.level for part in parts), Fraction(0)) / sum(case.require.aspects.values())
    holds_networks = any(view.candidates.values())
    return _judgement(parts, fraction * (1 if holds_networks else WITHOUT_NETWORKS), holds_networks)


def _view(case: Case, evidence: Evidence) -> View:
    part = case.criterion.part if isinstance(case.criterion, Criterion) else ""
    roles = case.criterion.roles
    candidates = {role: evidence.candidates[role] for role in roles if role in evidence.candidates}
    others = tuple(each for role, each in evidence.candidates.items() if role not in candidates)
    networks = all(case.rubric.role[role].kind == "network" for role in roles)
    return View(findings(evidence.submission), part, names_of(roles, candidates), candidates, others, evidence.facts, networks)


def _is_unread(view: View) -> bool:
    """Are the networks there, and nothing that could be read as building them? Then nothing can be said about the code."""
    return bool(view.candidates) and not view.users


def _judgement(parts: list[Part], fraction: Fraction, holds_networks: bool) -> Judgement:
    """The verdict in words: what was found where, and what was not."""
    places = dict.fromkeys(each.where for part in parts for each in part.shown.values() if each.level and each.where)
    why = [message("{what}: {how}", what=ASPECTS[part.name].title, how=_how(part)) for part in parts]
    if not holds_networks:
        why.append(message("the networks of these results are not in the submission"))
    wanting = [part for part in parts if part.level < 1]
    return Judgement(
        fraction=fraction,
        expected=joined(message("{what} of each network", what=ASPECTS[part.name].title) for part in parts),
        found=joined([message("{places}", places=", ".join(list(places)[:4]) or "nothing"), *_contradictions(parts)]),
        why=joined(why),
        hint=hint_for(part.name for part in wanting) if wanting else None,
        review=Review.RECOMMENDED if places else Review.NONE,
        look_at=next(iter(places), None),
        items=tuple(_item(part) for part in parts),
    )


def _item(part: Part) -> Item:
    """One aspect, for those who want to follow the arithmetic."""
    places = dict.fromkeys(each.where for each in part.shown.values() if each.level and each.where)
    found = message("{places}", places=", ".join(list(places)[:4]) or "nothing")
    how = message("{how}", how=_how(part))
    return Item(part.level, message("{what} of each network", what=ASPECTS[part.name].title), found, how, part.weight)


def _how(part: Part) -> str:
    """The roles by how they are shown."""
    groups: dict[str, list[str]] = {}
    for role, each in part.shown.items():
        kind = (
            {"code": "code alone", "prose": "discussed", "numbers": "stated", "picture": "drawn"}.get(each.by, "")
            if each.level
            else "nothing found"
        )
        groups.setdefault(f"{kind}, but contradicted by the network" if each.said else kind, []).append(role)
    return "; ".join(f"{kind} ({', '.join(roles)})" if roles != [""] else kind for kind, roles in groups.items())


def _contradictions(parts: list[Part]) -> Iterator[Message]:
    for part in parts:
        for each in part.shown.values():
            if each.said:
                yield message("{where} says {said}", where=each.where, said=each.said)


def hint_for(aspects: Iterable[str]) -> Message:
    """What would show these."""
    titles = ", ".join(ASPECTS[name].title for name in aspects)
    return message(
        "Let the run write what it finds to a file in results/ or draw it into plots/, for each network under its name, and say in the "
        "README what it shows; not shown in full yet: {titles}.",
        titles=titles,
    )
