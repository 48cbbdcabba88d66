"""Tiny data roots: MNIST as IDX files, image folders and zips, each with a picture whose pixels tell its class."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

CLASSES = tuple(f"class{index}" for index in range(10))
PER_CLASS = {"train": 6, "test": 3}


def idx_bytes(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">i4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def write_idx(folder: Path, *, zipped: bool) -> None:
    folder.mkdir(parents=True)
    for stem, part in (("train", "train"), ("t10k", "test")):
        labels = np.arange(10 * PER_CLASS[part]) % 10
        draw = np.random.default_rng(len(labels))
        images = 20 * labels[:, None, None] + draw.integers(0, 20, (len(labels), 28, 28))
        for name, array in ((f"{stem}-images-idx3-ubyte", images), (f"{stem}-labels-idx1-ubyte", labels)):
            content = idx_bytes(array)
            path = folder / (f"{name}.gz" if zipped else name)
            path.write_bytes(gzip.compress(content) if zipped else content)


def write_folder(root: Path, *, suffix: str = "png", mode: str = "RGB", side: int = 32, classes: tuple[str, ...] = CLASSES) -> None:
    draw = np.random.default_rng(0)
    for part, count in PER_CLASS.items():
        for index, label in enumerate(classes):
            folder = root / part / label
            folder.mkdir(parents=True)
            for number in range(count):
                shape = (side, side, 3) if mode == "RGB" else (side, side)
                pixels = 20 * index + draw.integers(0, 20, shape)
                Image.fromarray(pixels.astype(np.uint8), mode).save(folder / f"{number}.{suffix}")


def write_zip(archive: Path, folder: Path, prefix: str = "") -> None:
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(folder.rglob("*.*")):
            opened.write(path, prefix + path.relative_to(folder).as_posix())


@pytest.fixture
def idx_root(tmp_path: Path) -> Callable[..., Path]:
    """A data root with tiny MNIST files: `idx_root(zipped=True, place="MNIST/raw")`."""

    def make(*, zipped: bool, place: str = "MNIST/raw") -> Path:
        write_idx(tmp_path / "data" / place, zipped=zipped)
        return tmp_path / "data"

    return make


@pytest.fixture
def folder_root(tmp_path: Path) -> Callable[..., Path]:
    """A data root with an image folder below `place`; the other arguments are those of `write_folder`."""

    def make(place: str = "", **how: object) -> Path:
        write_folder(tmp_path / "data" / place, **how)
        return tmp_path / "data"

    return make


@pytest.fixture
def zip_root(tmp_path: Path) -> Callable[..., Path]:
    """A data root that holds nothing but a zip of an image folder."""

    def make(name: str, prefix: str = "", **how: object) -> Path:
        write_folder(tmp_path / "loose", **how)
        (tmp_path / "data").mkdir()
        write_zip(tmp_path / "data" / name, tmp_path / "loose", prefix)
        return tmp_path / "data"

    return make


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
