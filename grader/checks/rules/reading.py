"""One document of an experiment as a rule sees it, and the vocabulary in which rules speak.

A rule is a function from a `Reading` to items. A point is one thing that a rule looks at in one model; a role's item
holds to the share of its points that hold, so that two of three times earn two thirds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from grader.checks.base import joined
from grader.records import Fault, Item, Message, NetworkFacts, Review, message
from grader.rubric import Experiment

# Stated accuracies may be rounded to a whole percent: half of the last digit, and a little for float arithmetic.
ROUNDING = 0.0051
# A result of two rounded numbers (a gap, a difference) may be off by both roundings and its own.
ROUNDING_OF_RESULT = 3 * ROUNDING
# Ratios and timings are stated to three digits or more.
RELATIVE = 0.02
MAX_SHOWN = 60


@dataclass(frozen=True)
class Reading:
    """A document, where it comes from, and what it is compared with. Everything in the document is untrusted."""

    document: Mapping[str, Any]
    place: str  # how a student knows it: "compare_on_mnist()" or "results/mnist_comparison/results.json"
    handed_in: bool  # the results of a real training; False for a tiny run on random images
    roles: tuple[str, ...]
    experiment: Experiment
    facts: Mapping[str, NetworkFacts | Fault]
    test_counts: tuple[int, ...] | None = None  # test images of each class, where the examiner drew them

    def model(self, role: str) -> Mapping[str, Any]:
        """What the document says about a role; empty where it says nothing."""
        return table(table(self.document.get(models_key(self.document))).get(role))

    def asked(self, key: str) -> Any:
        """A hyperparameter that had to be used: what a run was called with, else what the document states."""
        if not self.handed_in and key in self.experiment.probe.arguments:
            return plain(self.experiment.probe.arguments[key])
        return table(self.document.get("hyperparameters")).get(key)

    @property
    def test_images(self) -> int | None:
        """How many images were tested on, as far as it is known."""
        if not self.handed_in and self.experiment.probe.shape is not None:
            return self.experiment.probe.test_images
        return count(table(self.document.get("data")).get("test_images"))


@dataclass(frozen=True)
class Entry:
    """What a document says about one role, and what the examiner measured on it."""

    role: str
    model: Mapping[str, Any]
    facts: NetworkFacts | Fault | None


@dataclass(frozen=True)
class Point:
    """One thing that a rule looks at."""

    holds: bool | Fraction
    expected: Message
    found: Message
    review: Review = Review.NONE
    look_at: str | None = None


@dataclass(frozen=True)
class Rule:
    """What a document of an experiment has to hold up to."""

    judge: Callable[[Reading], list[Item]]
    what: str  # what is there when it holds
    why: str  # why it matters when it does not
    facts: bool = False  # compares with the networks that the examiner measured


def models_key(document: Mapping[str, Any]) -> str:
    """The key under which a document keeps what it says about each role."""
    return "models" if "models" in document else "layers"


def each_role(reading: Reading, points: Callable[[Entry], Iterable[Point]]) -> list[Item]:
    """One item for each role, out of its points; a role that the document leaves out holds nothing."""
    entries = (Entry(role, reading.model(role), reading.facts.get(role)) for role in reading.roles)
    return [_role_item(entry, points) for entry in entries]


def _role_item(entry: Entry, points: Callable[[Entry], Iterable[Point]]) -> Item:
    about = message("{role}", role=entry.role)
    if not entry.model:
        return whole_item([Point(False, message("an entry"), message("no entry"))], about)
    return whole_item(points(entry), about)


def whole_item(points: Iterable[Point], about: Message) -> Item:
    """One item out of points: the share that holds, and the texts of those that do not."""
    points = tuple(points)
    wanting = [point for point in points if point.holds != 1]
    share_held = sum((Fraction(point.holds) for point in points), Fraction(0)) / len(points)
    return Item(
        holds=share_held,
        expected=_about(about, joined(point.expected for point in wanting or points)),
        found=_about(about, joined(point.found for point in wanting or points)),
        why=message(
            "{about}: {held} of {all} points hold",
            about=about,
            held=f"{float(share_held * len(points)):.3g}",
            all=len(points),
        ),
        review=max((point.review for point in points), key=list(Review).index),
        look_at=next((point.look_at for point in points if point.look_at), None),
    )


def _about(about: Message, what: Message) -> Message:
    return message("{about}: {what}", about=about, what=what)


def stated(key: str, model: Mapping[str, Any], holds: bool, asked: Message) -> Point:
    """The point that a field is there and `holds`, with its value in the texts."""
    expected = message("{key} is {asked}", key=key, asked=asked)
    if key not in model:
        return Point(False, expected, message("no {key}", key=key))
    return Point(holds, expected, message("{key} is {value}", key=key, value=shown(model[key])))


def table(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def number(value: Any) -> float | None:
    """A finite number, or None; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def count(value: Any) -> int | None:
    """A whole number of 0 or more, or None."""
    found = number(value)
    return int(value) if found is not None and found >= 0 and found == int(found) else None


def share(value: Any) -> float | None:
    """A number from 0 to 1, or None."""
    found = number(value)
    return found if found is not None and 0 <= found <= 1 else None


def series(value: Any) -> tuple[float, ...] | None:
    """A non-empty list of finite numbers, or None."""
    if not isinstance(value, list) or not value:
        return None
    numbers = [number(each) for each in value]
    return None if None in numbers else tuple(each for each in numbers if each is not None)


def close(first: float, second: float, tolerance: float) -> bool:
    """Are two numbers within the tolerance of each other?"""
    return abs(first - second) <= tolerance


def plain(value: Any) -> Any:
    """A rubric's exact decimal as a float; everything else as it is."""
    return value if isinstance(value, bool | int | float | str | list | dict) else float(value)


def shown(value: Any) -> str:
    """A value of a document as a short text without control characters."""
    text = f"{value:.6g}" if isinstance(value, float) else ascii_text(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def ascii_text(value: Any) -> str:
    """`repr`, of the outer layer alone where a value is large: hostile documents must not make messages costly."""
    if isinstance(value, list | dict) and len(value) > 8:
        return f"a {'list' if isinstance(value, list) else 'table'} of {len(value)}"
    return repr(value[: 2 * MAX_SHOWN] if isinstance(value, str) else value)


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names with commas, shortened in the middle of a long list."""
    head = ", ".join(name[:MAX_SHOWN] for name in names[:most])
    return head if len(names) <= most else f"{head} and {len(names) - most} more"
