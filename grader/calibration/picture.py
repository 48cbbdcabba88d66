"""Runs of the reference, the distributions fitted to them, and the thresholds, as one picture."""

from __future__ import annotations

import io
import math
import statistics
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grader.calibration.tail import logit
from grader.calibration.thresholds import Runs
from grader.rubric import Threshold

_POINTS = 400
_ROW_INCHES = 0.42


def draw(found: Mapping[str, Mapping[str, Runs]], thresholds: Mapping[str, Mapping[str, Threshold]], form: str) -> bytes:
    """An image in the form that the suffix of a file names (svg, png): a row for each role, accuracy along the axis."""
    rows = [(f"{role} ({kind})", runs, thresholds[kind][role]) for kind, roles in found.items() for role, runs in roles.items()]
    figure = Figure(figsize=(9, 1.2 + _ROW_INCHES * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, (_, runs, threshold) in enumerate(reversed(rows)):
        _row(axes, place, runs, threshold)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in reversed(rows)])
    axes.set_xlim(0, 1)
    axes.set_xlabel("held-out accuracy; dots: runs of the reference, curve: what was fitted, line: the threshold, grey: below chance")
    axes.spines[["top", "right"]].set_visible(False)
    image = io.BytesIO()
    figure.savefig(image, format=form, metadata={"Date": None} if form == "svg" else None)
    return image.getvalue()


def _row(axes: Axes, place: int, runs: Runs, threshold: Threshold) -> None:
    accuracies = [(number + 0.5) / _POINTS for number in range(_POINTS)]
    mean, spread = statistics.mean(runs.sample.logits), runs.sample.spread
    density = [math.exp(-((logit(each) - mean) ** 2) / (2 * spread**2)) / (each * (1 - each)) for each in accuracies]
    highest = max(density)
    axes.fill_between(accuracies, place, [place + 0.75 * each / highest for each in density], color="tab:blue", alpha=0.25, linewidth=0)
    axes.plot(runs.accuracies, [place + 0.08] * len(runs.accuracies), "o", color="tab:blue", markersize=3, alpha=0.6)
    axes.plot([threshold.value] * 2, [place, place + 0.75], color="tab:red", linewidth=1.5)
    axes.plot([0, runs.chance], [place, place], color="grey", linewidth=3, solid_capstyle="butt")
