"""``python -m worker SUBMISSION [LIMITS]``: answer requests until the standard input ends (see ``wire``).

``python -m worker --template DESCRIPTOR`` forks such workers (see ``template``).
"""

from __future__ import annotations

import faulthandler
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, BinaryIO

from .confine import confine
from .wire import Frame, WireError, read_frame, write_frame

_TOLD_AT = 0.8  # of the time that a request has


def main() -> None:
    """Take the conversation away from the student's code, then serve."""
    if sys.argv[1] == "--template":
        from .template import fork_workers

        sys.argv[1:] = fork_workers(int(sys.argv[2]))
    requests, replies = _private_streams()
    limits = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    _limit_resources(limits)
    confined = confine()  # before torch starts threads, which would go unconfined
    serve = _prepare(_place(Path(sys.argv[1]), limits.get("working_copy")))
    write_frame(replies, Frame({"id": 0, "data": {"confined": confined}}))
    while (request := read_frame(requests)) is not None:
        _reply(replies, serve, request)
    os._exit(0)  # threads and exit handlers of the student's have no say


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Copies of standard input and output; what the student's code prints goes to standard error, it reads nothing."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return requests, replies


def _limit_resources(limits: dict[str, Any]) -> None:
    """Lower the process's own limits before any student code runs; it cannot raise them again."""
    try:
        import resource
    except ImportError:  # Windows
        return
    wanted = {
        "RLIMIT_DATA": limits.get("memory_bytes"),
        "RLIMIT_FSIZE": limits.get("file_bytes"),
        "RLIMIT_CPU": limits.get("cpu_seconds"),
        "RLIMIT_NOFILE": limits.get("open_files"),
        "RLIMIT_CORE": 0,
    }
    for name, value in wanted.items():
        kind = getattr(resource, name, None)
        if kind is not None and value is not None:
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))


def _place(submission: Path, working_copy: str | None) -> Path:
    """Where the submission is imported from: code that writes beside itself needs a folder that it can write to."""
    if working_copy is None:
        return submission
    shutil.copytree(submission, working_copy)
    os.chdir(working_copy)
    return Path(working_copy)


def _prepare(root: Path) -> Any:
    """Import torch; returns the function that answers."""
    import torch

    torch.set_num_threads(1)
    from .integrity import Integrity
    from .loading import Submission
    from .service import answer
    from .warm import make_way

    submission, integrity = Submission(root), Integrity()
    make_way(submission.root)
    return lambda request: answer(submission, integrity, request)


def _reply(replies: BinaryIO, serve: Any, request: Frame) -> None:
    identifier = request.header.get("id")
    faulthandler.dump_traceback_later(_TOLD_AT * request.header.get("seconds", 60.0), file=2)  # where it hangs, for those who kill it
    header, body = serve(request)
    faulthandler.cancel_dump_traceback_later()
    try:
        write_frame(replies, Frame({"id": identifier, **header}, body))
    except (WireError, ValueError):
        fault = {"kind": "result", "message": "The answer is too large to be handed over.", "file": None, "line": None,
                 "construct": None, "remedy": "Make the network, or what the function returns, smaller."}  # fmt: skip
        write_frame(replies, Frame({"id": identifier, "fault": fault}))


if __name__ == "__main__":
    main()
