"""Leaves a file in the installed packages."""

import os
import pwd
import site
import sys
import sysconfig
import torch
from pathlib import Path
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    for folder in [*site.getsitepackages(), sysconfig.get_path("stdlib"), Path(torch.__file__).parent, Path(sys.executable).parent, *filter(os.path.isdir, sys.path)]:
        try:
            Path(folder, "@MARK@").write_text("a mark")
        except OSError:
            continue
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
