"""What tests of the sandbox need to know of the machine: which processes run, and whether bubblewrap does."""

from __future__ import annotations

import os

import psutil
import pytest

from grader.sandbox.isolation import unusable


def running(marker: str) -> list[int]:
    """Processes whose command line holds the text; those in other PID namespaces too."""
    return [process.pid for process in psutil.process_iter() if marker in _command(process)]


def need_bubblewrap() -> None:
    """Skip the test where bubblewrap does not work; fail it where it has to (continuous integration)."""
    reason = unusable()
    if reason is not None and os.environ.get("GRADER_REQUIRE_ISOLATION") == "1":
        pytest.fail(f"isolation is required here: {reason}")
    if reason is not None:
        pytest.skip(reason)


def _command(process: psutil.Process) -> str:
    try:
        return "" if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())
    except psutil.Error:
        return ""
