"""How long grading the reference takes in the quick profile, against bare training of the same networks and steps.

    python bench/quick_profile.py [--repeats 3]

Both are run in turn with two processes and nothing cached; prints the seconds, their ratio, the memory of the examiner
and of each kind of process, and the float32 figure beside the one for this processor's precision.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
MEBIBYTE = 2**20


@dataclass
class Graded:
    """One grading: wall time, peak resident bytes of each kind of process, the report."""

    seconds: float
    report: dict[str, object]
    peaks: dict[str, int] = field(default_factory=dict)


def grade(*options: str) -> Graded:
    """Grade the reference once with these further options, sampling the memory of every process it starts."""
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "report.json"
        out = Path(folder) / "report.html"
        command = [
            sys.executable,
            "-m",
            "grader.cli",
            "reference",
            "--out",
            str(out),
            "--json",
            str(document),
            "--no-cache",
            "--jobs",
            "2",
            "-q",
            *options,
        ]
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
        peaks: dict[str, int] = {}
        watcher = threading.Thread(target=_watch, args=(process, peaks))
        watcher.start()
        process.wait()
        seconds = time.perf_counter() - start
        watcher.join()
        return Graded(seconds, json.loads(document.read_text()), peaks)


def _watch(process: subprocess.Popen[bytes], peaks: dict[str, int]) -> None:
    while process.poll() is None:
        try:
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            for each in family:
                kind = _kind(each, process.pid)
                peaks[kind] = max(peaks.get(kind, 0), each.memory_info().rss)
        except psutil.Error:
            pass
        time.sleep(0.5)  # looking costs processor time, too


def _kind(process: psutil.Process, examiner: int) -> str:
    if process.pid == examiner:
        return "examiner"
    return "worker" if "worker" in process.cmdline() else "trainer"


def bare(steps: dict[str, int], *options: str) -> float:
    """Seconds of the plain loops for the same steps."""
    command = [sys.executable, str(ROOT / "bench" / "bare_training.py"), json.dumps(steps), *options]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    return float(done.stdout)


def steps_of(report: dict[str, object]) -> dict[str, int]:
    """Role -> steps that were really trained, the longest first as the grader orders them."""
    import tomllib

    recipes = tomllib.loads((ROOT / "rubrics" / "lesson4_cnn.toml").read_text())["profile"]["quick"]["recipes"]
    roles = report["roles"]
    assert isinstance(roles, list)
    found = {role["role"]: role["training"]["steps"] for role in roles if role["training"]}
    return dict(sorted(found.items(), key=lambda pair: -recipes[pair[0]]["expected_seconds"]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    gradings, bares = [], []
    for _ in range(repeats):
        gradings.append(grade())
        bares.append(bare(steps_of(gradings[-1].report)))
    last = gradings[-1]
    seconds, plain = min(each.seconds for each in gradings), min(bares)
    provenance = last.report["provenance"]
    assert isinstance(provenance, dict)
    print(f"{_processor()}, {os.cpu_count()} cores, {provenance['cpu_capability']}, torch {provenance['torch_version']}")
    print(f"precision path: {provenance['precision']}; score {last.report['score']}")
    print(f"grading the reference: {seconds:.1f} s (all: {', '.join(f'{each.seconds:.1f}' for each in gradings)})")
    print(f"bare training, two processes: {plain:.1f} s (all: {', '.join(f'{each:.1f}' for each in bares)})")
    ratios = [graded.seconds / alone for graded, alone in zip(gradings, bares, strict=True)]
    print(f"ratio of the best: {seconds / plain:.2f}; median of the pairs: {statistics.median(ratios):.2f}")
    print(f"bare training in float32: {bare(steps_of(last.report), '--float32'):.1f} s")
    for kind in sorted(last.peaks):
        print(f"peak resident memory, {kind}: {max(each.peaks.get(kind, 0) for each in gradings) / MEBIBYTE:.0f} MiB")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
