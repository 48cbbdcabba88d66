"""Children that take memory together (at most 6 GiB here)."""

import subprocess
import sys
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    children = [subprocess.Popen([sys.executable, "-S", "-c", "held = bytearray(b'x') * 2**29\nimport time; time.sleep(60)", "@MARK@"]) for _ in range(12)]
    for child in children:
        child.wait()
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
