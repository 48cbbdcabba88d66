"""Is a piece of work shown anywhere: in results of any form, in pictures, in a report, in code that is run?

For submissions whose files and names are their own. Where the starter's contract is followed, other checks know better, and
this one is not available.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from pydantic import Field, field_validator

from grader.checks.base import Case, Evidence, Need, Requirements, joined
from grader.checks.code_paths import makes_tensors
from grader.checks.evidence_of import CODE, NOTHING, Shown, View, found_together
from grader.checks.findings import findings
from grader.checks.naming import class_name, names_of, parts_named
from grader.checks.topics import ASPECTS, COMPARES, STANDARD, Aspect
from grader.records import Judgement, Message, Review, message
from grader.rubric import Criterion, Exact

FULL_DISCUSSION = 20  # words on a topic; fewer are a remark
LEAST_DISCUSSION = 5
_WORD = re.compile(r"[^\W\d_]{2,}")
_STATES = re.compile(r"[:=]\s*[\d.]")
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
    parts = [Part(name, weight, dict(_levels(view, case, name))) for name, weight in case.require.aspects.items()]
    seen = {each.by for part in parts for each in part.shown.values() if each.level}
    if not seen or (seen == {"code"}) is not case.require.code:
        return None
    fraction = sum((part.weight * part.level for part in parts), Fraction(0)) / sum(case.require.aspects.values())
    holds_networks = any(view.candidates.values())
    return _judgement(parts, fraction * (1 if holds_networks else WITHOUT_NETWORKS), holds_networks)


def _view(case: Case, evidence: Evidence) -> View:
    part = case.criterion.part if isinstance(case.criterion, Criterion) else ""
    roles = case.criterion.roles
    candidates = {role: evidence.candidates[role] for role in roles if role in evidence.candidates}
    networks = all(case.rubric.role[role].kind == "network" for role in roles)
    return View(findings(evidence.submission), part, names_of(roles, candidates), candidates, evidence.facts, networks)


def _levels(view: View, case: Case, name: str) -> Iterator[tuple[str, Shown]]:
    """How far one aspect is shown for each role."""
    aspect = ASPECTS[name]
    if aspect.prose:
        yield "", _discussed(view, aspect)
    elif aspect.special == "same_training":
        yield "", _same_training(view, case.criterion.roles)
    else:
        own = {"gap": _gap, "examples": _example, "standard": _beside_standard}.get(aspect.special)
        for role in case.criterion.roles:
            yield role, own(view, aspect, role) if own else view.shown(aspect, role)


def _gap(view: View, aspect: Aspect, role: str) -> Shown:
    """A gap, or both accuracies from which it is read."""
    both = [view.shown(ASPECTS[each], role) for each in ("train_accuracy", "test_accuracy")]
    return max(view.shown(aspect, role), min(both, key=lambda each: each.level), key=lambda each: each.level)


def _same_training(view: View, roles: Iterable[str]) -> Shown:
    """A training with an optimiser that all networks go through; it counts in full as far as it was run."""
    roles = tuple(roles)
    patterns = (r"(^|\.)(Adam\w*|SGD|RMSprop|optim)\b", r"epochs?|(^|\.)range$", r"(^|\.)(lr|learning_rate)$|Adam|SGD")
    trained = sum((view.shown(ASPECTS["trained"], role).level for role in roles), Fraction(0)) / len(roles)
    trains = any(piece.line_of(r"(^|\.)backward$") for piece in view.code)
    for piece in view.code if trains else ():
        if line := found_together(piece, patterns[:1]):
            return Shown(max(CODE, trained), "code" if trained <= CODE else "numbers", f"{piece.path}:{line}")
    stated = next((placed.entry for _, placed in view.stated if placed.entry.numbers and re.search(r"(?i)batch|epoch|learning.?rate|эпох|\blr\b", placed.entry.label)), None)
    return Shown(trained, "numbers", stated.where) if stated and view.is_backed else NOTHING


def _example(view: View, aspect: Aspect, role: str) -> Shown:
    """Values that a layer gave on a small input; or code that gives it one, better where the values are checked."""
    numbers = next((each for each in view.entries_on(aspect, role) if not each.told), None)
    if numbers:
        return Shown(Fraction(1), "numbers", numbers.where)
    name = class_name(view.candidates.get(role, ""))
    for piece in view.code:
        line = makes_tensors(piece)
        if name and line and not piece.is_class and name in piece.names:
            checked = piece.line_of(r"allclose$|assert_close$|gradcheck$|isclose$|(^|\.)equal$")
            return Shown(Fraction(3, 4) if checked else CODE, "code", f"{piece.path}:{checked or line}")
    return NOTHING


def _beside_standard(view: View, aspect: Aspect, role: str) -> Shown:
    """Numbers of a layer with those of its standard counterpart beside them; or code that runs both."""
    mine = [placed.entry for own, placed in view.stated if own == role and placed.entry.numbers and (not placed.entry.told or view.is_backed)]
    beside = {placed.entry.place for own, placed in view.stated if placed.entry.numbers and own is None and STANDARD.search(placed.entry.text)}
    for entry in mine:
        if entry.place in beside or STANDARD.search(entry.label) or re.search(r"(?i)standard|стандарт|baseline", entry.text):
            return Shown(Fraction(1), "numbers", entry.where)
    name = class_name(view.candidates.get(role, ""))
    layers = r"(^|\.)(Conv2d|ReLU|SiLU|GELU|Sigmoid|MaxPool2d|AvgPool2d|max_pool2d|avg_pool2d|relu|sigmoid|SqueezeExcitation|Identity|MultiheadAttention)$"
    for piece in view.code:
        if name and not piece.is_class and name in piece.names and (line := piece.line_of(layers)):
            return Shown(CODE, "code", f"{piece.path}:{line}")
    return NOTHING


def _discussed(view: View, aspect: Aspect) -> Shown:
    """Sentences of the part's prose on a topic that compare or state a number; without anything that a run made they are words."""
    if not view.is_backed:
        return NOTHING
    found = {sentence: place for place, sentence in _sentences(view, aspect.prose)}  # a copy of a report says nothing new
    words, where = sum(len(_WORD.findall(sentence)) for sentence in found), next(iter(found.values()), "")
    level = Fraction(1) if words >= FULL_DISCUSSION else CODE if words >= LEAST_DISCUSSION else Fraction(0)
    return Shown(level, "prose", where) if level else NOTHING


