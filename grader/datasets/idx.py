"""The IDX files of MNIST, raw or gzipped: a magic number, the shape in big-endian whole numbers, the bytes.

torchvision reads them too, but not while they are gzipped on a disk that cannot be written.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .image_set import Pictures

PLACES = ("MNIST/raw", "mnist/raw", "mnist", "raw", ".")
STEMS = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
SIDE = 28
CLASSES = 10


class IdxFiles(NamedTuple):
    """The four files of MNIST."""

    train_images: Path
    train_labels: Path
    test_images: Path
    test_labels: Path


def find_idx(root: Path) -> IdxFiles | None:
    """The files, in the first of PLACES that has all four, each raw or else gzipped."""
    for place in PLACES:
        options = ([root / place / stem, root / place / f"{stem}.gz"] for stem in STEMS)
        files = [next((path for path in either if path.is_file()), None) for either in options]
        present = [path for path in files if path is not None]
        if len(present) == len(STEMS):
            return IdxFiles(*present)
    return None


def read_idx(images: Path, labels: Path) -> Pictures:
    """One part of MNIST: images (N, 1, 28, 28) and labels (N,)."""
    pixels, classes = idx_array(images, dimensions=3), idx_array(labels, dimensions=1)
    if pixels.shape != (len(classes), SIDE, SIDE) or not len(classes) or classes.max() >= CLASSES:
        raise InputError(
            f"{images} and {labels} do not hold MNIST: {len(classes)} labels of 0 to 9 go with images of shape "
            f"({len(classes)}, 28, 28), found {pixels.shape}; get the files again"
        )
    return Pictures(pixels[:, None], classes.astype(np.int64))


def idx_array(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of bytes in an IDX file."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({error}): get the file again") from error
    header = 4 + 4 * dimensions
    shape = tuple(np.frombuffer(content[4:header], dtype=">i4").tolist())
    if content[:4] != bytes([0, 0, 8, dimensions]) or len(content) - header != np.prod(shape, dtype=np.int64):
        raise InputError(f"{path} is no whole IDX file of bytes in {dimensions} dimensions: get the file again")
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
