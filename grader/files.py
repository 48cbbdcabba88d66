"""Where files go: the folder for caches, and writing so that what existed is never half overwritten."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Write to a temporary file beside ``path`` and move it into place. Raises OSError; then ``path`` is as it was."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def cache_folder() -> Path:
    """``$GRADER_CACHE``, or the platform's folder for caches."""
    if named := os.environ.get("GRADER_CACHE"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "grade" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "grade"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "grade"
