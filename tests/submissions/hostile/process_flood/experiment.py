"""One child after the other, none of them ended (at most 1,500 here)."""

import os
import time
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    for _ in range(1500):
        try:
            if os.fork() == 0:
                time.sleep(120)
                os._exit(0)
        except OSError:
            break
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
