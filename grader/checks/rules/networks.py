"""Rules about what an experiment says of the inside of networks: confusion, gradients, receptive field, skips."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from fractions import Fraction
from typing import Any

from grader.checks.rules.models import A_NUMBER, counted
from grader.checks.rules.reading import (
    RELATIVE,
    ROUNDING,
    ROUNDING_OF_RESULT,
    Entry,
    Point,
    Reading,
    close,
    count,
    each_role,
    listed,
    number,
    series,
    share,
    shown,
    stated,
    table,
    whole_item,
)
from grader.records import Item, Message, NetworkFacts, message

PIXELS = message("a number of pixels")


def confusion(reading: Reading) -> list[Item]:
    """Counts of the test images by true and predicted class, whose diagonal is the test accuracy."""
    return each_role(reading, lambda entry: _confusion_points(entry.model, reading))


def _confusion_points(model: Mapping[str, Any], reading: Reading) -> Iterator[Point]:
    classes, images = reading.experiment.probe.classes, reading.test_images
    expected = message("confusion_matrix: {n}x{n} counts, a row for each true class", n=classes)
    matrix = _matrix(model.get("confusion_matrix"), classes)
    if matrix is None:
        missing = "confusion_matrix" not in model
        yield Point(
            False,
            expected,
            message("no confusion_matrix") if missing else message("something else in confusion_matrix"),
        )
        return
    total = sum(map(sum, matrix))
    yield Point(total > 0, expected, message("{total} images", total=total))
    if images:
        yield Point(total == images, message("{n} images in it", n=images), message("{n} images", n=total))
    rows = tuple(map(sum, matrix))
    if reading.test_counts is not None and total == sum(reading.test_counts):
        asked = message("a row for each true class, with as many images as there are of it")
        yield Point(rows == reading.test_counts, asked, message("rows of {rows}", rows=listed([str(row) for row in rows], 10)))
    accuracy, right = share(model.get("test_accuracy")), sum(matrix[i][i] for i in range(classes))
    if accuracy is not None and total:
        asked = message("a diagonal that gives test_accuracy, {value}", value=shown(accuracy))
        yield Point(close(right / total, accuracy, ROUNDING), asked, message("it gives {value}", value=f"{right / total:.4f}"))


def _matrix(value: Any, classes: int) -> list[list[int]] | None:
    if not isinstance(value, list) or len(value) != classes:
        return None
    rows = [[count(entry) for entry in row] for row in value if isinstance(row, list) and len(row) == classes]
    whole = [[entry for entry in row if entry is not None] for row in rows]
    return whole if len(whole) == classes and all(len(row) == classes for row in whole) else None


def gradient_norms(reading: Reading) -> list[Item]:
    """One gradient norm for each epoch and each weight of at least two dimensions, as they were measured."""
    epochs = count(reading.asked("epochs"))
    return each_role(reading, lambda entry: _norm_points(table(entry.model.get("gradient_norms")), entry.facts, epochs))


def _norm_points(norms: Mapping[str, Any], facts: object, epochs: int | None) -> Iterator[Point]:
    if not norms:
        yield Point(False, message("gradient_norms: a list of norms for every weight"), message("no gradient_norms"))
        return
    if all(value and not any(value) for value in norms.values() if isinstance(value, list)):
        yield Point(False, message("norms of gradients that flow"), message("every norm is 0"))
    wrong = [name for name, value in norms.items() if not _is_norms(value)]
    yield Point(not wrong, message("finite norms of 0 or more"), _wanting("other values for", wrong))
    if epochs:
        short = [name for name, value in norms.items() if not isinstance(value, list) or len(value) != epochs]
        asked = message("{epochs} norms each, one for each epoch", epochs=epochs)
        yield Point(not short, asked, _wanting("another number for", short))
    if isinstance(facts, NetworkFacts) and (weights := weight_paths(facts)):
        names = {name.removesuffix(".weight") for name in norms}
        missing = [path for path in weights if path.removesuffix(".weight") not in names]
        covered = Fraction(len(weights) - len(missing), len(weights))
        yield Point(covered, message("norms for {weights}", weights=listed(weights, 8)), _wanting("none for", missing))


def weight_paths(facts: NetworkFacts) -> tuple[str, ...]:
    """The weights of convolutions and linear layers, in order: what has to have a gradient norm at the least."""
    return tuple(dict.fromkeys(layer.path for layer in (*facts.convs, *facts.linears) if layer.path))


def _is_norms(value: Any) -> bool:
    norms = series(value)
    return norms is not None and min(norms) >= 0


def _wanting(words: str, names: list[str]) -> Message:
    return message("{words} {names}", words=words, names=listed(names)) if names else message("as asked")


def receptive_field(reading: Reading) -> list[Item]:
    """The computed receptive field is the network's, and the measured one agrees as far as the image reaches."""
    shape = reading.experiment.probe.shape
    side = min(shape[-2:]) if shape else 2**31
    return each_role(reading, lambda entry: (_computed(entry, side), _measured(entry.model, side)))


