"""A daemon with a session of its own that outlives its parent."""

import subprocess
import sys
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    code = "import time; time.sleep(600)"
    subprocess.Popen([sys.executable, "-S", "-c", code, "@MARK@"], start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
