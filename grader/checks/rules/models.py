"""Rules about what an experiment says of each network: hyperparameters, accuracies, times, counts, curves."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from grader.checks.base import is_another, place_of, review_of
from grader.checks.rules import plausible
from grader.checks.rules.reading import (
    ROUNDING,
    ROUNDING_OF_RESULT,
    Entry,
    Point,
    Reading,
    close,
    count,
    each_role,
    number,
    series,
    share,
    shown,
    stated,
    table,
    whole_item,
)
from grader.records import Fault, Item, Message, NetworkFacts, Review, message

# What a comparison has to hold equal. Others (weight decay, the seed of each network) may differ for good reasons.
SHARED = ("optimizer", "learning_rate", "batch_size", "epochs")
CURVES = ("train_loss", "train_accuracy", "test_accuracy")
# At least one network of a real training has to be better than guessing by half; a single one may honestly fail.
ABOVE_CHANCE = 1.5
A_SHARE = message("a number from 0 to 1")
A_NUMBER = message("a number")
SECONDS = message("a number of seconds above 0")


def same_hyperparameters(reading: Reading) -> list[Item]:
    """Each network's recorded hyperparameters are the document's, each other's and those that were asked for."""
    recorded = [table(reading.model(role).get("hyperparameters")) for role in reading.roles]
    first = {key: next((own[key] for own in recorded if key in own), None) for key in SHARED}
    wanted = {key: first[key] if (asked := reading.asked(key)) is None else asked for key in SHARED}
    return each_role(reading, lambda entry: _same_points(table(entry.model.get("hyperparameters")), wanted))


def _same_points(own: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Point]:
    for key, value in wanted.items():
        expected = message("{key} = {value}", key=key, value="..." if value is None else shown(value))
        found = message("{key} = {value}", key=key, value=shown(own[key])) if key in own else message("no {key}", key=key)
        yield Point(key in own and _same(own[key], value), expected, found)


def _same(own: Any, wanted: Any) -> bool:
    if isinstance(own, str) and isinstance(wanted, str):
        return own.casefold() == wanted.casefold()
    first, second = number(own), number(wanted)
    return first is not None and second is not None and close(first, second, 1e-9 + 1e-6 * abs(second))


def accuracies(reading: Reading) -> list[Item]:
    """Train and test accuracy of each network from 0 to 1, in step with the history where there is one."""
    return [*each_role(reading, _accuracy_points), *learned(reading), *plausible.tested_on_training_images(reading)]


def _accuracy_points(entry: Entry) -> Iterator[Point]:
    for key in ("train_accuracy", "test_accuracy"):
        yield a_share(key, entry.model)
        yield from _last_entry(entry.model, key)


def a_share(key: str, model: Mapping[str, Any]) -> Point:
    """The point that a field is a number from 0 to 1."""
    return stated(key, model, share(model.get(key)) is not None, A_SHARE)


def _last_entry(model: Mapping[str, Any], key: str) -> Iterator[Point]:
    curve, value = series(table(model.get("history")).get(key)), share(model.get(key))
    if curve is not None and value is not None:
        expected = message("{key} is the last entry of its history, {last}", key=key, last=shown(curve[-1]))
        yield Point(close(curve[-1], value, ROUNDING), expected, message("{key} is {value}", key=key, value=shown(value)))


def learned(reading: Reading) -> list[Item]:
    """In handed-in results at least one network is better than guessing; nothing where no accuracy is stated."""
    best = max((value for role in reading.roles for value in _test_accuracies(reading.model(role))), default=None)
    if not reading.handed_in or best is None:
        return []
    least = ABOVE_CHANCE / reading.experiment.probe.classes
    expected = message("a test accuracy of at least {least}", least=f"{least:.2f}")
    point = Point(best >= least, expected, message("the best is {best}", best=shown(best)))
    return [whole_item([point], message("the networks together"))]


def _test_accuracies(model: Mapping[str, Any]) -> tuple[float, ...]:
    """The test accuracies that a model's entry states: one, or one for each seed."""
    value = model.get("test_accuracy")
    values = value if isinstance(value, list) else [value]
    return tuple(each for each in map(share, values) if each is not None)


def accuracy_and_time(reading: Reading) -> list[Item]:
    """Test accuracy and training time of each network."""

    def points(entry: Entry) -> Iterator[Point]:
        yield a_share("test_accuracy", entry.model)
        yield seconds("train_seconds", entry.model, reading)

    return [*each_role(reading, points), *learned(reading)]


def times(reading: Reading) -> list[Item]:
    """Training and inference time of each network, and not the same number for all of them."""

    def points(entry: Entry) -> Iterator[Point]:
        yield seconds("train_seconds", entry.model, reading)
        yield seconds("inference_seconds", entry.model, reading)

    return [*each_role(reading, points), *_distinct(reading), *plausible.times_of_nothing(reading)]


