"""A document whose keys and values are markup."""

from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    text = "<script>hostile()</script>{0}{points}"
    return {"models": {"net": {"parameters": text, "test_accuracy": text, text: text}}, text: [text]}
