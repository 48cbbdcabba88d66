"""Ends other processes, and sends signals to its parent."""

import os
import signal
from pathlib import Path
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"hostile-neigh" + b"bour" in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue
    if os.getppid() > 1:
        os.kill(os.getppid(), signal.SIGUSR2)
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
