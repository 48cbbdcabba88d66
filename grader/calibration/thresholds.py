"""The rule by which a threshold follows from runs of the reference, and whether kept thresholds still agree with new runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.calibration.tail import METHOD, Sample, student_t_cdf
from grader.rubric import Threshold

WAY = 0.8  # of the way from chance to the reference's mean is all that is ever asked: others' right work may learn more slowly
FALSE_FAIL = 1e-4  # of the reference, for one criterion
JPEG_SHARE = 1.5  # how much farther below the mean, on the JPEG copy of CIFAR-10, which is not what others have
STRANGE = 1e-4  # what is less probable than this, if nothing has changed, is told by ``--check``
_HUNDREDTHS = 100


@dataclass(frozen=True)
class Runs:
    """What the reference reached in one role on one kind of images, run by run."""

    seeds: tuple[int, ...]
    accuracies: tuple[float, ...]
    losses: tuple[tuple[float, ...], ...]  # of each run, the mean loss of each tenth of its steps
    held: int
    chance: float

    @property
    def sample(self) -> Sample:
        """The accuracies as a sample."""
        return Sample(self.accuracies, self.held)


def threshold(runs: Runs, source: str, false_fail: float = FALSE_FAIL) -> Threshold:
    """What to ask for: what the reference misses with that probability, and never more than ``WAY``; rounded down to a hundredth."""
    mean = statistics.mean(runs.accuracies)
    bound = runs.sample.bound(false_fail)
    by_way = runs.chance + WAY * (mean - runs.chance)
    distance = (mean - min(bound, by_way)) * (JPEG_SHARE if source.endswith("jpeg") else 1)
    value = max(runs.chance, math.floor((mean - distance) * _HUNDREDTHS) / _HUNDREDTHS)
    low, high = band(runs.losses)
    return Threshold(
        value=value,
        seeds=list(runs.seeds),
        mean=round(mean, 4),
        std=round(statistics.stdev(runs.accuracies), 4),
        lowest=min(runs.accuracies),
        false_fail=float(f"{runs.sample.probability_below(value):.1e}"),
        rule=f"{WAY:g} of the way from chance to the mean" if by_way <= bound else METHOD,
        losses_low=low,
        losses_high=high,
    )


def band(losses: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """Lowest and highest loss of the runs at each tenth of the steps."""
    return [round(min(each), 3) for each in zip(*losses, strict=True)], [round(max(each), 3) for each in zip(*losses, strict=True)]


def whole_false_fail(thresholds: Mapping[str, Threshold]) -> float:
    """At most how often the reference misses any of them."""
    return sum(each.false_fail or 0.0 for each in thresholds.values())


def disagreement(kept: Threshold, runs: Runs) -> str:
    """In what new runs contradict a kept threshold; "" where they don't."""
    if min(runs.accuracies) < kept.value:
        return f"a run reached {min(runs.accuracies):.3f}, below the threshold of {kept.value:.2f}"
    spread = max(kept.std, 1 / runs.held) * math.sqrt(1 / len(runs.accuracies) + 1 / len(kept.seeds))
    distance = (statistics.mean(runs.accuracies) - kept.mean) / spread
    if 2 * student_t_cdf(-abs(distance), len(kept.seeds) - 1) < STRANGE:
        now = statistics.mean(runs.accuracies)
        return f"the mean is {now:.3f} now and was {kept.mean:.3f}: something that is trained, or trains, has changed"
    return ""
