"""What a picture file shows, as numbers: is it an image at all, and is there anything on it?"""

from __future__ import annotations

import hashlib
import math
import warnings
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from grader.records import Fault

MAX_IMAGE_BYTES = 16 * 2**20
MAX_PIXELS = 25_000_000  # 5000x5000: larger than a plot at 400 dots per inch on A4
MAX_EXAMINED_PIXELS = 4_000_000  # larger images are sampled on a grid
MAX_READS = 10_000  # a PNG of 16 MiB in the usual blocks of 8 KiB takes 6,000
MAX_SCANS, MAX_PROFILES = 40, 8  # of a JPEG: progressive ones have about 10; colour profiles of a PNG: one
FORMATS = ("PNG", "JPEG")
SUFFIXES = (".png", ".jpg", ".jpeg")
# JPEG rings around edges: a pixel is background when no channel is further than this from the commonest colour.
BACKGROUND_TOLERANCE = 12
# Axes of a plot without any curve cover about 1 % of the picture; ten times less is nothing at all.
LEAST_INK = 0.001
LEAST_SIDE = 64


@dataclass(frozen=True)
class ImageFact:
    """What a picture file shows."""

    path: str
    format: str  # "PNG" | "JPEG"
    width: int
    height: int
    ink: float  # share of pixels that are not of the background's colour, four digits
    colours: int  # distinct colours
    sha256: str  # of the file

    @property
    def blank(self) -> bool:
        """Nothing to see: one colour, or a handful of specks."""
        return self.ink < LEAST_INK or self.colours < 2


def examine(data: bytes, path: str) -> ImageFact | Fault:
    """Decode a PNG or JPEG of at most `MAX_PIXELS` and measure it; a Fault says why it is not readable."""
    if _is_slow(data):
        return Fault("result", f"{path} is made of more pieces than a picture needs; save it again", file=path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(_Metered(data), formats=FORMATS) as image:
                kind, width, height = str(image.format), image.width, image.height
                if width * height > MAX_PIXELS:
                    return Fault("result", f"{path} has {width}x{height} pixels; at most {MAX_PIXELS:,} are read", file=path)
                ink, colours = _measure(image)
    except Exception as error:  # hostile bytes make the decoders raise almost anything
        return Fault("result", f"{path} is not a readable PNG or JPEG picture ({type(error).__name__})", file=path)
    return ImageFact(path, kind, width, height, ink, colours, hashlib.sha256(data).hexdigest())


class _Metered(BytesIO):
    """A file that may be read in so many pieces and no more: decoders go through the pieces of a header one by one."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._left = MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ValueError("too many pieces")
        return super().read(size)


def _is_slow(data: bytes) -> bool:
    """Does the file hold what costs a decoder much and its maker nothing? A JPEG is decoded once for each of its scans."""
    return data.count(b"\xff\xda") > MAX_SCANS if data.startswith(b"\xff\xd8") else data.count(b"iCCP") > MAX_PROFILES


def _measure(image: Image.Image) -> tuple[float, int]:
    """Share of pixels off the background, and the number of distinct colours."""
    step = math.ceil(math.sqrt(image.width * image.height / MAX_EXAMINED_PIXELS))
    sampled = image.resize((-(-image.width // step), -(-image.height // step)), Image.Resampling.NEAREST) if step > 1 else image
    opaque = Image.new("RGBA", sampled.size, "white")
    opaque.alpha_composite(sampled.convert("RGBA"))
    # Each pixel as one number (red, green, blue, opaque): sorting numbers takes a twentieth of the time of sorting rows.
    pixels = np.ascontiguousarray(np.asarray(opaque)).view(np.uint32)
    values, counts = np.unique(pixels, return_counts=True)
    colours = values.view(np.uint8).reshape(-1, 4)[:, :3].astype(np.int16)
    background = colours[counts.argmax()]
    far = np.abs(colours - background).max(axis=1) > BACKGROUND_TOLERANCE
    return round(float(counts[far].sum() / counts.sum()), 4), len(colours)
