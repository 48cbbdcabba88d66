"""`digits`: hand-drawn-looking figures 0 to 9, 1x28x28, generated from a seed; it stands in for MNIST.

Each figure is a set of strokes. A picture poses, bends and thickens one of them, and adds stray strokes, a slanted
background and noise, so that a network has to cope with shifts and deformation as it has to on real handwriting.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .canvas import (
    Floats,
    Integers,
    Points,
    Variation,
    coverage,
    field_points,
    in_blocks,
    line_segments,
    look_up,
    pixel_points,
    quantised,
    segment_distance,
    spread,
    warp,
)

CLASSES = tuple("0123456789")
SIDE = 28
STYLES = 2
VARIATION = Variation(size=(0.45, 0.65), turn=0.15, aspect=0.1, shear=0.15, shift=0.38, bend=0.1)
STRAY_STROKES = 1
NOISE = 0.06

Line = list[tuple[float, float]]


def arc(x: float, y: float, wide: float, high: float, start: float, end: float) -> Line:
    """Points of an elliptic arc; degrees run clockwise from the right, as y grows downwards."""
    angles = np.radians(np.linspace(start, end, 11))
    return [(x + wide * float(np.cos(angle)), y + high * float(np.sin(angle))) for angle in angles]


def strokes() -> tuple[tuple[list[Line], ...], ...]:
    """The lines of each digit in each of STYLES styles, in [-1, 1]^2: as printed, and as written in a hurry."""
    six = [arc(0, 0.42, 0.55, 0.55, 180, 540), [(0.4, -1.0), (-0.1, -0.75), (-0.42, -0.25), (-0.55, 0.42)]]
    printed_two = [*arc(0, -0.45, 0.55, 0.55, 185, 400), (-0.6, 1.0), (0.6, 1.0)]
    quick_two = [(-0.5, -0.9), (0.2, -1.0), (0.5, -0.5), (-0.55, 0.95), (0.0, 0.8), (0.6, 1.0)]
    quick_five = [(0.55, -0.9), (-0.35, -1.0), (-0.45, -0.1), (0.35, 0.0), (0.5, 0.5), (0.2, 0.95), (-0.55, 0.9)]
    quick_six = [(0.3, -0.95), (-0.4, -0.2), (-0.5, 0.5), (-0.1, 1.0), (0.45, 0.7), (0.35, 0.15), (-0.45, 0.3)]
    upper, lower = [(0.0, 0.0), (-0.45, -0.55), (0.0, -1.0), (0.45, -0.55)], [(-0.5, 0.5), (0.0, 1.0), (0.5, 0.5)]
    return (
        ([arc(0, 0, 0.6, 1, 0, 360)], [arc(0, 0, 0.45, 1, 0, 360)]),
        ([[(-0.35, -0.55), (0.05, -1.0), (0.05, 1.0)]], [[(0.0, -1.0), (0.0, 1.0)]]),
        ([printed_two], [quick_two]),
        (
            [arc(0, -0.5, 0.48, 0.48, 205, 450), arc(0, 0.48, 0.58, 0.5, 270, 510)],
            [[(-0.55, -1.0), (0.5, -1.0), (-0.1, -0.15)], arc(-0.05, 0.42, 0.6, 0.57, 265, 510)],
        ),
        (
            [[(0.3, 1.0), (0.3, -1.0), (-0.6, 0.4), (0.6, 0.4)]],
            [[(-0.45, -1.0), (-0.5, 0.15), (0.6, 0.15)], [(0.35, -0.7), (0.3, 1.0)]],
        ),
        ([[(0.5, -1.0), (-0.4, -1.0), (-0.5, -0.12)], arc(-0.05, 0.35, 0.6, 0.62, 222, 505)], [quick_five]),
        (six, [quick_six]),
        (
            [[(-0.6, -1.0), (0.6, -1.0), (-0.15, 1.0)]],
            [[(-0.6, -0.9), (0.55, -1.0), (-0.1, 1.0)], [(-0.3, 0.0), (0.45, 0.0)]],
        ),
        ([arc(0, -0.5, 0.45, 0.48, 0, 360), arc(0, 0.48, 0.56, 0.5, 0, 360)], [[*upper, *lower, (0.0, 0.0)]]),
        (
            [[(-x, -y) for x, y in line] for line in six],
            [arc(0, -0.45, 0.5, 0.52, 0, 360), [(0.5, -0.45), (0.4, 1.0)]],
        ),
    )


def point(x: float, y: float) -> Points:
    """One position, to go with the points of a field."""
    return Points(np.array([[x]], dtype=np.float32), np.array([[y]], dtype=np.float32))


def line_field(lines: list[Line]) -> Floats:
    """The distance field (R, R) to a set of polylines."""
    grid = field_points()
    nearest = np.full_like(grid.x, np.inf)
    for line in lines:
        for start, end in pairwise(line):
            distance = segment_distance(grid, point(*start), point(*end))
            np.minimum(nearest, distance, out=nearest)
    return nearest


@cache
def fields() -> Floats:
    """The fields of all digits and styles, (10 * STYLES, R, R); drawn once in a process."""
    return np.stack([line_field(style) for digit in strokes() for style in digit])


def stray_strokes(draw: np.random.Generator, count: int) -> Floats:
    """Coverage (count, pixels) of short strokes that belong to no digit."""
    lines = [line_segments(draw, count, pixel_points(SIDE), length=(0.1, 0.45)) for _ in range(STRAY_STROKES)]
    return coverage(np.minimum.reduce(lines) - 0.05, 0.1) * spread(draw, count, 0.3, 0.9)


def pictures(draw: np.random.Generator, labels: Integers) -> NDArray[np.uint8]:
    """One picture of the digit `labels[i]` each, (count, 1, 28, 28)."""
    return in_blocks(len(labels), lambda block: block_of(draw, labels[block]))


def block_of(draw: np.random.Generator, labels: Integers) -> NDArray[np.uint8]:
    """As `pictures`, all at once."""
    count = len(labels)
    which = labels * STYLES + draw.integers(0, STYLES, count)
    width = spread(draw, count, 0.1, 0.24)
    ink = coverage(look_up(fields(), which, warp(draw, count, SIDE, VARIATION)) - width, 0.15)
    shown = np.maximum(ink * spread(draw, count, 0.55, 1.0), stray_strokes(draw, count))
    pixels = pixel_points(SIDE)
    slope = spread(draw, count, -0.12, 0.12) * pixels.x + spread(draw, count, -0.12, 0.12) * pixels.y
    ground = spread(draw, count, 0, 0.25) + slope
    noise = draw.standard_normal(shown.shape, dtype=np.float32) * spread(draw, count, 0, NOISE)
    grey = np.clip(ground + (1 - ground) * shown + noise, 0, 1)
    return quantised(grey, (1, SIDE, SIDE))
