"""A million files (at most 20,000 here)."""

from pathlib import Path
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    try:
        for place in range(20000):
            Path(f"@MARK@-{place}").touch()
    except OSError:
        pass
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
