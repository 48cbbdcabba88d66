"""Image folders `train/<class>/`, `test/<class>/`, on disk or inside a zip; decoded once and kept as .npy."""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import InputError
from .image_set import Pictures

CLASSES = 10  # the networks of the assignment have ten outputs
# A name that begins with a dot is no image: macOS puts such files beside each image of a zip.
IMAGE = re.compile(r"(?:^|/)(train|test)/([^/]+)/[^/.][^/]*\.(jpe?g|png|bmp|gif|ppm|pgm|tiff?|webp)$", re.IGNORECASE)
LOSSY = re.compile(r"\.(jpe?g|webp)$", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """One image file: its name inside the folder or zip, its class, and what changes when its content does."""

    name: str
    label: str
    stamp: str


@dataclass(frozen=True)
class ImageFolder:
    """The listing of an image folder or zip; `classes` are the same in both parts, sorted by name."""

    place: Path
    classes: tuple[str, ...]
    train: tuple[Entry, ...]
    test: tuple[Entry, ...]

    @property
    def lossy(self) -> bool:
        """Whether any image is stored in a format that changes pixels."""
        return any(LOSSY.search(entry.name) for entry in self.train + self.test)


def find_folder(root: Path, name: str) -> ImageFolder | None:
    """The first of `root/<name>/`, `root/` and `root/<name>*.zip` with images in it; `root` may be a zip itself."""
    zips = sorted(root.glob(f"{name}*.zip"))
    for place in (root / name, root, *zips):
        if entries := listing(place):
            return image_folder(place, entries)
    return None


def listing(place: Path) -> list[tuple[str, Entry]]:
    """(part, entry) of all images in a folder or zip, sorted by name; empty where there are none."""
    if place.is_dir():
        parts = [place / part for part in ("train", "test")]
        files = [path for part in parts for path in part.glob("*/*") if path.is_file()]
        named = [(path.relative_to(place).as_posix(), file_stamp(path)) for path in files]
    elif zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            named = [(info.filename, f"{info.CRC:08x}") for info in archive.infolist()]
    else:
        return []
    matches = [(IMAGE.search(name), name, stamp) for name, stamp in sorted(named)]
    return [(found[1].lower(), Entry(name, found[2], stamp)) for found, name, stamp in matches if found]


def file_stamp(path: Path) -> str:
    """Size and time of change of a file."""
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


def image_folder(place: Path, entries: list[tuple[str, Entry]]) -> ImageFolder:
    """The listing as a record. Raises InputError unless both parts have the same ten classes."""
    train, test = (tuple(entry for part, entry in entries if part == wanted) for wanted in ("train", "test"))
    classes, others = ({entry.label for entry in part} for part in (train, test))
    if classes != others or len(classes) != CLASSES:
        raise InputError(
            f"the image folder {place} needs the same {CLASSES} classes in train/ and test/ "
            f"(found {len(classes)} and {len(others)}): make one folder per class in each"
        )
    return ImageFolder(place, tuple(sorted(classes)), train, test)


def read_folder(folder: ImageFolder, part: str, mode: str, side: int, cache: Path) -> Pictures:
    """The images of a part, (N, C, side, side) in PIL's `mode`, decoded or from the cache."""
    entries = folder.train if part == "train" else folder.test
    labels = np.asarray([folder.classes.index(entry.label) for entry in entries], dtype=np.int64)
    kept = cache / f"{folder.place.stem}-{part}-{key(entries, mode, side)}.npy"
    images = kept_images(kept, len(entries))
    if images is None:
        images = decoded(folder.place, entries, mode, side)
        keep(kept, images)
    return Pictures(images, labels)


def key(entries: tuple[Entry, ...], mode: str, side: int) -> str:
    """A short hash of all that decides what the decoded images are."""
    return hashlib.sha256(repr((entries, mode, side)).encode()).hexdigest()[:16]


def kept_images(kept: Path, count: int) -> NDArray[np.uint8] | None:
    """The images in a cache file, mapped and not read; None if it is not there or not whole."""
    try:
        images: NDArray[np.uint8] = np.load(kept, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return images if len(images) == count else None


def keep(kept: Path, images: NDArray[np.uint8]) -> None:
    """Write a cache file whole or not at all; a cache that cannot be written only costs time."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, suffix=".part", delete=False) as file:
            np.save(file, images)
        Path(file.name).replace(kept)
    except OSError:
        return


@contextmanager
def opened(place: Path) -> Iterator[zipfile.ZipFile | Path]:
    """What the entries of a place are read from."""
    if place.is_dir():
        yield place
    else:
        with zipfile.ZipFile(place) as archive:
            yield archive


def content(source: zipfile.ZipFile | Path, entry: Entry) -> bytes:
    """The bytes of an image file."""
    return source.read(entry.name) if isinstance(source, zipfile.ZipFile) else (source / entry.name).read_bytes()


def decoded(place: Path, entries: tuple[Entry, ...], mode: str, side: int) -> NDArray[np.uint8]:
    """All images of the entries, (N, C, side, side)."""
    images = np.empty((len(entries), len(mode), side, side), dtype=np.uint8)
    with opened(place) as source:
        for position, entry in enumerate(entries):
            try:
                images[position] = decoded_image(content(source, entry), mode, side)
            except (OSError, ValueError, SyntaxError, zipfile.BadZipFile, Image.DecompressionBombError) as error:
                raise InputError(f"the image {entry.name} in {place} cannot be read ({error}): replace it or take it out") from error
    return images


def decoded_image(stored: bytes, mode: str, side: int) -> NDArray[np.uint8]:
    """One image as (C, side, side); another size is resampled."""
    with Image.open(BytesIO(stored)) as file:
        image = file.convert(mode)
    if image.size != (side, side):
        image = image.resize((side, side), Image.Resampling.BILINEAR)
    return np.moveaxis(np.asarray(image, dtype=np.uint8).reshape(side, side, -1), 2, 0)
