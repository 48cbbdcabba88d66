"""What this machine has for grading, one finding at a time."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import psutil

from grader.batch import MEMORY_PER_JOB
from grader.errors import InputError
from grader.files import cache_folder

LEAST_PYTHON = (3, 11)
OPTIONAL = {"ray": "a cluster for batches", "copydetect": "grade similarity"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; "missing" where grading does not work without, "note" where something is left out."""

    name: str
    state: Literal["ok", "note", "missing"]
    found: str
    remedy: str = ""


def examined(data_root: Path | None) -> Iterator[Finding]:
    """Everything, in the order in which it matters."""
    yield _python()
    yield _packages()
    yield _device()
    yield _isolation()
    yield _memory()
    yield _cache()
    yield from _data(data_root)
    for name, use in OPTIONAL.items():
        if find_spec(name) is None:
            yield Finding(name, "note", f"not installed; for {use}", f"pip install {name}")


def _python() -> Finding:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < LEAST_PYTHON:
        return Finding("Python", "missing", found, "Install Python 3.11 or newer.")
    return Finding("Python", "ok", found)


def _packages() -> Finding:
    try:
        return Finding("torch", "ok", f"torch {version('torch')}, torchvision {version('torchvision')}")
    except PackageNotFoundError as error:
        return Finding("torch", "missing", f"{error.name} is not installed", "pip install torch torchvision")


def _device() -> Finding:
    from grader.device import computes_bfloat16
    from grader.session import choose_device

    chosen = choose_device("auto")
    kind = "bfloat16" if computes_bfloat16(chosen) else "float32"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding("device", "ok", f"--device auto takes {chosen}, trains in {kind}; {cores} cores")


def _isolation() -> Finding:
    from grader.sandbox.isolation import why_open

    missing = why_open("best")
    if missing is None:
        return Finding("isolation", "ok", "the code of submissions is shut in by bubblewrap")
    remedy = "On Debian and Ubuntu: apt install bubblewrap, and allow user namespaces. Your own work can be checked without."
    return Finding("isolation", "note", f"{missing}: code runs as a plain process with limits", remedy)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    found = f"{free / 2**30:.1f} GiB free"
    if free < MEMORY_PER_JOB:
        return Finding("memory", "note", found, f"Close something: one submission wants {MEMORY_PER_JOB / 2**30:g} GiB.")
    return Finding("memory", "ok", f"{found}, room for {int(free / MEMORY_PER_JOB)} submissions at a time")


def _cache() -> Finding:
    folder = cache_folder()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(there, os.W_OK):
        return Finding("cache", "note", f"{folder} cannot be written", "Name another folder with the variable GRADER_CACHE.")
    size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) if folder.exists() else 0
    return Finding("cache", "ok", f"{folder} holds {size / 2**20:.0f} MiB of trainings and images; it may be deleted at any time")


def _data(root: Path | None) -> Iterator[Finding]:
    if root is None:
        yield Finding("data", "ok", "the built-in images; for the real ones name a folder with --data-root")
        return
    from grader.session import make_setting
    from grader.trainers import images_of

    try:
        for subject, request in make_setting(profile="full", data_root=root, device="cpu").data.items():
            yield Finding(subject, "ok", images_of(request).source)
    except InputError as error:
        yield Finding("data", "missing", str(error))
