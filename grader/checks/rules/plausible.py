"""What no honest run gives: numbers that belong to another measurement, or to none.

Each of these looks at all networks of a document together; where they hold, they say nothing. A coincidence in one network
is no proof, so that most ask for it in every network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from grader.checks.rules.reading import Point, Reading, count, number, series, share, shown, table, whole_item
from grader.records import Item, message

# One epoch is at least one step of the optimiser: even on the fastest machine Python alone takes longer.
LEAST_SECONDS_OF_AN_EPOCH = 1e-4
_FEWEST_DIGITS = 3  # of a loss, before two networks can be told to share it


def tested_on_training_images(reading: Reading) -> list[Item]:
    """Test accuracies that are the training accuracies, to the digit and for every network."""
    pairs = [(share(model.get("train_accuracy")), share(model.get("test_accuracy"))) for model in _models(reading)]
    return _told(
        len(pairs) > 1 and all(train is not None and train == test for train, test in pairs),
        "test accuracies of their own", "each network's test accuracy is its training accuracy", "test_accuracy",
    )  # fmt: skip


def tested_on_training_images_throughout(reading: Reading) -> list[Item]:
    """The same of the curves."""
    histories = [table(model.get("history")) for model in _models(reading)]
    pairs = [(series(history.get("train_accuracy")), series(history.get("test_accuracy"))) for history in histories]
    return _told(
        len(pairs) > 1 and all(train is not None and train == test for train, test in pairs),
        "test curves of their own", "each network's test curve is its training curve", "history.test_accuracy",
    )  # fmt: skip


def curves_of_another(reading: Reading) -> list[Item]:
    """Two networks with the same loss and accuracies after every epoch, or losses that never move."""
    whole = {role: curves for role in reading.roles if (curves := _curves(table(reading.model(role).get("history"))))}
    same = [(one, other) for one, other in combinations(whole, 2) if whole[one] == whole[other]]
    still = [role for role, curves in whole.items() if len(set(curves[0])) == 1]
    twins = f"{' and '.join(same[0])} have the same in every epoch" if same else ""
    return [
        *_told(bool(same), "curves of each network's own", twins, "history"),
        *_told(len(whole) > 1 and len(still) == len(whole), "losses that move", "every network has one loss in all epochs", "history"),
    ]


def _curves(history: Mapping[str, Any]) -> tuple[tuple[float, ...], ...]:
    """Loss and both accuracies, where all are there for several epochs, and stated so exactly that no two networks share them by chance."""
    found = [series(history.get(key)) for key in ("train_loss", "train_accuracy", "test_accuracy")]
    curves = tuple(each for each in found if each is not None and len(each) > 1)
    return curves if len(curves) == len(found) and _is_exact(curves[0]) else ()


def _is_exact(losses: Sequence[float]) -> bool:
    return any(abs(each - round(each, _FEWEST_DIGITS - 1)) > 1e-12 for each in losses)


def times_of_nothing(reading: Reading) -> list[Item]:
    """Times in which no epoch can pass, and inference that takes what the training took."""
    epochs = count(reading.asked("epochs")) or 1
    trained = [number(model.get("train_seconds")) for model in _models(reading)]
    inferred = [number(model.get("inference_seconds")) for model in _models(reading)]
    least = LEAST_SECONDS_OF_AN_EPOCH * epochs
    quick = [each for each in trained if each is not None and 0 < each < least]
    is_same = len(trained) > 1 and None not in trained and trained == inferred and len(set(trained)) > 1
    return [
        *_told(bool(quick), f"at least {least:g} s of training", shown(min(quick, default=0.0)), "train_seconds"),
        *_told(
            is_same, "times of inference of their own", "inference takes as long as the whole training, to the digit", "inference_seconds"
        ),
    ]


def examples_of_another(reading: Reading) -> list[Item]:
    """Layers that share all of their examples."""
    examples = {role: reading.model(role).get("examples") for role in reading.roles}
    same = [(one, other) for one, other in combinations(examples, 2) if examples[one] and examples[one] == examples[other]]
    twins = f"{' and '.join(same[0])} have the same" if same else ""
    return _told(bool(same), "examples of each layer's own", twins, "examples")


def distinct(values: Sequence[Any]) -> int:
    """How many different ones there are."""
    return sum(value not in values[:place] for place, value in enumerate(values[:100]))


def _models(reading: Reading) -> list[Any]:
    return [model for role in reading.roles if (model := reading.model(role))]


def _told(is_odd: bool, expected: str, found: str, about: str) -> list[Item]:
    """One item that does not hold; nothing where all is as it should be."""
    return list(_items(expected, found, about)) if is_odd else []


def _items(expected: str, found: str, about: str) -> Iterator[Item]:
    point = Point(False, message("{expected}", expected=expected), message("{found}", found=found))
    yield whole_item([point], message("{about}", about=about))
