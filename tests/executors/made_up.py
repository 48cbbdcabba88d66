"""Grading made up, for tests of executors: quick, and told by the submission itself what to do."""

from __future__ import annotations

import json
import os
import signal
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grader
from grader.cohort.records import Done, Task, Terms
from grader.errors import InputError
from grader.executors.base import Heard
from grader.executors.ray import Site

NODE = "GRADER_NODE_OF_TESTS"  # names a node to its processes
SHUT_OUT = "Full isolation cannot be had on this machine: no bubblewrap."


def kind(device: str) -> str:
    """A kind of machine."""
    return f"a machine with {device}"


def terms(**changes: str) -> Terms:
    """Terms under which the made-up grading works."""
    usual: dict[str, Any] = {
        "rubric": "", "rubric_hash": "", "profile": "quick", "device": "cpu", "data_root": "", "seed": 7, "isolation": "full",
        "grader_version": grader.__version__, "torch_version": version("torch"), "machine": kind("cpu"),
    }  # fmt: skip
    return Terms(**(usual | changes))


def fine(_terms: Terms) -> None:
    """Every node can grade."""


def not_on_the_second(_terms: Terms) -> None:
    """One node can't."""
    if os.environ.get(NODE) == "second":
        raise InputError(SHUT_OUT)


def only_on_the_third(_terms: Terms) -> None:
    """One node can."""
    if os.environ.get(NODE) != "third":
        raise InputError(SHUT_OUT)


def nowhere(_terms: Terms) -> None:
    """No node can."""
    raise InputError(SHUT_OUT)


def grade(task: Task, heard: Heard, _timeout_seconds: float, scratch: Path) -> Done:
    """``order.json`` of the submission: ``log`` gets a line when it is begun; then it may die, raise, or wait for a file."""
    node = os.environ.get(NODE, "first")
    heard(task.student, "start", node)
    order = json.loads((task.source / "order.json").read_text())
    with Path(order["log"]).open("a") as log:
        log.write(f"{task.student} {node} {os.getpid()} {scratch}\n")
    if order.get("dies", 0) > Path(order["log"]).read_text().count(f"{task.student} "):
        os.kill(os.getpid(), signal.SIGKILL)
    if order.get("raises"):
        raise ValueError("made up")
    while (flag := order.get("waits_for")) and not Path(flag).exists():
        time.sleep(0.02)
    heard(task.student, "train", "net")
    return Done(task.student, task.content_hash, order.get("status", "graded"), document=b"made up", host=node)


SITE = Site(fine, grade)
