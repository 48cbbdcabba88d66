"""The folder a worker lives in: the worker's own package, a copy of the submission, room for temporary files."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import grader.worker
from grader.errors import InputError
from grader.records import Fault
from grader.submission.files import read
from grader.submission.listing import MAX_FILE_BYTES, walk
from grader.submission.names import shown

MAX_COPY_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Scratch:
    """Places in a worker's folder."""

    runtime: Path  # holds ``worker`` and nothing else
    submission: Path
    temporary: Path
    stderr: Path


def prepare(folder: Path, submission: Path) -> Scratch:
    """Fill an empty folder. Raises InputError when the submission is no folder or too large."""
    scratch = Scratch(folder / "runtime", folder / "submission", folder / "tmp", folder / "stderr.txt")
    scratch.temporary.mkdir()
    copy_runtime(scratch.runtime)
    _copy(submission, scratch.submission)
    return scratch


def copy_runtime(runtime: Path) -> None:
    """The worker's package, alone in a new folder."""
    package = Path(grader.worker.__file__).parent
    shutil.copytree(package, runtime / "worker", ignore=shutil.ignore_patterns("__pycache__"))


def _copy(source: Path, target: Path) -> None:
    """The files that a submission's listing names: no links, no pipes, nothing large; what cannot be read is missing."""
    if not source.is_dir():
        raise InputError(f"{shown(source)} is not a folder: give the folder of a submission.")
    target.mkdir()
    source, total = source.resolve(), 0
    for relative in walk(source).paths:
        data = read(source, relative, MAX_FILE_BYTES)
        if isinstance(data, Fault):
            continue
        total += len(data)
        if total > MAX_COPY_BYTES:
            raise InputError(
                f"{shown(source)} is too large to be copied for grading (more than {MAX_COPY_BYTES // 2**20} MiB; "
                f"{shown(relative)} was one too many): take out what is not the student's work."
            )
        copied = target / relative
        with contextlib.suppress(OSError):  # a path that is too long for this system
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(data)


def remove(folder: Path) -> None:
    """Remove a folder that a submission's code wrote in, as far as it can be: however deep, and whatever its modes.

    Every folder is moved up before it is emptied, so that nothing recurses (the library's own removal ends with a
    RecursionError at a thousand folders) and no path gets long.
    """
    waiting, names = [folder], count()
    while waiting:
        here = waiting.pop()
        with contextlib.suppress(OSError):
            here.chmod(0o700)
            with os.scandir(here) as entries:
                found = list(entries)
            waiting += [moved for entry in found if (moved := _removed_or_moved(entry, folder / f".removed-{next(names)}"))]
        if here != folder:
            with contextlib.suppress(OSError):
                here.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()


def _removed_or_moved(entry: os.DirEntry[str], place: Path) -> Path | None:
    """Remove a file or a link; a folder is moved, and its new place given."""
    with contextlib.suppress(OSError):
        path = Path(entry.path)
        if not entry.is_dir(follow_symlinks=False):
            path.unlink()
        else:
            path.chmod(0o700)
            return path.rename(place)
    return None
