"""A cluster of two nodes of which one is killed halfway gives what this machine alone gives.

    python bench/ray_nodes.py [--submissions 6]

The nodes are processes of this machine; the submissions are copies of a small honest one with distinct content, graded by the
rubric of the tests, with an empty folder among them. Prints one row.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grader
from grader.batch import machine
from grader.cohort.records import Done, Task, Terms
from grader.executors.base import Executor
from grader.executors.local import LocalExecutor
from grader.executors.ray import Needs, RayExecutor

ROOT = Path(__file__).resolve().parent.parent
HONEST, RUBRIC = ROOT / "tests" / "submissions" / "hostile" / "_honest", ROOT / "tests" / "hostile" / "rubric.toml"
TIMEOUT_SECONDS = 600.0


def make_tasks(folder: Path, count: int) -> list[Task]:
    """Submissions that differ in a comment, and one that can't be read."""
    terms = Terms(RUBRIC.read_text(), "hash", "quick", "cpu", "", 4711, "best", grader.__version__, version("torch"), machine("cpu"))
    (folder / "empty").mkdir(parents=True)
    for number in range(1, count):
        shutil.copytree(HONEST, folder / f"copy{number}")
        (folder / f"copy{number}" / "NOTES.md").write_text(f"Copy {number}.\n")
    return [Task(source.name, source, f"content of {source.name}", 1.0, terms, cache=False) for source in sorted(folder.iterdir())]


def grade(executor: Executor, tasks: list[Task], during: Callable[[int, int], object]) -> tuple[dict[str, Done], int, float]:
    """The Dones without their durations, how often a submission was begun, and the seconds.

    ``during`` hears how many are done and how many are being graded, whenever something happens.
    """
    dones: dict[str, Done] = {}
    begun: list[str] = []

    def heard(student: str, kind: str, _subject: str) -> None:
        if kind == "start":
            begun.append(student)
        during(len(dones), len(set(begun) - set(dones)))

    start = time.perf_counter()
    with executor:
        for done in executor.run(tasks, heard):
            dones[done.student] = replace(done, seconds=0.0, host="", page=re.sub(rb"[\d.]+ s</dd>", b"", done.page))
    return dones, len(begun), time.perf_counter() - start


def make_cluster() -> tuple[Any, Any]:
    """A cluster of two nodes with a processor each; and the second one."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    return cluster, cluster.add_node(num_cpus=1)


def main() -> int:
    """Grade here, then there, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=6)
    count = parser.parse_args().submissions
    with tempfile.TemporaryDirectory() as temporary:
        folder, scratch = Path(temporary) / "submissions", Path(temporary) / "scratch"
        scratch.mkdir()
        tasks = make_tasks(folder, count)
        here, _, local_seconds = grade(LocalExecutor(2, TIMEOUT_SECONDS, scratch), tasks, lambda *_: None)
        cluster, second = make_cluster()
        killed: list[int] = []

        def kill(done: int, running: int) -> None:
            if done >= count // 2 and running == 2 and not killed:  # one on each node
                killed.append(done)
                cluster.remove_node(second, allow_graceful=False)

        executor = RayExecutor(cluster.address, Needs(2**30), TIMEOUT_SECONDS, machine)
        there, begun, ray_seconds = grade(executor, tasks, kill)
        cluster.shutdown()
    same = killed and here == there and sorted(there) == sorted(task.student for task in tasks)
    graded = sum(done.status == "graded" for done in there.values())
    print(f"| Ray, two local nodes, one killed after {sum(killed)} of {count} | {graded} graded, {begun - count} begun anew | ", end="")
    print(f"equal to local: {'yes' if same else 'NO'} | local, 2 at a time {local_seconds:.0f} s, Ray {ray_seconds:.0f} s |")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
