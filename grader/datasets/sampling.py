"""Sizes and splits: how many pictures of which class, and which ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .image_set import Pictures, Splits

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Sizes:
    """Counts of images; `train` and `held` at least 1, `validation` may be 0."""

    train: int
    validation: int
    held: int


def check_request(name: str, sizes: Sizes, seed: int) -> None:
    """Raise InputError unless seed and sizes can be served by some data."""
    least = {"train": 1, "validation": 0, "held": 1}
    for part, lowest in least.items():
        if (count := getattr(sizes, part)) < lowest:
            raise InputError(f"data set {name}: {part} has to be a count of images, {lowest} or more, not {count}")
    if seed < 0:
        raise InputError(f"data set {name}: the seed has to be 0 or more, not {seed}")


def balanced_labels(draw: np.random.Generator, count: int, classes: int) -> Integers:
    """`count` labels in random order, each class as often as any other, or once more."""
    return draw.permutation(np.arange(count, dtype=np.int64) % classes)


def quotas(available: Integers, wanted: int) -> Integers:
    """How many of each class (K,) to take so that they sum to `wanted` and differ as little as supplies allow."""
    taken = np.zeros_like(available)
    while (missing := wanted - int(taken.sum())) > 0:
        open_classes = np.flatnonzero(available > taken)
        share = max(missing // len(open_classes), 1)
        chosen = open_classes[:missing]
        taken[chosen] = np.minimum(taken[chosen] + share, available[chosen])
    return taken


def chosen(pictures: Pictures, wanted: int, seed: int, part: str) -> Pictures:
    """`wanted` pictures drawn by the seed, balanced over the classes, in random order.

    Raises InputError when there are fewer.
    """
    if wanted > len(pictures.labels):
        raise InputError(
            f"the {part} part of the data has {len(pictures.labels)} images and {wanted} are asked for: "
            "choose a profile with smaller sizes or give more images with --data-root"
        )
    draw = np.random.default_rng([seed, 0 if part == "training" else 1])
    counts = np.bincount(pictures.labels)
    positions = [draw.permutation(np.flatnonzero(pictures.labels == label))[:quota] for label, quota in enumerate(quotas(counts, wanted))]
    return pictures.take(draw.permutation(np.concatenate(positions)))


def split_off(pictures: Pictures, count: int) -> tuple[Pictures, Pictures]:
    """The pictures without `count` of them that are balanced over the classes, and these."""
    classes = int(pictures.labels.max()) + 1
    quota = quotas(np.bincount(pictures.labels, minlength=classes), count)
    apart = np.zeros(len(pictures.labels), dtype=bool)
    for label in range(classes):
        apart[np.flatnonzero(pictures.labels == label)[: quota[label]]] = True
    return pictures.take(np.flatnonzero(~apart)), pictures.take(np.flatnonzero(apart))


def sampled(train: Pictures, test: Pictures, sizes: Sizes, seed: int) -> Splits:
    """Training and validation images from the training part of some data, held-out ones from its test part."""
    both = chosen(train, sizes.train + sizes.validation, seed, "training")
    fit, validation = split_off(both, sizes.validation)
    return Splits(fit, validation, chosen(test, sizes.held, seed, "test"))
