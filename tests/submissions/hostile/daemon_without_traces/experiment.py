"""A daemon, twice forked, without an environment, a parent, or an open file."""

import os
import sys
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 4096)
            os.execve(sys.executable, [sys.executable, "-S", "-c", "import time; time.sleep(600)", "@MARK@"], {})
        os._exit(0)
    os.wait()
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
