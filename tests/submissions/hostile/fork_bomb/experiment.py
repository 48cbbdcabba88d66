"""Processes without end (at most 2,000 here)."""

import os
import time
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    for _ in range(11):
        try:
            os.fork()
        except OSError:
            break
    time.sleep(120)
