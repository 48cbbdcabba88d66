"""Trainings that were done before, by content: the same network, recipe, data, seed and kind of machine train the same.

One JSON file for each result, written to a temporary name and moved into place. A file that cannot be read is as good
as none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from grader.device import computes_bfloat16
from grader.files import write_atomically
from grader.network.exported import Exported
from grader.records import TrainingResult

FORMAT = 3  # raise it whenever training.py changes what a training gives
_RESULT = TypeAdapter(TrainingResult)


def training_key(exported: Exported, recipe: object, data_fingerprint: str, seed: int, device: str) -> str:
    """SHA-256 of everything that the result of a training depends on."""
    digest = hashlib.sha256()
    machine = (FORMAT, torch.__version__, device, torch.backends.cpu.get_cpu_capability(), computes_bfloat16(device))
    for part in (exported.largest, recipe, data_fingerprint, seed, machine):
        digest.update(repr(part).encode())
    _add_tensors(digest, exported.weights)
    return digest.hexdigest()


def _add_tensors(digest: hashlib._Hash, tensors: Mapping[str, Tensor]) -> None:
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.view(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")


def read_result(folder: Path | None, key: str) -> TrainingResult | None:
    """The result kept under a key; None where there is none."""
    if folder is None:
        return None
    try:
        return _RESULT.validate_json((folder / f"training-{key}.json").read_bytes())
    except (OSError, ValidationError):
        return None


def keep_result(folder: Path | None, key: str, result: TrainingResult) -> None:
    """Keep a result. A cache that cannot be written is no reason to fail."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"training-{key}.json", _RESULT.dump_json(result))
    except OSError:
        return
