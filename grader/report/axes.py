"""Scales, ticks and paths: numbers to places in an SVG. Pure geometry, no drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Tick:
    """A place on an axis in SVG units and the text beside it."""

    at: float
    label: str


@dataclass(frozen=True)
class Scale:
    """A map from [low, high] to [start, end] in SVG units; ``log`` scales by the decimal logarithm."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value, held within the axis."""
        low, high, at = (math.log10(v) if self.log else v for v in (self.low, self.high, self._held(value)))
        span = (high - low) or 1.0
        return round(self.start + (self.end - self.start) * (at - low) / span, 1)

    def _held(self, value: float) -> float:
        return min(self.high, max(self.low, value))


def linear_ticks(scale: Scale, wanted: int = 5, percent: bool = False) -> tuple[Tick, ...]:
    """About ``wanted`` ticks at 1, 2 or 5 times a power of ten."""
    rough = ((scale.high - scale.low) or 1.0) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    values = [index * step for index in range(first, last + 1)]
    return tuple(Tick(scale(value), f"{100 * value:.0f} %" if percent else f"{value:.6g}") for value in values)


def log_ticks(scale: Scale, most: int = 6) -> tuple[Tick, ...]:
    """Ticks at whole powers of ten, at most about ``most`` of them; the scale begins and ends at one."""
    first, last = round(math.log10(scale.low)), round(math.log10(scale.high))
    every = max(1, math.ceil((last - first) / most))
    return tuple(Tick(scale(10.0**power), _power(power)) for power in range(first, last + 1, every))


def _power(exponent: int) -> str:
    digits = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return "1" if exponent == 0 else f"10{digits}"


def decades(values: Sequence[float]) -> tuple[float, float]:
    """The whole powers of ten around positive, finite values (1e-30 and 1e30 at the most)."""
    low = max(-30, math.floor(math.log10(min(values))))
    high = min(30, math.ceil(math.log10(max(values))))
    return 10.0**low, 10.0 ** max(high, low + 1)


def path(points: Sequence[Point | None]) -> str:
    """An SVG path through the points, interrupted where a point is None."""
    words, pen_down = [], False
    for point in points:
        if point is not None:
            words.append(f"{'L' if pen_down else 'M'}{point[0]:g} {point[1]:g}")
        pen_down = point is not None
    return "".join(words)
