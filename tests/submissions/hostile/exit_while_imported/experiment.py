"""Ends the process with success while it is imported."""

from typing import Any

from torch import Tensor


def attack():
    __import__("os")._exit(0)


class Attack:
    attack()


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
