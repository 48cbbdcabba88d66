"""`objects`: patterned discs and rings in colour, 3x32x32, generated from a seed; it stands in for CIFAR-10.

A class is a shape with a texture. The texture shows in a few pixels, the shape only in many: small receptive fields get
the one and large ones both. The colours of texture, background and clutter are drawn anew for every picture, so colour
alone says nothing, and light on dark is as frequent as dark on light.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .canvas import (
    Floats,
    Integers,
    Variation,
    coverage,
    field_points,
    in_blocks,
    line_segments,
    look_up,
    pixel_points,
    quantised,
    spread,
    warp,
)

SHAPES = ("disc", "ring")
TEXTURES = ("plain", "striped", "barred", "hatched", "checked")
CLASSES = tuple(f"{texture} {shape}" for shape in SHAPES for texture in TEXTURES)
SIDE = 32
VARIATION = Variation(size=(0.75, 0.88), turn=0.2, aspect=0.08, shear=0.08, shift=0.2, bend=0.05)
TEXTURE_RATE = (19.0, 24.0)  # radians per half side: a period of 4.2 to 5.3 pixels
TEXTURE_TURN = 0.2
CLUTTER = 2
NOISE = 0.05


@cache
def fields() -> Floats:
    """The signed distance fields of SHAPES, (2, R, R): a disc of radius 1 and a ring of the same outline."""
    radius = np.hypot(*field_points())
    return np.stack([radius - 1.0, np.abs(radius - 0.83) - 0.17]).astype(np.float32)


def texture(draw: np.random.Generator, kind: Integers) -> Floats:
    """Which of a texture's two colours shows in each pixel, 0 to 1, (count, pixels); `kind` indexes TEXTURES."""
    count, pixels = len(kind), pixel_points(SIDE)
    turn, rate = spread(draw, count, -TEXTURE_TURN, TEXTURE_TURN), spread(draw, count, *TEXTURE_RATE)
    phase, other = spread(draw, count, 0, 2 * np.pi), spread(draw, count, 0, 2 * np.pi)
    along = rate * (np.cos(turn) * pixels.x + np.sin(turn) * pixels.y) + phase
    across = rate * (np.cos(turn) * pixels.y - np.sin(turn) * pixels.x) + other
    plain = np.broadcast_to(np.sign(phase - np.pi), along.shape)
    diagonal = np.sin((along + across) * np.float32(0.5**0.5))
    checks = 1.4 * np.sin(along) * np.sin(across)
    waves = np.stack([plain, np.sin(along), np.sin(across), diagonal, checks])
    return np.clip(0.5 + 0.9 * waves[kind, np.arange(count)], 0, 1)


def colours(draw: np.random.Generator, count: int) -> tuple[Floats, Floats, Floats]:
    """Background and the two colours of the texture, each (count, 3, 1), apart in brightness and in random order."""
    level = np.array([0.18, 0.5, 0.82], dtype=np.float32) + draw.uniform(-0.1, 0.1, (count, 3)).astype(np.float32)
    level = draw.permuted(level, axis=1)
    tint = draw.uniform(-0.18, 0.18, (3, count, 3, 1)).astype(np.float32)
    tint -= tint.mean(axis=2, keepdims=True)
    ground, first, second = (level[:, i, None, None] + tint[i] for i in range(3))
    return ground, first, second


def backgrounds(draw: np.random.Generator, ground: Floats) -> Floats:
    """A slope of brightness over the ground colour, and bars of another colour, (count, 3, pixels)."""
    count, pixels = len(ground), pixel_points(SIDE)
    bars = np.full((count, SIDE * SIDE), np.inf, dtype=np.float32)
    for _ in range(CLUTTER):
        nearest = line_segments(draw, count, pixels, length=(0.2, 0.9))
        np.minimum(bars, nearest - spread(draw, count, 0.03, 0.1), out=bars)
    difference = draw.uniform(-0.3, 0.3, (count, 3, 1)).astype(np.float32)
    slope = spread(draw, count, -0.1, 0.1) * pixels.x + spread(draw, count, -0.1, 0.1) * pixels.y
    return ground + difference * coverage(bars, 0.08)[:, None] + slope[:, None]


def pictures(draw: np.random.Generator, labels: Integers) -> NDArray[np.uint8]:
    """One picture of class `CLASSES[labels[i]]` each: labels (N,) of 0 to 9 -> (N, 3, 32, 32)."""
    return in_blocks(len(labels), lambda block: block_of(draw, labels[block]))


def block_of(draw: np.random.Generator, labels: Integers) -> NDArray[np.uint8]:
    """As `pictures`, all at once."""
    count = len(labels)
    ground, first, second = colours(draw, count)
    behind = backgrounds(draw, ground)
    outline = look_up(fields(), labels // len(TEXTURES), warp(draw, count, SIDE, VARIATION))
    body = first + (second - first) * texture(draw, labels % len(TEXTURES))[:, None]
    noise = draw.standard_normal(behind.shape, dtype=np.float32) * spread(draw, count, 0, NOISE)[:, None]
    shown = np.clip(behind + (body - behind) * coverage(outline, 0.12)[:, None] + noise, 0, 1)
    return quantised(shown, (3, SIDE, SIDE))
