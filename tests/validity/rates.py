"""An error rate from counts, with what the true one may be."""

from __future__ import annotations

import math
from collections.abc import Callable

CONFIDENCE = 0.95


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Clopper-Pearson: the shares under which `hits` or fewer, and `hits` or more, are no surprise; by bisection."""
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if hits == 0 else _root(lambda share: at_least(hits, trials, share) - tail)
    high = 1.0 if hits == trials else _root(lambda share: tail - (1 - at_least(hits + 1, trials, share)))
    return low, high


def at_least(hits: int, trials: int, share: float) -> float:
    """The probability of that many hits or more."""
    return math.fsum(math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(hits, trials + 1))


def _root(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
