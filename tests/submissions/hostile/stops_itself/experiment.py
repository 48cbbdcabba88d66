"""Stops the process, which then can neither answer nor be asked to end."""

import os
import signal
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGSTOP)
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
