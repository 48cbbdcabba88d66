"""Thresholds from runs of the reference: grade it under many seeds and print the rubric's tables.

    python bench/thresholds.py --profile quick --first-seed 100 --seeds 16
    python bench/thresholds.py --profile full --seeds 3 --data-root DATA

The networks are trained to the end of the recipe (no early stop). The rule, for every role and kind of data: four fifths
of the way from chance to the mean, or six standard deviations below the mean, or the lowest run less a tenth of the way,
whichever is lowest, rounded down to a hundredth. For the JPEG copy of CIFAR-10 each distance is one and a half times as
large. Trainings are cached, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import math
import platform
import statistics
from pathlib import Path

import torch

from grader.calibration.measure import measure
from grader.session import make_setting

ROOT = Path(__file__).resolve().parent.parent
CHANCE = 0.1
JPEG_MARGIN = 1.5


def threshold(accuracies: list[float], kind: str) -> float:
    """The rule of this module's docstring."""
    mean, lowest = statistics.mean(accuracies), min(accuracies)
    way = mean - CHANCE
    distances = (0.2 * way, 6 * statistics.stdev(accuracies), mean - lowest + 0.1 * way)
    margin = JPEG_MARGIN if kind.endswith("jpeg") else 1.0
    return max(CHANCE, math.floor((mean - margin * max(distances)) * 100) / 100)


def main() -> None:
    """Measure and print TOML and a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0, help="with other seeds than those the thresholds are tried with")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    found = measure(
        ROOT / "reference",
        lambda seed: make_setting(profile=options.profile, seed=seed, data_root=options.data_root, device="cpu"),
        seeds,
        options.jobs,
        lambda seed, _: print(f"# seed {seed} is done", flush=True),
    )
    print(f"# torch {torch.__version__}, {platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, float32, one thread")
    for kind, roles in found.items():
        print(f"[profile.{options.profile}.thresholds.{kind}]")
        for role, runs in roles.items():
            accuracies = list(runs.accuracies)
            numbers = f"mean = {statistics.mean(accuracies):.4f}, std = {statistics.stdev(accuracies):.4f}, lowest = {min(accuracies):.4f}"
            print(f"{role} = {{ value = {threshold(accuracies, kind):.2f}, seeds = {list(seeds)}, {numbers} }}")
    for kind, roles in found.items():
        print(f"\n| role ({kind}) | mean | std | lowest | threshold |\n|---|---|---|---|---|")
        for role, runs in roles.items():
            each = list(runs.accuracies)
            numbers = (statistics.mean(each), statistics.stdev(each), min(each))
            print(f"| `{role}` | " + " | ".join(f"{number:.3f}" for number in numbers) + f" | {threshold(each, kind):.2f} |")


if __name__ == "__main__":
    main()
