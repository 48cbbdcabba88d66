"""The two built-in sets as splits: which stream of random numbers draws which part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from . import digits, objects
from .image_set import ImageSet, Pictures, Splits, image_set
from .sampling import Sizes, balanced_labels, split_off


@dataclass(frozen=True)
class Generator:
    """A built-in set: `pictures(draw, labels)` draws one uint8 image (C, H, W) for each label."""

    classes: tuple[str, ...]
    pictures: Callable[[np.random.Generator, NDArray[np.int64]], NDArray[np.uint8]]
    stream: int
    stands_in_for: str


GENERATORS: Mapping[str, Generator] = MappingProxyType(
    {
        "digits": Generator(digits.CLASSES, digits.pictures, 1, "MNIST"),
        "objects": Generator(objects.CLASSES, objects.pictures, 2, "CIFAR-10"),
    }
)


def part(generator: Generator, seed: int, stream: int, count: int) -> Pictures:
    """`count` pictures from a stream of their own: other streams of the same seed draw other pictures."""
    draw = np.random.default_rng([seed, generator.stream, stream])
    labels = balanced_labels(draw, count, len(generator.classes))
    return Pictures(generator.pictures(draw, labels), labels)


def generated(name: str, sizes: Sizes, seed: int) -> ImageSet:
    """The built-in set of this name."""
    generator = GENERATORS[name]
    train, validation = split_off(part(generator, seed, 1, sizes.train + sizes.validation), sizes.validation)
    splits = Splits(train, validation, part(generator, seed, 2, sizes.held))
    source = f"{name}: built-in images generated from seed {seed}, in place of {generator.stands_in_for}"
    return image_set(name, generator.classes, splits, source, "generated")
