"""What a node of a cluster does: say whether it can grade, and grade one submission as a machine of one's own would."""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import grader
from grader.cohort.records import Done, Task, Terms
from grader.errors import InputError
from grader.executors.base import Heard
from grader.executors.local import LocalExecutor

Check = Callable[[Terms], None]
"""Raises InputError where this machine can't grade under the terms."""
Grade = Callable[[Task, Heard, float, Path], Done]
"""Grades the task's source within so many seconds, with a scratch folder."""


def check(terms: Terms) -> None:
    """Try out what grading needs: the data, and a worker as shut in as was asked. Raises InputError."""
    if terms.data_root and not Path(terms.data_root).is_dir():
        raise InputError(f"there is no folder {terms.data_root}, which --data-root names")
    from grader.executors.work import prepare  # imports torch
    from grader.sandbox.process import open_worker

    prepare(terms, partial(open_worker, isolation=terms.isolation))


def why_other(terms: Terms, machine: Callable[[str], str]) -> str:
    """Why marks given here could differ from those of the rest of the batch; "" where they can't."""
    if grader.__version__ != terms.grader_version:
        return f"has version {grader.__version__} of the grader, and the batch has {terms.grader_version}: install the same"
    if version("torch") != terms.torch_version:
        return f"has torch {version('torch')}, and the batch has {terms.torch_version}: install the same"
    if machine(terms.device) != terms.machine:
        return f"is another kind of machine ({machine(terms.device)}) than the one the batch was begun on ({terms.machine})"
    return ""


def grade(task: Task, heard: Heard, timeout_seconds: float, scratch: Path) -> Done:
    """Grade in a fresh process; whatever goes wrong is told in the Done."""
    try:
        with LocalExecutor(1, timeout_seconds, scratch) as executor:
            return next(executor.run([task], heard))
    except InputError as error:
        return Done(task.student, task.content_hash, "failed", str(error), host=platform.node())
