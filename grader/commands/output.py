"""Files that a command writes: refused before the work where they could not be written after it, and moved into place whole."""

from __future__ import annotations

import os
from pathlib import Path

from grader.errors import InputError
from grader.files import write_atomically


def check_outputs(*paths: Path | None) -> None:
    """Refuse before the work what could not be written after it."""
    given = [path.resolve() for path in paths if path is not None]
    if len(set(given)) < len(given):
        raise InputError(f"--out and --json both name {given[0]}: give two files.")
    for path in paths:
        if path is None:
            continue
        if path.is_dir():
            raise InputError(f"The report cannot be written to {path}: it is a folder. Give a file, such as {path / 'report.html'}.")
        if not path.parent.is_dir():
            raise InputError(f"The report cannot be written to {path}: there is no folder {path.parent}. Make it first.")
        if not os.access(path.parent, os.W_OK):
            raise InputError(f"The report cannot be written to {path}: no permission to write in {path.parent}. Choose another folder.")


def write_text(path: Path, text: str) -> None:
    """Move a text into place whole. Raises InputError where that fails."""
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); choose another place with --out or --json.") from error
