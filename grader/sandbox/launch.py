"""Start a worker: its command line, its environment, its own process group."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import IO, Any

from .scratch import Scratch

_KEPT = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True)
class Limits:
    """What a worker may use, where the platform can limit it; ``warm`` prepares it for exports before any request."""

    memory_bytes: int = 8 * 2**30
    file_bytes: int = 256 * 2**20
    cpu_seconds: int = 3600  # ends a loop whose grader is gone
    warm: bool = True


DEFAULT = Limits()


def start(scratch: Scratch, limits: Limits, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """The process, with pipes to talk to it; what it prints goes to ``errors``."""
    command = [sys.executable, "-P", "-B", "-X", "utf8", "-m", "worker", str(scratch.submission), json.dumps(asdict(limits))]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=scratch.submission,
        env=_environment(scratch),
        **_own_group(),
    )


def _own_group() -> dict[str, Any]:
    """What sets a process apart, so that it and its children can be ended together."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _environment(scratch: Scratch) -> dict[str, str]:
    """Fixed, but for what the platform needs to start a process and Python to find its packages."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "PYTHONPATH": str(scratch.runtime),
        "PYTHONUSERBASE": site.getuserbase(),
        "PYTHONHASHSEED": "0",
        "HOME": str(scratch.temporary),
        "USERPROFILE": str(scratch.temporary),
        "TMPDIR": str(scratch.temporary),
        "TEMP": str(scratch.temporary),
        "TMP": str(scratch.temporary),
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