def _sentences(view: View, topic: str) -> Iterator[tuple[str, str]]:
    """The sentences of the part's prose that are on a topic by their own words, or by those of the heading right over them."""
    for said in view.findings.said:
        if said.parts and view.part not in said.parts:
            continue
        headed = any(re.search(topic, words, re.IGNORECASE) for words in said.passage.headings[:1])
        for number, line in enumerate(said.passage.text.split("\n"), said.passage.line):
            for sentence in re.split(r"(?<=[.!?])\s+", line) if _is_prose(line) else ():
                of_part = said.parts or view.part in parts_named(sentence)
                if of_part and (headed or re.search(topic, sentence, re.IGNORECASE)) and COMPARES.search(sentence):
                    yield f"{said.passage.place}:{number}", sentence


def _is_prose(line: str) -> bool:
    """A line of words; a row of numbers with labels is none."""
    return len(_WORD.findall(line)) >= 4 and not re.match(r"\s*(?:\||!\[|<|>|#)", line) and len(_STATES.findall(line)) < 2


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
        found=joined([message("{places}", places=", ".join(list(places)[:4])), *_contradictions(parts)]),
        why=joined(why),
        hint=_hint(wanting) if wanting else None,
        review=Review.RECOMMENDED,
        look_at=next(iter(places), None),
    )


def _how(part: Part) -> str:
    """The roles by how they are shown."""
    groups: dict[str, list[str]] = {}
    for role, each in part.shown.items():
        kind = {"code": "code alone", "prose": "discussed", "numbers": "stated", "picture": "drawn"}.get(each.by, "") if each.level else "nothing found"
        groups.setdefault(f"{kind}, but contradicted by the network" if each.said else kind, []).append(role)
    return "; ".join(f"{kind} ({', '.join(roles)})" if roles != [""] else kind for kind, roles in groups.items())


def _contradictions(parts: list[Part]) -> Iterator[Message]:
    for part in parts:
        for role, each in part.shown.items():
            if each.said:
                yield message("{where} says {said} for {role}, the network has another", where=each.where, said=each.said, role=role)


def _hint(wanting: list[Part]) -> Message:
    """What would show the rest."""
    titles = ", ".join(ASPECTS[part.name].title for part in wanting)
    return message(
        "Let the run write what it finds to a file in results/ or draw it into plots/, for each network under its name, and say in the "
        "README what it shows; not shown in full yet: {titles}.",
        titles=titles,
    )
