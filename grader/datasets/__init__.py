"""Image sets to train and measure networks on: two that are built in, and MNIST and CIFAR-10 from files.

`load` is the way in. Held-out images never take part in training: the built-in sets draw them from a random stream of
their own, the others take them from the test part of the data.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from ..errors import InputError
from .files import REAL_SETS, from_files
from .generated import GENERATORS, generated
from .image_set import ImageSet, Kind
from .sampling import Sizes, check_request

NAMES = (*GENERATORS, *REAL_SETS)

__all__ = ["NAMES", "ImageSet", "Kind", "load"]


def load(
    name: str,
    *,
    seed: int,
    train: int,
    validation: int,
    held: int,
    data_root: Path | None = None,
    download: bool = False,
    cache: Path | None = None,
) -> ImageSet:
    """The set `name` of NAMES in the given counts of images, every class as often as any other where the data allow it.

    `data_root`, `download` and `cache` concern `mnist` and `cifar10` only: the folder (or zip) with the data, whether
    torchvision may fetch what is missing, and where decoded images are kept (default: a folder of the user's cache).
    Equal arguments and data give equal bits. Raises InputError for an unknown name, sizes that the data cannot serve,
    and data that are missing or damaged.
    """
    sizes = Sizes(train, validation, held)
    check_request(name, sizes, seed)
    if name in GENERATORS:
        return generated(name, sizes, seed)
    if name in REAL_SETS:
        return from_files(name, sizes, seed, data_root=data_root, download=download, cache=cache)
    nearest = get_close_matches(name, NAMES, n=1)
    guess = f"; did you mean {nearest[0]}?" if nearest else ""
    raise InputError(f"there is no data set {name!r}: choose one of {', '.join(NAMES)}{guess}")
