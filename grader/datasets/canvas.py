"""Draws many small pictures at once from distance fields, in numpy alone.

A shape is a *distance field*: for each point of the square [-EXTENT, EXTENT]^2 the signed distance to the shape's
outline (negative inside; for a stroke, the distance to its centre line). One picture is one look-up of the field at
warped pixel positions, so that turning, scaling, shearing and bending cost the same and nothing is drawn in a loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

EXTENT = 1.6  # half the side of a field; a shape lives in [-1, 1]^2 and the rest is margin for its surroundings
BEND_RATE = 2.2  # radians per unit of a shape: a third of a wave over a shape's half side
RESOLUTION = 192  # field points per side: the nearest one is under a tenth of a pixel away at the sizes drawn here


class Points(NamedTuple):
    """Positions in a shape's own frame: x to the right and y downwards, equal shapes."""

    x: Floats
    y: Floats


@dataclass(frozen=True)
class Variation:
    """How far pictures of one set differ; each quantity is drawn uniformly from its range.

    Lengths are fractions of half the picture's side (the picture is [-1, 1]^2), angles radians.
    """

    size: tuple[float, float]
    turn: float
    aspect: float
    shear: float
    shift: float
    bend: float


def lattice(axis: Floats) -> Points:
    """All pairs of positions on an axis (n,), each (n, n)."""
    y, x = np.broadcast_arrays(axis[:, None], axis[None, :])
    return Points(x, y)


def field_points() -> Points:
    """The positions of a field's points, each (RESOLUTION, RESOLUTION)."""
    return lattice(np.linspace(-EXTENT, EXTENT, RESOLUTION, dtype=np.float32))


def spread(draw: np.random.Generator, count: int, low: float, high: float) -> Floats:
    """One uniform number for each picture, shape (count, 1) to go with (count, pixels)."""
    return draw.uniform(low, high, (count, 1)).astype(np.float32)


def pixel_points(side: int) -> Points:
    """The pixel centres of a side x side picture in [-1, 1]^2, each of shape (1, side * side)."""
    points = lattice((np.arange(side, dtype=np.float32) + 0.5) * np.float32(2 / side) - 1)
    return Points(points.x.reshape(1, -1), points.y.reshape(1, -1))


def warp(draw: np.random.Generator, count: int, side: int, by: Variation) -> Points:
    """Pixel positions of `count` pictures in the frame of a shape that is posed and bent at random in each."""
    size, turn = spread(draw, count, *by.size), spread(draw, count, -by.turn, by.turn)
    aspect, shear = spread(draw, count, -by.aspect, by.aspect), spread(draw, count, -by.shear, by.shear)
    pixels = pixel_points(side)
    x = pixels.x - spread(draw, count, -by.shift, by.shift)
    y = pixels.y - spread(draw, count, -by.shift, by.shift)
    cosine, sine = np.cos(turn) / size, np.sin(turn) / size
    posed = Points((cosine * x + sine * y) * (1 + aspect), (cosine * y - sine * x) * (1 - aspect))
    return bent(draw, Points(posed.x + shear * posed.y, posed.y), by.bend)


def bent(draw: np.random.Generator, points: Points, by: float) -> Points:
    """Points moved along two slow waves of random phase, so that straight lines become curves."""
    count = len(points.x)
    phase_x, phase_y = spread(draw, count, 0, 2 * np.pi), spread(draw, count, 0, 2 * np.pi)
    high_x, high_y = spread(draw, count, 0, by), spread(draw, count, 0, by)
    x = points.x + high_x * np.sin(BEND_RATE * points.y + phase_x)
    return Points(x, points.y + high_y * np.sin(BEND_RATE * points.x + phase_y))


def look_up(fields: Floats, which: Integers, at: Points) -> Floats:
    """Distances (count, pixels) at the given points, picture i in `fields[which[i]]`; fields are (K, R, R)."""
    scale = (RESOLUTION - 1) / (2 * EXTENT)
    column = np.clip((at.x + EXTENT) * scale + 0.5, 0, RESOLUTION - 1).astype(np.int32)
    row = np.clip((at.y + EXTENT) * scale + 0.5, 0, RESOLUTION - 1).astype(np.int32)
    flat = row * RESOLUTION + column + (which * RESOLUTION**2).astype(np.int32)[:, None]
    distances: Floats = fields.reshape(-1)[flat]
    return distances


def coverage(distance: Floats, softness: float) -> Floats:
    """How much of a pixel lies inside, 0 to 1: a ramp as wide as `softness` about distance 0."""
    covered: Floats = np.clip(0.5 - distance / softness, 0, 1)
    return covered


def segment_distance(at: Points, start: Points, end: Points) -> Floats:
    """Distance of points to line segments; the arguments broadcast."""
    along_x, along_y = end.x - start.x, end.y - start.y
    from_x, from_y = at.x - start.x, at.y - start.y
    length = np.maximum(along_x**2 + along_y**2, 1e-6)
    position = np.clip((from_x * along_x + from_y * along_y) / length, 0, 1)
    distance: Floats = np.hypot(from_x - position * along_x, from_y - position * along_y)
    return distance


def line_segments(draw: np.random.Generator, count: int, at: Points, length: tuple[float, float]) -> Floats:
    """Distance (count, pixels) of the points to one random line in each picture, its length in the given range."""
    start = Points(spread(draw, count, -1, 1), spread(draw, count, -1, 1))
    turn, extent = spread(draw, count, 0, 2 * np.pi), spread(draw, count, *length)
    end = Points(start.x + extent * np.cos(turn), start.y + extent * np.sin(turn))
    return segment_distance(at, start, end)


def in_blocks(count: int, draw_block: Callable[[slice], NDArray[np.uint8]], block: int = 64) -> NDArray[np.uint8]:
    """The pictures of all blocks in order: what is worked on at a time stays in the processor's cache."""
    return np.concatenate([draw_block(slice(start, min(start + block, count))) for start in range(0, count, block)])


def quantised(shown: Floats, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Brightness 0 to 1 as bytes, one picture (C, H, W) of `shape` per row.

    Bytes, and not floats, are what a set consists of: a last bit that differs from one processor to another is gone.
    """
    pixels: NDArray[np.uint8] = np.rint(shown * 255).astype(np.uint8).reshape(-1, *shape)
    return pixels
