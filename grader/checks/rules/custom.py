"""Rules about custom layers and about residual blocks that were compared over several seeds."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from grader.checks.rules.models import A_NUMBER, a_share, counted, learned, seconds, total_counts
from grader.checks.rules.plausible import distinct, examples_of_another
from grader.checks.rules.reading import (
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
    stated,
    table,
)
from grader.records import Item, Message, message

LEAST_EXAMPLES = 2
LEAST_SEEDS = 2
# Examples are small sums in float32, stated to four digits or so.
EXAMPLE_TOLERANCE = 1e-3
MAX_COMPARED = 10_000


def layer_examples(reading: Reading) -> list[Item]:
    """At least two simple examples for each layer, all passed, with what was found equal to what was expected."""
    return [*each_role(reading, lambda entry: _example_points(entry.model.get("examples"))), *examples_of_another(reading)]


def _example_points(value: Any) -> Iterator[Point]:
    examples = [table(each) for each in value] if isinstance(value, list) else []
    different = distinct(examples)
    enough = Fraction(min(different, LEAST_EXAMPLES), LEAST_EXAMPLES)
    expected = message("at least {least} different examples", least=LEAST_EXAMPLES)
    yield Point(enough, expected, message("{count} examples", count=different))
    if examples:
        failed = [_name(each) for each in examples if each.get("passed") is not True]
        yield Point(not failed, message("all of them passed"), _wanting("not passed", failed))
        differing = [_name(each) for each in examples if not _agrees(each)]
        yield Point(not differing, message("what is found is what is expected"), _wanting("differing", differing))


def _wanting(words: str, names: list[str]) -> Message:
    return message("{words}: {names}", words=words, names=listed(names)) if names else message("as asked")


def _name(example: Mapping[str, Any]) -> str:
    return str(example.get("name", "an example without a name"))


def _agrees(example: Mapping[str, Any]) -> bool:
    return "expected" in example and "found" in example and alike(example["expected"], example["found"])


def alike(expected: Any, found: Any) -> bool:
    """Numbers and lists of numbers within a tolerance; texts may be worded differently, what else there is be equal."""
    pairs, compared = [(expected, found)], 0
    while pairs and compared < MAX_COMPARED:
        first, second = pairs.pop()
        compared += 1
        if isinstance(first, list) and isinstance(second, list):
            if len(first) != len(second):
                return False
            pairs += zip(first, second, strict=True)
        elif not _same_value(first, second):
            return False
    return True


def _same_value(first: Any, second: Any) -> bool:
    low, high = number(first), number(second)
    if low is not None and high is not None:
        return close(low, high, EXAMPLE_TOLERANCE * max(1.0, abs(low)))
    return isinstance(first, str) or isinstance(second, str) or bool(first == second)


def layer_comparison(reading: Reading) -> list[Item]:
    """Each layer beside its standard counterpart: values, gradients, time, and `gradcheck`."""
    return each_role(reading, lambda entry: _comparison_points(entry.model, reading))


def _comparison_points(model: Mapping[str, Any], reading: Reading) -> Iterator[Point]:
    standard = model.get("standard")
    yield stated("standard", model, isinstance(standard, str) and bool(standard.strip()), message("a name"))
    for key in ("value_difference", "gradient_difference"):
        yield stated(key, model, number(model.get(key)) is not None, A_NUMBER)
    for key in ("seconds", "standard_seconds"):
        yield seconds(key, model, reading)
    yield stated("gradcheck", model, model.get("gradcheck") is True, message("true"))


def blocks_performance(reading: Reading) -> list[Item]:
    """A test accuracy for each seed, their mean, and the training time of each block's network."""
    return [*each_role(reading, lambda entry: _performance_points(entry.model, reading)), *learned(reading)]


def _performance_points(model: Mapping[str, Any], reading: Reading) -> Iterator[Point]:
    found = accuracies_of(model)
    yield stated("test_accuracy", model, bool(found), message("a list of numbers from 0 to 1, one for each seed"))
    if found:
        mean = statistics.fmean(found)
        asked = message("their mean, {mean}", mean=f"{mean:.4f}")
        yield stated("mean_test_accuracy", model, _is_near(model.get("mean_test_accuracy"), mean), asked)
    else:
        yield a_share("mean_test_accuracy", model)
    yield seconds("train_seconds", model, reading)


def accuracies_of(model: Mapping[str, Any]) -> tuple[float, ...] | None:
    """The test accuracies by seed, or None where they are not a list of numbers from 0 to 1."""
    found = series(model.get("test_accuracy"))
    return found if found and all(0 <= each <= 1 for each in found) else None


def _is_near(value: Any, target: float) -> bool:
    found = number(value)
    return found is not None and close(found, target, ROUNDING_OF_RESULT)


def block_parameters(reading: Reading) -> list[Item]:
    """The parameters of each block alone, as the examiner counts them, and of the network around it."""
    return each_role(reading, _block_points)


def _block_points(entry: Entry) -> Iterator[Point]:
    yield counted("block_parameters", entry, total_counts)
    alone, whole = (count(entry.model.get(key)) or 0 for key in ("block_parameters", "parameters"))
    yield stated("parameters", entry.model, whole > alone, message("more than block_parameters"))


def blocks_stability(reading: Reading) -> list[Item]:
    """Several seeds: the spread of their accuracies, how many runs diverged, and a loss curve for each."""
    seeds, epochs = reading.asked("seeds"), count(reading.asked("epochs"))
    least = LEAST_SEEDS if reading.handed_in or not isinstance(seeds, list) else len(seeds)
    return each_role(reading, lambda entry: _stability_points(entry.model, least, epochs))


def _stability_points(model: Mapping[str, Any], least: int, epochs: int | None) -> Iterator[Point]:
    losses = table(model.get("history")).get("train_loss")
    runs = losses if isinstance(losses, list) else []
    asked = message("history.train_loss: at least {least} runs", least=least)
    yield Point(len(runs) >= least, asked, message("{runs} runs", runs=len(runs)))
    good = sum(_is_run(run, epochs) for run in runs)
    found = message("{good} of {all} runs are such", good=good, all=len(runs))
    yield Point(0 < good == len(runs), message("a loss for each epoch of each run"), found)
    yield _spread(model)
    diverged = count(model.get("diverged_runs"))
    holds = diverged is not None and diverged <= max(len(runs), 1)
    yield stated("diverged_runs", model, holds, message("a number of runs"))


def _is_run(run: Any, epochs: int | None) -> bool:
    """Losses by epoch; a run that diverged may stop early, and has null where a loss was not finite."""
    if not isinstance(run, list) or not run or not all(each is None or number(each) is not None for each in run):
        return False
    return epochs is None or len(run) == epochs or (None in run and len(run) < epochs)


def _spread(model: Mapping[str, Any]) -> Point:
    key, found = "std_test_accuracy", accuracies_of(model)
    if found is None or len(found) < LEAST_SEEDS:
        return stated(key, model, number(model.get(key)) is not None, A_NUMBER)
    spreads = (statistics.pstdev(found), statistics.stdev(found))  # numpy's default is the one, torch's the other
    asked = message("the standard deviation of test_accuracy, {value}", value=f"{spreads[0]:.4f}")
    return stated(key, model, any(_is_near(model.get(key), spread) for spread in spreads), asked)
