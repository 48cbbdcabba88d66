"""Handlers that swallow every signal, and work that never ends."""

import signal
import time
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, lambda *_: None)
        except (OSError, ValueError):
            continue
    while True:
        try:
            time.sleep(1)
        except BaseException:
            continue
