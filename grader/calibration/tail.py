"""From a few accuracies of right work to the accuracy that right work misses with a stated probability.

An accuracy is taken as normal on the logit scale, where it has no end to run into. With ``n`` runs the next one is below
``mean + t * std * sqrt(1 + 1/n)`` with the probability that Student's t with ``n - 1`` degrees of freedom is below ``t``:
a prediction bound (Hahn & Meeker, Statistical Intervals, 1991, ch. 4), wider than a normal one because mean and deviation
are estimates themselves. No distribution-free bound reaches probabilities of 1e-4 with some tens of runs.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from functools import lru_cache

from mpmath import betainc  # type: ignore[import-untyped]

METHOD = "prediction bound of Student's t on the logit scale"


@dataclass(frozen=True)
class Sample:
    """Accuracies of right work, each a share of ``held`` images; at least three."""

    accuracies: tuple[float, ...]
    held: int

    @property
    def logits(self) -> tuple[float, ...]:
        """On the logit scale; what has no error, or nothing right, counts as half an image from there."""
        least = 0.5 / self.held
        return tuple(logit(min(max(each, least), 1 - least)) for each in self.accuracies)

    @property
    def spread(self) -> float:
        """Deviation of the next run from the mean of these, on the logit scale; never less than one image makes at the mean."""
        mean = min(max(statistics.fmean(self.accuracies), 0.5 / self.held), 1 - 0.5 / self.held)
        least = 1 / (self.held * mean * (1 - mean))
        return max(statistics.stdev(self.logits), least) * math.sqrt(1 + 1 / len(self.accuracies))

    def bound(self, probability: float) -> float:
        """The accuracy that the next run misses with this probability."""
        return expit(statistics.fmean(self.logits) + student_t_quantile(probability, len(self.accuracies) - 1) * self.spread)

    def probability_below(self, accuracy: float) -> float:
        """With which probability the next run is below an accuracy."""
        return student_t_cdf((logit(accuracy) - statistics.fmean(self.logits)) / self.spread, len(self.accuracies) - 1)


def student_t_cdf(value: float, degrees: int) -> float:
    """Probability that Student's t is below ``value``."""
    tail = float(betainc(degrees / 2, 0.5, 0, degrees / (degrees + value * value), regularized=True)) / 2
    return tail if value < 0 else 1 - tail


@lru_cache(maxsize=256)
def student_t_quantile(probability: float, degrees: int) -> float:
    """The value that Student's t is below with this probability, by bisection."""
    low, high = -1.0, 1.0
    while student_t_cdf(low, degrees) > probability:
        low *= 2
    while student_t_cdf(high, degrees) < probability:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if student_t_cdf(middle, degrees) < probability else (low, middle)
    return (low + high) / 2


def logit(share: float) -> float:
    """Log odds."""
    return math.log(share / (1 - share))


def expit(value: float) -> float:
    """The share that has these log odds."""
    return (1 + math.tanh(value / 2)) / 2
