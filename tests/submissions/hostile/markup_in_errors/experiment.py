"""An error whose text is markup and escape sequences."""

from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    raise ValueError("<script>hostile()</script><img src=x onerror=hostile()>\x1b[2J\x1b]0;hostile\x07 {0} {points} %s \u202e")
