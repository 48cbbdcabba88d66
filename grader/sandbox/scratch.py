"""The folder a worker lives in: the worker's own package, a copy of the submission, room for temporary files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grader.worker
from grader.errors import InputError

SKIPPED_FOLDERS = frozenset({
    ".git", ".hg", ".svn", "__pycache__", ".venv", "venv", "env", "node_modules", ".ipynb_checkpoints",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".idea", ".vscode",
})  # fmt: skip
MAX_FILE_BYTES = 32 * 2**20  # larger ones are data sets and weights, which no import needs
MAX_COPY_BYTES = 256 * 2**20
MAX_FILES = 20_000


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
    package = Path(grader.worker.__file__).parent
    shutil.copytree(package, scratch.runtime / "worker", ignore=shutil.ignore_patterns("__pycache__"))
    _copy(submission, scratch.submission)
    return scratch


def _copy(source: Path, target: Path) -> None:
    target.mkdir()
    total = count = 0
    for path in _files(source):
        total, count = total + path.stat().st_size, count + 1
        if total > MAX_COPY_BYTES or count > MAX_FILES:
            raise InputError(
                f"{source} is too large to be copied for grading (more than {MAX_COPY_BYTES // 2**20} MiB or "
                f"{MAX_FILES} files; {path.relative_to(source)} was one too many): take out what is not the student's work."
            )
        copied = target / path.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)


def _files(source: Path) -> Iterator[Path]:
    """The regular files to copy. Links are left out: they could lead anywhere."""
    if not source.is_dir():
        raise InputError(f"{source} is not a folder: give the folder of a submission.")
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= MAX_FILE_BYTES:
                yield path
