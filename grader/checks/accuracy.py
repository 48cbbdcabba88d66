"""Does the network learn: its held-out accuracy after the recipe's training, near chance before, weights drawn at random."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from grader.checks.base import Case, Evidence, Need, Requirements, combine, is_another, item, place_of
from grader.records import Fault, Item, Judgement, Message, NetworkFacts, Review, TrainingResult, message
from grader.rubric import Threshold

CLASSES = 10
# A network that gets this share of the way from chance to the threshold has learnt something: half of the points.
HALF_WAY = 0.7
# An untrained network on n images is right on a share of 1/classes; but its answers are not independent (it may favour
# one class whose share of the held-out images is 1/classes as well), so the bound is generous: twice chance plus 4 sigma.
CHANCE_FACTOR, CHANCE_SIGMAS = 2.0, 4.0


class Require(Requirements):
    """How many classes the task has, and whether networks for other images than the role's count in full; thresholds are the profile's."""

    classes: int = CLASSES
    images: Literal["own", "any"] = "own"


def needs(case: Case) -> frozenset[Need]:
    """The training of each role, and a second build under another seed."""
    return frozenset(Need(kind, role) for role in case.criterion.roles for kind in ("export", "train", "rebuild"))


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """One item for each role; None where none could be trained."""
    results = {role: evidence.trainings.get(role) for role in case.criterion.roles}
    if not any(isinstance(result, TrainingResult) for result in results.values()):
        return None
    return combine([_item(case, role, result, evidence) for role, result in results.items()], case.criterion.hint)


def _item(case: Case, role: str, result: TrainingResult | Fault | None, evidence: Evidence) -> Item:
    if not isinstance(result, TrainingResult):
        what = result.sentence if result else "it was not trained"
        why = message("{role}: {what}", role=role, what=what)
        place = result.place if result else None
        return item(False, message("{role} learns", role=role), message("it could not be trained"), why, look_at=place)
    source = case.kinds[evidence.data.get(role) or case.rubric.role[role].data or "mnist"]
    threshold = case.profile.thresholds.get(source, {}).get(role)
    facts, again = evidence.facts.get(role), evidence.rebuilds.get(role)
    place = place_of(facts) if isinstance(facts, NetworkFacts) else None
    if isinstance(again, tuple) and again:
        return _review(role, message("the weights {names} are the same under two seeds", names=", ".join(again[:3])), place)
    if isinstance(facts, NetworkFacts) and is_another(facts):
        return _another(role, place)
    if result.initial_correct / result.initial_seen > chance_bound(case.require.classes, result.initial_seen):
        found = percent(result.initial_correct, result.initial_seen)
        return _review(role, message("before any training it was right on {found}", found=found), place)
    recipe = case.profile.recipes.get(role)
    measured = _measured(role, result, threshold, source, case.require.classes)
    images = recipe.steps * recipe.batch if recipe else 0
    if threshold and result.images < images and not (result.stopped_early or result.diverged):
        measured = _shortened(measured, role, result, images, case.require.classes, threshold.value)
    if recipe and result.steps > recipe.steps:
        why = message("{why}; in a second, longer training of {steps} steps", why=measured.why, steps=result.steps)
        measured = replace(measured, why=why)
    if isinstance(facts, NetworkFacts):
        measured = _as_logits(measured, role, facts)
    measured = _on_other_images(measured, case, role, evidence)
    return _not_rebuilt(measured, again) if isinstance(again, Fault) else measured


def _review(role: str, found: Message, place: str | None) -> Item:
    expected = message("{role} starts from random weights", role=role)
    why = message("weights that were not drawn at random may have been trained elsewhere; a person has to look")
    return item(False, expected, found, why, review=Review.REQUIRED, look_at=place)


def _as_logits(measured: Item, role: str, facts: NetworkFacts) -> Item:
    """Probabilities are no logits: the cross-entropy takes the softmax itself, and of logarithms it changes nothing."""
    last = facts.layers[-1] if facts.layers else None
    if last is None or last.kind != "softmax" or "log" in last.op:
        return measured
    expected = message("{role} gives logits", role=role)
    why = message("the loss takes the softmax itself: with a second one the gradients are small and learning is slow")
    half = min(measured.holds, Fraction(1, 2))
    return replace(measured, holds=half, expected=expected, found=message("probabilities"), why=why, look_at=last.at)


def _another(role: str, place: str | None) -> Item:
    """What was trained is not what the submission runs."""
    expected = message("{role} is one network: exported, in training and in evaluation", role=role)
    why = message("the accuracy of a network that is another one elsewhere says nothing; a person has to look")
    return item(False, expected, message("they differ"), why, review=Review.REQUIRED, look_at=place)


def _not_rebuilt(measured: Item, fault: Fault) -> Item:
    """The accuracy stands, but that the weights were drawn at random could not be seen."""
    why = message("{why}; it could not be built a second time: {what}", why=measured.why, what=fault.sentence)
    return replace(measured, why=why, review=Review.REQUIRED, look_at=fault.place)


def _on_other_images(measured: Item, case: Case, role: str, evidence: Evidence) -> Item:
    """What is learnt on other images than the role's: nothing is measured for them, and they may be easier.

    Where the submission itself says that its network takes them, a person decides. Where that was found, the work is what it is:
    an assignment that leaves the images open counts it, one that names them counts half.
    """
    own, given = case.rubric.role[role].data, evidence.data.get(role)
    if not own or not given or given == own:
        return measured
    why = message("{why}; the role is about {own}, and the network takes {given} images", why=measured.why, own=own, given=given)
    if role in evidence.stated:
        why = message("{why}, as submission.toml says: it earns nothing until a person has looked", why=why)
        return replace(measured, holds=Fraction(0), why=why, review=Review.REQUIRED)
    if case.require.images == "any":
        return replace(measured, why=why, review=Review.REQUIRED)
    why = message("{why}: half of the points at most", why=why)
    return replace(measured, holds=min(measured.holds, Fraction(1, 2)), why=why)


def _measured(role: str, result: TrainingResult, threshold: Threshold | None, source: str, classes: int) -> Item:
    # Without measured thresholds for this data the only honest line is chance, and a person decides.
    value = threshold.value if threshold else chance_bound(classes, result.held)
    chance = 1 / classes
    accuracy = result.correct / result.held
    half = threshold is not None and accuracy >= chance + HALF_WAY * (value - chance)
    reached = Fraction(1) if accuracy >= value else Fraction(1, 2) if half else Fraction(0)
    why = (
        message(
            "threshold from {count} runs of the reference (mean {mean}) on {source}{note}"
            if reached == 1
            else "below the threshold, which comes from {count} runs of the reference (mean {mean}) on {source}{note}",
            count=len(threshold.seeds),
            mean=f"{100 * threshold.mean:.1f} %",
            source=source,
            note=f"; {threshold.note}" if threshold.note else "",
        )
        if threshold
        else message("there are no measured thresholds for {source}; only better than chance was asked", source=source)
    )
    return Item(
        Fraction(0) if result.diverged else reached,
        message("{role}: at least {value} of the held-out images right", role=role, value=f"{100 * value:.1f} %"),
        message("the training diverged") if result.diverged else message("{found}", found=percent(result.correct, result.held)),
        why,
        review=Review.NONE if threshold else Review.RECOMMENDED,
    )


def _shortened(measured: Item, role: str, result: TrainingResult, images: int, classes: int, value: float) -> Item:
    """A network whose steps are dear sees fewer images; the threshold is for all of them, so that missing it says little.

    It is asked for as much of the way from chance to the threshold as it saw of the images: learning is quickest at the start,
    so that this is no hard line. What is below it, or where it is no more than guessing may reach, earns half until a person
    has looked: a branch that only costs would otherwise take the threshold away.
    """
    if measured.holds == 1:
        return measured
    chance, bound = 1 / classes, chance_bound(classes, result.held)
    scaled = chance + (value - chance) * result.images / images
    accuracy = result.correct / result.held
    reached = accuracy >= scaled > bound
    why = message(
        "it is so large that it was trained on {done} of {all} images; asked is that share of the way from chance to {value}",
        done=result.images, all=images, value=f"{100 * value:.1f} %",
    )  # fmt: skip
    if not reached and accuracy >= bound:
        why = message("{why}; better than chance earns half until a person has looked, and a smaller network is measured in full", why=why)
    return replace(
        measured,
        holds=Fraction(1) if reached else Fraction(1, 2) if accuracy >= bound else Fraction(0),
        expected=message("{role}: at least {value} of the held-out images right", role=role, value=f"{100 * max(scaled, bound):.1f} %"),
        why=why,
        review=Review.RECOMMENDED if reached else Review.REQUIRED,
    )


def chance_bound(classes: int, held: int) -> float:
    """What guessing does not reach on that many images."""
    chance = 1 / classes
    return CHANCE_FACTOR * chance + CHANCE_SIGMAS * math.sqrt(chance * (1 - chance) / held)


def percent(correct: int, total: int) -> str:
    """``93.4 %``, rounded down to a tenth so that a number shown never claims more than was reached."""
    return f"{correct * 1000 // total / 10:.1f} %"
