"""Grades the right solutions of `tests/validity` under several seeds, and says where one lost points.

    python bench/solutions.py [--seeds 11 12 13] [--family fc] [--out FOLDER] [--jobs 1]

One JSON file per solution and seed, named by the content of the solution, the rubric and the grader: a second call goes
on where the first one stopped. The rate at the end has a Clopper-Pearson interval (95 %, exact).
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import zip_longest
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from grader.examiner import examine  # noqa: E402
from grader.files import write_atomically  # noqa: E402
from grader.records import Report, TrainingResult  # noqa: E402
from grader.rubric import Profile, Threshold, default_rubric  # noqa: E402
from grader.sandbox.template import Template  # noqa: E402
from grader.session import make_setting  # noqa: E402
from grader.trainers import Trainers  # noqa: E402
from tests.validity.rates import interval  # noqa: E402
from tests.validity.solutions import SOLUTIONS  # noqa: E402
from tests.validity.solutions_base import Solution  # noqa: E402


@cache
def grader_key() -> str:
    """The content of everything that a mark depends on, but the solution."""
    digest = hashlib.sha256(default_rubric().read_bytes())
    for path in sorted([*(ROOT / "grader").rglob("*.py"), *(ROOT / "reference/models").glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def key_of(solution: Solution) -> str:
    """The content of a solution and of the grader."""
    content = json.dumps([solution.source, solution.roles, solution.criteria, grader_key()])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def end_with_parent() -> None:
    """A bench that is killed leaves nobody behind (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def grade(work: Iterable[tuple[Solution, Path]], seed: int, folder: Path) -> None:
    """Grade one after the other into these files, with one template and one pool of trusted processes."""
    torch.set_num_threads(1)
    with Template() as template, Trainers(1, "cpu", folder / "trainings") as trainers, tempfile.TemporaryDirectory() as scratch:
        setting = make_setting(device="cpu", seed=seed, workers=template.open)
        for number, (solution, path) in enumerate(work):
            start = time.perf_counter()
            report = examine(solution.place(Path(scratch) / str(number)), setting, trainers, only=solution.criteria)
            seconds = round(time.perf_counter() - start, 1)
            found = {**summary(solution, report, setting.profile), "seed": seed, "seconds": seconds}
            write_atomically(path, json.dumps(found, indent=1).encode())
            tell(found)


def path_of(folder: Path, solution: Solution, seed: int) -> Path:
    """Where a result is kept."""
    return folder / f"{solution.id.replace('/', '.')}-{seed}-{key_of(solution)}.json"


def summary(solution: Solution, report: Report, profile: Profile) -> dict[str, Any]:
    """Lost points by criterion, and how far each role's training was from its threshold."""
    lost = [
        {"criterion": each.criterion, "points": float(each.points), "of": float(each.max_points), "review": str(each.review),
         "expected": str(each.expected), "found": str(each.found), "why": str(each.why)}
        for each in report.verdicts if each.points < each.max_points
    ]  # fmt: skip
    thresholds: dict[Any, dict[str, Threshold]] = {**profile.thresholds}
    margins = {
        card.role: {"right": round(100 * card.training.correct / card.training.held, 1),
                    "threshold": 100 * thresholds[card.data_kind][card.role].value,
                    "stopped_early": card.training.stopped_early, "steps": card.training.steps}
        for card in report.roles
        if isinstance(card.training, TrainingResult) and card.role in solution.roles and card.data_kind
    }  # fmt: skip
    reviews = [each.criterion for each in report.verdicts if each.points == each.max_points and str(each.review) != "none"]
    return {"solution": solution.id, "lost": lost, "margins": margins, "reviews": reviews}


def tell(found: dict[str, Any]) -> None:
    """One line for a result, and some for each criterion that lost points."""
    margins = (
        f"{role} {each['right'] - each['threshold']:+.1f}{'*' if each['stopped_early'] else ''}" for role, each in found["margins"].items()
    )
    verdict = "LOST" if found["lost"] else "full"
    print(f"{verdict} {found['solution']} seed {found['seed']} ({found['seconds']} s): {', '.join(margins)}", flush=True)
    for each in found["lost"]:
        print(f"     {each['criterion']}: {each['points']:g} of {each['of']:g}, review {each['review']}")
        print(f"        expected: {each['expected']}\n        found: {each['found']}\n        why: {each['why']}", flush=True)
    if found["reviews"]:
        print(f"     a person is asked to look: {', '.join(found['reviews'])}", flush=True)


def in_turn(solutions: list[Solution]) -> list[Solution]:
    """One of each family, then the second of each: a run that is stopped has seen all of them."""
    families: dict[str, list[Solution]] = {}
    for each in solutions:
        families.setdefault(each.family, []).append(each)
    return [each for turn in zip_longest(*families.values()) for each in turn if each]


def main() -> None:
    """Grade what has no result yet, then tell the whole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--family", nargs="*", default=[])
    parser.add_argument("--only", nargs="*", default=[], help="ids of solutions")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "solutions")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = [
        each for each in SOLUTIONS
        if (not options.family or each.family in options.family) and (not options.only or each.id in options.only)
    ]  # fmt: skip
    chosen = in_turn(chosen)
    work = []
    for seed in options.seeds:
        pending = [(each, path) for each in chosen if not (path := path_of(options.out, each, seed)).exists()]
        shares = [pending[start :: options.jobs] for start in range(options.jobs)]
        work += [(share, seed, options.out) for share in shares if share]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        for done in [pool.submit(grade, *each) for each in work]:
            done.result()
    results = [
        json.loads(path.read_text()) for seed in options.seeds for each in chosen if (path := path_of(options.out, each, seed)).exists()
    ]
    print("\n--- all ---")
    for each in results:
        if each["lost"] or each["reviews"]:
            tell(each)
    right = sum(not each["lost"] for each in results)
    low, high = interval(right, max(len(results), 1))
    rate = right / max(len(results), 1)
    print(f"{right} of {len(results)} gradings got full points: {rate:.1%} (Clopper-Pearson 95 %: {low:.1%} to {high:.1%})")


if __name__ == "__main__":
    main()