def _computed(entry: Entry, side: int) -> Point:
    """The field as it follows from kernels and strides; one that covers the image is the same, whatever its size."""
    computed = _side_of(entry.model.get("receptive_field"))
    field = entry.facts.receptive_field if isinstance(entry.facts, NetworkFacts) else None
    if field is None:
        return stated("receptive_field", entry.model, computed is not None, PIXELS)
    holds = computed is not None and (computed == max(field) or min(computed, *field) >= side)
    return stated("receptive_field", entry.model, holds, message("{side} pixels (measured on the graph)", side=max(field)))


def _measured(model: Mapping[str, Any], side: int) -> Point:
    """A gradient sees no more than the field; the rim of the image, max pooling and dead units let it see less."""
    key, computed = "receptive_field_measured", _side_of(model.get("receptive_field"))
    measured = _side_of(model.get(key)) or 0
    if computed is None:
        return stated(key, model, measured > 0, PIXELS)
    least = (min(computed, side) + 1) // 2
    asked = message("{least} to {most} pixels, after the computed field", least=least, most=computed)
    return stated(key, model, least <= measured <= computed, asked)


def _side_of(value: Any) -> int | None:
    """A side in pixels; of a pair (height, width) the larger one."""
    sides = [count(each) for each in value] if isinstance(value, list) and len(value) == 2 else [count(value)]
    return max((each for each in sides if each), default=None)


def conv_parameters(reading: Reading) -> list[Item]:
    """The stated number of parameters in convolutions is the examiner's count; biases may be in it or not."""
    return each_role(reading, lambda entry: [counted("conv_parameters", entry, _conv_counts)])


def _conv_counts(facts: NetworkFacts) -> tuple[Container[int], str]:
    total = sum(layer.parameters for layer in facts.convs)
    biases = sum(layer.out_channels for layer in facts.convs)
    return {total, total - biases, total + biases}, str(total)


def residual_effect(reading: Reading) -> list[Item]:
    """What the residual connections change follows from the numbers of the two networks that are compared."""
    effect = table(reading.document.get("residual_effect"))
    if not effect:
        point = Point(False, message("residual_effect: a table"), message("no residual_effect"))
        return [whole_item([point], message("the document"))]
    names = (str(effect.get("plain", "deep")), str(effect.get("residual", "depth_residual")))
    plain, residual = (reading.model(name) for name in names)
    points = [_difference(effect, plain, residual), _ratio(effect, plain, residual), *_equal_depth(reading, *names)]
    return [whole_item(points, message("residual_effect"))]


def _equal_depth(reading: Reading, plain: str, residual: str) -> Iterator[Point]:
    """The effect of the connections alone shows between networks that are equally deep."""
    first, second = reading.facts.get(plain), reading.facts.get(residual)
    if isinstance(first, NetworkFacts) and isinstance(second, NetworkFacts):
        depths = [sum(layer.in_main_path for layer in facts.convs) for facts in (first, second)]
        if abs(depths[0] - depths[1]) > 1:
            told = {"plain": plain, "first": depths[0], "residual": residual, "second": depths[1]}
            found = message("{plain} has {first} convolutions, {residual} {second}", **told)
            yield Point(False, message("two networks of one depth"), found)


def _difference(effect: Mapping[str, Any], plain: Mapping[str, Any], residual: Mapping[str, Any]) -> Point:
    before, after = share(plain.get("test_accuracy")), share(residual.get("test_accuracy"))
    found = number(effect.get("accuracy_difference"))
    if before is None or after is None:
        return stated("accuracy_difference", effect, found is not None, A_NUMBER)
    asked = message("residual minus plain test accuracy, {gain}", gain=f"{after - before:.4f}")
    holds = found is not None and close(found, after - before, ROUNDING_OF_RESULT)
    return stated("accuracy_difference", effect, holds, asked)


def _ratio(effect: Mapping[str, Any], plain: Mapping[str, Any], residual: Mapping[str, Any]) -> Point:
    """The ratio of one epoch or any mean over epochs lies between the smallest and the largest ratio of an epoch."""
    key, ratios = "first_layer_gradient_ratio", _first_layer_ratios(plain, residual)
    found = number(effect.get(key))
    if not ratios:
        return stated(key, effect, found is not None and found > 0, message("a number above 0"))
    low, high = min(ratios), max(ratios)
    asked = message("{low} to {high}, after the first layers' gradient_norms", low=f"{low:.4g}", high=f"{high:.4g}")
    holds = found is not None and low * (1 - RELATIVE) <= found <= high * (1 + RELATIVE)
    return stated(key, effect, holds, asked)


def _first_layer_ratios(plain: Mapping[str, Any], residual: Mapping[str, Any]) -> list[float]:
    below, above = (series(next(iter(table(model.get("gradient_norms")).values()), None)) for model in (plain, residual))
    return [high / low for low, high in zip(below or (), above or (), strict=False) if low > 0]
