"""Does the reference get its hundred points under every seed, and the same report whatever the number of processes?

    python bench/seeds.py --seeds 10

Prints the score of each seed, and for the first seed the digest of the whole report but its durations, graded fresh
with one process, with two, and a second time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from grader.records import Outcome, Report, Review
from grader.report.json_report import to_json
from grader.session import grade_submission, make_setting

ROOT = Path(__file__).resolve().parent.parent


def graded(seed: int, jobs: int) -> Report:
    """The reference, nothing cached."""
    return grade_submission(ROOT / "reference", make_setting(seed=seed, device="cpu"), jobs=jobs, cache=False)


def digest(report: Report) -> str:
    """SHA-256 of the JSON report without its durations."""
    document = json.loads(to_json(report))
    del document["timing"]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    seeds = parser.parse_args().seeds
    reports = {seed: graded(seed, jobs=2) for seed in range(seeds)}
    for seed, report in reports.items():
        lost = [verdict.criterion for verdict in report.verdicts if verdict.outcome is not Outcome.PASSED]
        reviews = sum(verdict.review is not Review.NONE for verdict in report.verdicts)
        print(f"seed {seed}: {float(report.score.points):g} points, lost: {', '.join(lost) or 'none'}, reviews: {reviews}", flush=True)
    digests = {"two processes": digest(reports[0]), "two again": digest(graded(0, 2)), "one process": digest(graded(0, 1))}
    print("; ".join(f"{name} {each}" for name, each in digests.items()))
    print("equal" if len(set(digests.values())) == 1 else "DIFFERENT")


if __name__ == "__main__":
    main()
