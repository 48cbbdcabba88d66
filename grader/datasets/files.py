"""MNIST and CIFAR-10 from a data root: the original files, an image folder or zip in their place, or a download."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..files import cache_folder
from .folders import find_folder, read_folder
from .idx import find_idx, read_idx
from .image_set import ImageSet, Kind, Pictures, image_set
from .sampling import Sizes, sampled

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10  # type: ignore[import-untyped]

CIFAR_FOLDER = "cifar-10-batches-py"


@dataclass(frozen=True)
class Found:
    """All pictures of some data, with the sentence about them and their kind."""

    classes: tuple[str, ...]
    train: Pictures
    test: Pictures
    source: str
    kind: Kind


@dataclass(frozen=True)
class RealSet:
    """What is known of a real set: `mode` is PIL's name of its colours, `looked_for` what a data root may hold."""

    title: str
    mode: str
    side: int
    original: Callable[[Path], Found | None]
    download: Callable[[Path], object]
    looked_for: str


def _torchvision() -> Any:
    """torchvision's data sets, imported on use: that takes seconds, and the built-in sets don't need it."""
    import torchvision.datasets  # type: ignore[import-untyped]

    return torchvision.datasets


def original_mnist(root: Path) -> Found | None:
    """torchvision's MNIST files below the root, also while they are still gzipped; None where there are none."""
    if (files := find_idx(root)) is None:
        return None
    train, test = read_idx(files.train_images, files.train_labels), read_idx(files.test_images, files.test_labels)
    return Found(tuple("0123456789"), train, test, "mnist: the original MNIST images", "original")


def original_cifar10(root: Path) -> Found | None:
    """torchvision's CIFAR-10 files below the root, checked by torchvision against their checksums."""
    if not (root / CIFAR_FOLDER).is_dir():
        return None
    try:
        train, test = (_torchvision().CIFAR10(root, train=part) for part in (True, False))
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"the CIFAR-10 files in {root / CIFAR_FOLDER} are damaged or incomplete ({error}): "
            "delete that folder and fetch them again with --download"
        ) from error
    source = "cifar10: the original CIFAR-10 images"
    return Found(tuple(train.classes), cifar_pictures(train), cifar_pictures(test), source, "original")


def cifar_pictures(part: CIFAR10) -> Pictures:
    """What torchvision holds as (N, 32, 32, 3), with the channels first."""
    return Pictures(np.moveaxis(part.data, 3, 1), np.asarray(part.targets, dtype=np.int64))


def download_mnist(root: Path) -> object:
    """Fetch MNIST into the root."""
    return _torchvision().MNIST(root, download=True)


def download_cifar10(root: Path) -> object:
    """Fetch CIFAR-10 into the root."""
    return _torchvision().CIFAR10(root, download=True)


REAL_SETS: Mapping[str, RealSet] = MappingProxyType(
    {
        "mnist": RealSet(
            "MNIST",
            "L",
            28,
            original_mnist,
            download_mnist,
            "MNIST/raw/*-ubyte or *-ubyte.gz, mnist/train/<class>/, train/<class>/, mnist*.zip",
        ),
        "cifar10": RealSet(
            "CIFAR-10",
            "RGB",
            32,
            original_cifar10,
            download_cifar10,
            f"{CIFAR_FOLDER}/, cifar10/train/<class>/, train/<class>/, cifar10*.zip",
        ),
    }
)


def default_cache() -> Path:
    """Where decoded and downloaded images are kept: ``datasets`` in the grader's cache folder."""
    return cache_folder() / "datasets"


def from_files(name: str, sizes: Sizes, seed: int, *, data_root: Path | None, download: bool, cache: Path | None) -> ImageSet:
    """The real set of this name, sub-sampled; see `load`."""
    cache = cache or default_cache()
    root = (data_root or cache).expanduser()
    try:
        found = obtained(name, root, cache, download)
    except OSError as error:
        raise InputError(f"the data root {root} cannot be read ({error}): check its permissions") from error
    if found is None:
        raise InputError(missing(REAL_SETS[name], data_root and root))
    source = f"{found.source}, sub-sampled by seed {seed}"
    return image_set(name, found.classes, sampled(found.train, found.test, sizes, seed), source, found.kind)


def obtained(name: str, root: Path, cache: Path, download: bool) -> Found | None:
    """What the root holds, after a download where that is allowed and needed."""
    found = look_for(name, root, cache)
    if found is None and download:
        fetch(REAL_SETS[name], root)
        found = look_for(name, root, cache)
    return found


def look_for(name: str, root: Path, cache: Path) -> Found | None:
    """The original files where they are, else an image folder or zip in their place, else None."""
    real = REAL_SETS[name]
    if (found := real.original(root)) is not None:
        return found
    if (folder := find_folder(root, name)) is None:
        return None
    train, test = (read_folder(folder, part, real.mode, real.side, cache) for part in ("train", "test"))
    stored = "JPEG copies, so thresholds carry a wider margin" if folder.lossy else "lossless"
    source = f"{name}: images of {folder.place.name} ({stored}), in place of {real.title}'s own files"
    return Found(folder.classes, train, test, source, "jpeg" if folder.lossy else "folder")


def fetch(real: RealSet, root: Path) -> None:
    """Have torchvision download the set; its errors come in many types, and each means that the data are not there."""
    try:
        real.download(root)
    except Exception as error:
        raise InputError(
            f"{real.title} could not be downloaded into {root} ({error}): "
            "check the network and that the folder can be written, or give the files with --data-root"
        ) from error


def missing(real: RealSet, root: Path | None) -> str:
    """The sentence for a set that was not found; `root` is None when no data root was given."""
    if root is None:
        return f"{real.title} needs data: give the folder that holds them with --data-root, or add --download"
    if not root.exists():
        return f"the data root {root} does not exist: give a folder that holds {real.looked_for} with --data-root"
    return (
        f"the data root {root} holds no {real.title} (looked for {real.looked_for}): "
        "give another folder with --data-root, or add --download"
    )
