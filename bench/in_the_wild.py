"""How far from a teacher's points: grade real submissions and compare, part by part.

    python bench/in_the_wild.py --submissions DIR --truth DIR [--reports DIR]

``--submissions`` holds a folder for each submission, ``--truth`` a JSON file of the same name with "points" (part -> points) and
"roles" (role -> {"status": "yes" | "partial" | "no"}). Reports are kept in ``--reports`` and not made again. Prints a table in
Markdown, the submissions numbered, and the baseline: 0.85 times the share of the roles that are present.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.rubric import Rubric, default_rubric, load_rubric

PRESENT = 0.85


@dataclass(frozen=True)
class Compared:
    """One submission: points by part from the grader, from the teacher and by the baseline, and points under required review."""

    seconds: float
    graded: dict[str, float]
    taught: dict[str, float]
    baseline: dict[str, float]
    in_review: float
    broken: int


def main() -> None:
    """Grade, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--reports", type=Path, required=True)
    options = parser.parse_args()
    rubric, _ = load_rubric(default_rubric())
    options.reports.mkdir(parents=True, exist_ok=True)
    names = sorted(path.stem for path in options.truth.glob("*.json") if (options.submissions / path.stem).is_dir())
    found = [compare(name, options.submissions, options.truth, options.reports, rubric) for name in names]
    parts = [part.id for part in rubric.part]
    print("| submission | seconds | grader | teacher | difference | " + " | ".join(parts) + " | required review |")
    print("|---" * (6 + len(parts)) + "|")
    for number, each in enumerate(found, 1):
        differences = " | ".join(f"{each.graded[part] - each.taught[part]:+.1f}" for part in parts)
        mine, theirs = sum(each.graded.values()), sum(each.taught.values())
        print(
            f"| {number} | {each.seconds:.0f} | {mine:.1f} | {theirs:.1f} | {mine - theirs:+.1f} | {differences} | {each.in_review:.1f} |"
        )
    for title, points in (("grader", "graded"), ("baseline", "baseline")):
        totals = [abs(sum(getattr(each, points).values()) - sum(each.taught.values())) for each in found]
        by_part = [statistics.mean(abs(getattr(each, points)[part] - each.taught[part]) for each in found) for part in parts]
        shown = ", ".join(f"{part} {value:.2f}" for part, value in zip(parts, by_part, strict=True))
        print(f"\n{title}: mean absolute difference {statistics.mean(totals):.2f} per submission; by part {shown}")
    print(f"\nBROKEN verdicts: {sum(each.broken for each in found)}")


def compare(name: str, submissions: Path, truth: Path, reports: Path, rubric: Rubric) -> Compared:
    """Grade one submission, unless that was done before, and set it beside the teacher's points."""
    report = reports / f"{name}.json"
    if not report.with_suffix(".seconds").exists():
        start = time.monotonic()
        command = [sys.executable, "-m", "grader.cli", str(submissions / name), "--json", str(report), "--no-cache", "--quiet"]
        subprocess.run([*command, "--out", str(report.with_suffix(".html"))], check=False)
        report.with_suffix(".seconds").write_text(f"{time.monotonic() - start:.1f}")
    graded = json.loads(report.read_text())
    taught = json.loads((truth / f"{name}.json").read_text())
    return Compared(
        float(report.with_suffix(".seconds").read_text()),
        {part["id"]: part["points"] for part in graded["parts"]},
        {part: float(points) for part, points in taught["points"].items()},
        baseline(taught["roles"], rubric),
        sum(each["max"] for each in graded["criteria"] if each["review"] == "required"),
        sum(each["outcome"] == "broken" for each in graded["criteria"]),
    )


def baseline(roles: dict[str, Any], rubric: Rubric) -> dict[str, float]:
    """0.85 of each part's points times the share of all roles that are there."""
    there = sum(roles[name]["status"] in ("yes", "partial") for name in rubric.role) / len(rubric.role)
    return {part.id: PRESENT * float(part.points) * there for part in rubric.part}


if __name__ == "__main__":
    main()
