"""Says good numbers that nothing was done for: an experiment's numbers are a claim, whoever says them."""

from typing import Any

import start
from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    return {"models": {"net": {"parameters": 20, "test_accuracy": 0.99, "train_seconds": 3.5}}}
