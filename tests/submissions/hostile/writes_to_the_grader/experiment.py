"""Leaves a file in the grader's own folders."""

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
    for folder in [Path(top, name) for top in ("@PROJECT@", f"/proc/{os.getppid()}/cwd") for name in (".", "grader", "grader/checks", "rubrics", "reference", "tests/submissions")]:
        try:
            Path(folder, "@MARK@").write_text("a mark")
        except OSError:
            continue
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
