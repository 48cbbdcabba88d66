"""Fills the disk (at most 3 GiB here)."""

import os
import tempfile
from pathlib import Path
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    for folder in (tempfile.gettempdir(), os.getcwd(), str(Path(__file__).parent), "/tmp", "/dev/shm"):
        for place in range(12):
            try:
                Path(folder, f"@MARK@-{place}").write_bytes(bytes(250 * 2**20))
            except OSError:
                break
        if folder not in ("/tmp", "/dev/shm"):
            continue
        for place in range(12):
            Path(folder, f"@MARK@-{place}").unlink(missing_ok=True)
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
