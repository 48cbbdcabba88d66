"""Leaves files at home and where all processes may write."""

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
    for folder in [Path.home(), pwd.getpwuid(os.getuid()).pw_dir, Path(pwd.getpwuid(os.getuid()).pw_dir, ".cache"), "/tmp", "/var/tmp", "/dev/shm", "/run", "/"]:
        try:
            Path(folder, "@MARK@").write_text("a mark")
        except OSError:
            continue
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
