"""Threads that go on when everything else has ended."""

import threading
import time
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    def spin() -> None:
        while True:
            time.sleep(0.01)


    for _ in range(50):
        threading.Thread(target=spin, daemon=False).start()
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
