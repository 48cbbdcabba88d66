"""Names of classes, functions and keys that are markup."""

from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    error = type("<script>hostile()</script>", (Exception,), {"__str__": lambda self: "<img src=x onerror=hostile()>"})
    compare.__name__ = compare.__qualname__ = "<script>hostile()</script>"
    raise error
