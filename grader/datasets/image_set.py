"""The records that images travel in, and how raw images become what a network is trained on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Kind = Literal["generated", "original", "folder", "jpeg"]


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images as they are stored, (N, C, H, W) of 0 to 255, and one label for each, (N,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def take(self, positions: NDArray[np.int64]) -> Pictures:
        """The pictures at these positions, in their order."""
        return Pictures(np.asarray(self.images[positions]), self.labels[positions])


@dataclass(frozen=True, eq=False)
class Splits:
    """The three parts of a set before normalisation; no picture is in two of them."""

    train: Pictures
    validation: Pictures
    held: Pictures


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images for one grading: float32 (N, C, H, W), labels int64 (N,) that index `classes`.

    All three parts are normalised by mean and standard deviation, per channel, of the training images. `source` is a
    sentence for the head of the report; `kind` says whether the pixels are generated from a seed, the original ones, or
    read from an image folder ("jpeg": with lossy files in it, so that thresholds need a wider margin). `fingerprint` is
    the SHA-256 of the stored pixels, labels and classes, in hexadecimal.
    """

    name: str
    classes: tuple[str, ...]
    train_images: Tensor
    train_labels: Tensor
    validation_images: Tensor
    validation_labels: Tensor
    held_images: Tensor
    held_labels: Tensor
    source: str
    kind: Kind
    fingerprint: str


def image_set(name: str, classes: tuple[str, ...], splits: Splits, source: str, kind: Kind) -> ImageSet:
    """Normalise the parts and fingerprint what they were made of."""
    mean, deviation = channel_statistics(splits.train.images)
    parts = (splits.train, splits.validation, splits.held)
    train, validation, held = (normalised(part.images, mean, deviation) for part in parts)
    labels = [torch.from_numpy(part.labels) for part in parts]
    counts = [len(part.labels) for part in parts]
    source = f"{source}; {counts[0]} training, {counts[1]} validation and {counts[2]} held-out images"
    return ImageSet(
        name=name,
        classes=classes,
        train_images=train,
        train_labels=labels[0],
        validation_images=validation,
        validation_labels=labels[1],
        held_images=held,
        held_labels=labels[2],
        source=source,
        kind=kind,
        fingerprint=fingerprint(classes, splits),
    )


def channel_statistics(images: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation per channel of images (N, C, H, W), each (C, 1, 1), on a scale of 0 to 1.

    Taken from the histogram, in whole numbers, so that no order of summation can change the last bit. A constant
    channel gets the deviation of one grey level.
    """
    levels = np.arange(256)
    means, deviations = [], []
    for channel in range(images.shape[1]):
        counts = np.bincount(images[:, channel].reshape(-1), minlength=256)
        mean = int(counts @ levels) / int(counts.sum())
        variance = int(counts @ levels**2) / int(counts.sum()) - mean**2
        means.append(mean / 255)
        deviations.append(max(variance, 1.0) ** 0.5 / 255)
    return torch.tensor(means).view(-1, 1, 1), torch.tensor(deviations).view(-1, 1, 1)


def normalised(images: NDArray[np.uint8], mean: Tensor, deviation: Tensor) -> Tensor:
    """(x / 255 - mean) / deviation as float32 (N, C, H, W) in channels_last, with no second copy on the way."""
    pixels = torch.from_numpy(images).to(torch.float32, memory_format=torch.channels_last)
    return pixels.div_(255).sub_(mean).div_(deviation)


def fingerprint(classes: tuple[str, ...], splits: Splits) -> str:
    """SHA-256 over classes, shapes, pixels and labels of all parts, in hexadecimal."""
    digest = hashlib.sha256(repr(classes).encode())
    for part in (splits.train, splits.validation, splits.held):
        digest.update(repr(part.images.shape).encode())
        digest.update(np.ascontiguousarray(part.images).data)
        digest.update(part.labels.astype("<i8").data)
    return digest.hexdigest()