def seconds(key: str, model: Mapping[str, Any], reading: Reading) -> Point:
    """The point that a time was measured; a tiny run may take less than the last digit that a student rounds to."""
    found = number(model.get(key))
    return stated(key, model, found is not None and (found > 0 or (found == 0 and not reading.handed_in)), SECONDS)


def _distinct(reading: Reading) -> list[Item]:
    """Different networks do not train in the same time to the digit."""
    found = [value for role in reading.roles if (value := number(reading.model(role).get("train_seconds"))) is not None]
    if not reading.handed_in or len(found) < 2 or len(set(found)) > 1:
        return []
    point = Point(False, message("times that were measured"), message("{value} for every network", value=shown(found[0])))
    return [whole_item([point], message("train_seconds"))]


def parameters_match(reading: Reading) -> list[Item]:
    """The stated number of parameters is the examiner's count of the same network."""
    return each_role(reading, lambda entry: [counted("parameters", entry, total_counts)])


def total_counts(facts: NetworkFacts) -> tuple[Container[int], str]:
    """Counts that an honest `sum(p.numel() for p in parameters())` may give, and the text to show.

    Frozen parameters and ones that the output does not depend on may be counted or not (unused ones cost points where the
    network itself is judged).
    """
    frozen, unused = {0, facts.frozen_parameters}, {0, facts.unused_count}
    text = (
        f"{facts.parameters} or, with the unused ones, {facts.parameters + facts.unused_count}"
        if facts.unused_count
        else f"{facts.parameters}"
    )
    return {facts.parameters + more + others for more in frozen for others in unused}, text


def counted(key: str, entry: Entry, counts: Callable[[NetworkFacts], tuple[Container[int], str]]) -> Point:
    """The point that a stated count agrees with the measured network; one that nothing can be held against does not hold."""
    found = count(entry.model.get(key))
    if not isinstance(entry.facts, NetworkFacts):
        what = stated(key, entry.model, False, message("the network's count, which could not be measured"))
        if isinstance(entry.facts, Fault) and found:
            return replace(what, review=review_of(entry.facts), look_at=entry.facts.place)
        return what
    if is_another(entry.facts):
        what = stated(key, entry.model, False, message("the network's count; what was exported is not what runs"))
        return replace(what, review=Review.REQUIRED, look_at=place_of(entry.facts))
    allowed, text = counts(entry.facts)
    return stated(key, entry.model, found in allowed, message("{count} (counted on the graph)", count=text))


def curves(reading: Reading) -> list[Item]:
    """Loss and both accuracies of each network after every epoch; handed-in curves have at least two epochs."""

    def points(entry: Entry) -> Iterator[Point]:
        history = table(entry.model.get("history"))
        for key in CURVES:
            yield _curve(f"history.{key}", history.get(key), reading, key.endswith("accuracy"))

    odd = [*plausible.curves_of_another(reading), *plausible.tested_on_training_images_throughout(reading)]
    return [*each_role(reading, points), *odd]


def _curve(name: str, value: Any, reading: Reading, is_share: bool) -> Point:
    epochs = count(reading.asked("epochs"))
    expected = message("{name}: {what}", name=name, what=_entries_expected(epochs, is_share))
    if value is None:
        return Point(False, expected, message("no {name}", name=name))
    curve = series(value)
    if curve is None:
        return Point(False, expected, message("{name} is {value}", name=name, value=shown(value)))
    inside = not is_share or all(0 <= each <= 1 for each in curve)
    long_enough = len(curve) == epochs if epochs else True
    drawable = not reading.handed_in or len(curve) >= 2
    low, high = shown(min(curve)), shown(max(curve))
    found = message("{name}: {count} entries from {low} to {high}", name=name, count=len(curve), low=low, high=high)
    return Point(Fraction(long_enough and drawable) / 2 + Fraction(inside) / 2, expected, found)


def _entries_expected(epochs: int | None, is_share: bool) -> Message:
    """What a curve has to be, in words."""
    length = message("{epochs} numbers, one for each epoch", epochs=epochs) if epochs else message("a number for each epoch")
    return message("{length}, from 0 to 1", length=length) if is_share else length


def overfitting(reading: Reading) -> list[Item]:
    """The gap of each network is its training accuracy minus its test accuracy."""
    return each_role(reading, lambda entry: [_gap(entry.model)])


def _gap(model: Mapping[str, Any]) -> Point:
    train, test = share(model.get("train_accuracy")), share(model.get("test_accuracy"))
    gap = number(model.get("generalization_gap"))
    if train is None or test is None:
        return stated("generalization_gap", model, gap is not None, A_NUMBER)
    asked = message("train minus test accuracy, {gap}", gap=f"{train - test:.4f}")
    holds = gap is not None and close(gap, train - test, ROUNDING_OF_RESULT)
    return stated("generalization_gap", model, holds, asked)
