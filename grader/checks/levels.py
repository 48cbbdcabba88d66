"""How far each aspect of a piece of work is shown, those included that take more than words at a number to see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from grader.checks.code_paths import makes_tensors
from grader.checks.evidence_of import CODE, NOTHING, Shown, View, found_together
from grader.checks.naming import class_name, parts_named
from grader.checks.topics import ASPECTS, COMPARES, STANDARD, Aspect
from grader.submission.tables import Entry

FULL_DISCUSSION = 20  # words on a topic; fewer are a remark
LEAST_DISCUSSION = 5
_WORD = re.compile(r"[^\W\d_]{2,}")
_OPTIMISER = r"(^|\.)(Adam\w*|SGD|RMSprop|Adagrad|Adadelta|NAdam|optim)\b"
_SETTING = re.compile(r"(?i)batch|epochs|learning.?rate|(?:число|кол\w*|кільк\w*)\s(?:эпох|епох)|\blr\b")
_STANDARD_LAYERS = (
    r"(^|\.)(Conv2d|ReLU|SiLU|GELU|Sigmoid|MaxPool2d|AvgPool2d|max_pool2d|avg_pool2d|relu|sigmoid|silu|gelu|SqueezeExcitation"
    r"|Identity|MultiheadAttention)$"
)
_STATES = re.compile(r"[:=]\s*[\d.]")


def levels(view: View, roles: Sequence[str], name: str) -> Iterator[tuple[str, Shown]]:
    """How far one aspect is shown for each role."""
    aspect = ASPECTS[name]
    if aspect.prose:
        yield "", _discussed(view, aspect)
    elif aspect.special == "same_training":
        yield "", _same_training(view, roles)
    else:
        own = {"gap": _gap, "examples": _example, "standard": _beside_standard}.get(aspect.special)
        for role in roles:
            yield role, own(view, aspect, role) if own else view.shown(aspect, role)


def _gap(view: View, aspect: Aspect, role: str) -> Shown:
    """A gap, or both accuracies from which it is read."""
    both = [view.shown(ASPECTS[each], role) for each in ("train_accuracy", "test_accuracy")]
    return max(view.shown(aspect, role), min(both, key=lambda each: each.level), key=lambda each: each.level)


def _same_training(view: View, roles: Sequence[str]) -> Shown:
    """A training with an optimiser that all networks go through; it counts in full as far as it was run."""
    trained = sum((view.shown(ASPECTS["trained"], role).level for role in roles), Fraction(0)) / len(roles)
    trains = any(piece.line_of(r"(^|\.)backward$") for piece in view.code)
    for piece in view.code if trains else ():
        if line := found_together(piece, (_OPTIMISER,)):
            return Shown(max(CODE, trained), "code" if trained <= CODE else "numbers", f"{piece.path}:{line}")
    labelled = (placed.entry for _, placed in view.stated if placed.entry.numbers and _SETTING.search(placed.entry.label))
    stated = next(labelled, None)
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
    mine = [placed.entry for own, placed in view.stated if own == role and _counts(view, placed.entry)]
    beside = {entry.place for entry in _unnamed(view) if STANDARD.search(entry.text)}
    for entry in mine:
        if entry.place in beside or STANDARD.search(entry.label) or re.search(r"(?i)standard|стандарт|baseline", entry.text):
            return Shown(Fraction(1), "numbers", entry.where)
    if beside and (whole := next((entry for entry in _unnamed(view) if re.search(r"(?i)custom|кастом", entry.text)), None)):
        return Shown(CODE, "numbers", whole.where)  # a network with all of the layers at once
    name = class_name(view.candidates.get(role, ""))
    for piece in view.code:
        if name and not piece.is_class and name in piece.names and (line := piece.line_of(_STANDARD_LAYERS)):
            return Shown(CODE, "code", f"{piece.path}:{line}")
    return NOTHING


def _unnamed(view: View) -> list[Entry]:
    """The numbers of a part that are about none of its roles."""
    found = (placed.entry for own, placed in view.stated if own is None and placed.parts)
    return [entry for entry in found if _counts(view, entry)]


def _counts(view: View, entry: Entry) -> bool:
    """Are there numbers, and more behind them than somebody's word?"""
    return bool(entry.numbers) and (not entry.told or view.is_backed)


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
