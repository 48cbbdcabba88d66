"""An exit handler that never ends, and an exit."""

import atexit
import sys
import time
from typing import Any

from torch import Tensor

@atexit.register
def wait() -> None:
    while True:
        time.sleep(1)


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    sys.exit(0)
