"""Image sets as tensors: MNIST, CIFAR-10 (torchvision's files or an image folder or zip), or a synthetic stand-in.

Nothing is downloaded and nothing is written: a read-only data root is fine.
"""

import gzip
import io
import logging
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

logger = logging.getLogger(__name__)

Images = tuple[Tensor, Tensor]
"""Normalised float32 images (N, C, H, W) and int64 labels (N,)."""

CLASSES = 10
DIGITS = tuple("0123456789")
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class ImageSet:
    """A data set ready for training: its honest name, the training and the test images, the names of the classes."""

    name: str
    train: Images
    test: Images
    classes: tuple[str, ...]

    def limited(self, train_images: int | None, test_images: int | None, seed: int) -> "ImageSet":
        """A random part, drawn with `seed`; None keeps all."""
        train, test = subset(self.train, train_images, seed), subset(self.test, test_images, seed + 1)
        return ImageSet(self.name, train, test, self.classes)


def subset(images: Images, count: int | None, seed: int) -> Images:
    """`count` images drawn without replacement, or all of them for None (or when there are no more)."""
    if count is None or count >= len(images[1]):
        return images
    chosen = torch.randperm(len(images[1]), generator=torch.Generator().manual_seed(seed))[:count]
    return images[0][chosen], images[1][chosen]


def normalised(name: str, train: Images, test: Images, classes: tuple[str, ...]) -> ImageSet:
    """uint8 images (N, C, H, W) -> float32 with mean 0 and deviation 1 per channel, by the training images alone."""
    pixels = train[0].float() / 255
    mean, deviation = pixels.mean((0, 2, 3), keepdim=True), pixels.std((0, 2, 3), keepdim=True)
    test_pixels = test[0].float() / 255
    return ImageSet(name, ((pixels - mean) / deviation, train[1]), ((test_pixels - mean) / deviation, test[1]), classes)


# --- MNIST -----------------------------------------------------------------------------------------------------------


def read_idx(path: Path) -> Tensor:
    """One IDX file of bytes, plain or with .gz appended -> uint8 tensor. Format: yann.lecun.com/exdb/mnist."""
    zipped = path.with_name(path.name + ".gz")
    content = gzip.decompress(zipped.read_bytes()) if zipped.exists() else path.read_bytes()
    dimensions = content[3]
    shape = np.frombuffer(content, ">i4", dimensions, offset=4)
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy())


def load_mnist(data_root: Path | None) -> ImageSet:
    """MNIST from data_root/MNIST/raw (torchvision's layout, gz or not), synthetic images for None.

    Raises FileNotFoundError when the root holds no MNIST.
    """
    if data_root is None:
        return synthetic_set(channels=1, side=28)
    raw = data_root / "MNIST" / "raw"
    if not any(raw.glob("train-images-idx3-ubyte*")):
        raise FileNotFoundError(f"{raw}: no MNIST here (expected train-images-idx3-ubyte or its .gz)")
    train, test = (
        (read_idx(raw / f"{part}-images-idx3-ubyte")[:, None], read_idx(raw / f"{part}-labels-idx1-ubyte").long())
        for part in ("train", "t10k")
    )
    return normalised("MNIST", train, test, DIGITS)


# --- CIFAR-10 --------------------------------------------------------------------------------------------------------


def load_cifar10(data_root: Path | None) -> ImageSet:
    """CIFAR-10 from torchvision's files, or train/<class>/ and test/<class>/ in a folder or zip; synthetic for None.

    Raises FileNotFoundError when the root holds none of them.
    """
    if data_root is None:
        return synthetic_set(channels=3, side=32)
    if (data_root / "cifar-10-batches-py").is_dir():
        train, test = (_torchvision_cifar10(data_root, part) for part in (True, False))
        return normalised("CIFAR-10", train, test, CIFAR10_CLASSES)
    for place in (data_root, *sorted(data_root.glob("*.zip")), *sorted(data_root.glob("*cifar*/"))):
        if place.suffix == ".zip" or (place / "train").is_dir():
            logger.info("reading images from %s", place.name)
            train, test = (_image_folder(place, part) for part in ("train", "test"))
            return normalised("CIFAR-10, JPEG copy", train, test, CIFAR10_CLASSES)
    raise FileNotFoundError(f"{data_root}: no CIFAR-10 here (cifar-10-batches-py/, train/<class>/, or a zip of these)")


def _torchvision_cifar10(data_root: Path, train: bool) -> Images:
    from torchvision.datasets import CIFAR10

    data = CIFAR10(str(data_root), train=train, download=False)
    return torch.from_numpy(data.data).permute(0, 3, 1, 2), torch.tensor(data.targets)


def _image_folder(place: Path, part: str) -> Images:
    """All images below `part`/<class>/ in name order; the classes are numbered in alphabetical order."""
    found = list(_decoded(place, part))
    classes = sorted({name for name, _ in found})
    pixels = torch.from_numpy(np.stack([pixels for _, pixels in found])).permute(0, 3, 1, 2)
    return pixels, torch.tensor([classes.index(name) for name, _ in found])


def _decoded(place: Path, part: str) -> Iterator[tuple[str, np.ndarray]]:
    """(class name, uint8 pixels (32, 32, 3)) of each image, from a folder or from a zip."""
    endings = (".jpg", ".jpeg", ".png")
    if place.suffix == ".zip":
        with zipfile.ZipFile(place) as archive:
            for name in sorted(archive.namelist()):
                if name.startswith(f"{part}/") and name.endswith(endings):
                    yield name.split("/")[-2], _pixels(archive.read(name))
        return
    for path in sorted((place / part).glob("*/*")):
        if path.suffix.lower() in endings:
            yield path.parent.name, _pixels(path.read_bytes())


def _pixels(encoded: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))


# --- Synthetic -------------------------------------------------------------------------------------------------------


def synthetic_set(
    channels: int, side: int, train_images: int = 2000, test_images: int = 500, seed: int = 0
) -> ImageSet:
    """Ten smooth random patterns, each shown shifted, dimmed and in noise: enough to try the experiments."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(CLASSES, channels, side // 4, side // 4, generator=generator)
    patterns = functional.interpolate(coarse, size=(side, side), mode="bilinear")

    def draw(count: int) -> Images:
        labels = torch.randint(CLASSES, (count,), generator=generator)
        shifts = torch.randint(-3, 4, (count, 2), generator=generator).tolist()
        shown = [patterns[label].roll(tuple(shift), (1, 2)) for label, shift in zip(labels, shifts, strict=True)]
        strength = 0.5 + torch.rand(count, 1, 1, 1, generator=generator)
        noise = torch.randn(count, channels, side, side, generator=generator)
        return strength * torch.stack(shown) + noise, labels

    return ImageSet("synthetic patterns", draw(train_images), draw(test_images), DIGITS)
