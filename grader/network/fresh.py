"""Were a network's initial weights drawn at random? Two builds under two seeds, in two processes, are held against each other.

A weight that somebody trained and shipped is in both. The constructor cannot tell the builds apart: both processes have done the
same until then. What changes between a constructor and the export is told by the digests that came with the build.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

import torch
from torch import Tensor

from grader.records import Fault

from .exported import Exported

_LEAST_CORRELATION = 0.25
_SIGMAS = 8.0  # of the correlation of independent matrices, 1 / sqrt(n)
_ROWS, _ROW_LENGTH, _ROWS_ALIKE = 4, 9, 0.97


def digest(value: Tensor) -> str:
    """SHA-256 of a tensor's numbers, as the worker computes it."""
    flat = value.detach().contiguous().flatten()
    return hashlib.sha256(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"").hexdigest()


def changed_since(exported: Exported, built: Mapping[str, object]) -> Fault | None:
    """The fault of a network whose parameters are not those that its build had; ``built``: path -> digest."""
    for spec in exported.specs:
        if spec.kind == "parameter" and built.get(spec.path) != digest(exported.weights[spec.storage]):
            what = f"the initial values of {spec.path} are not those that the constructor and a first forward gave"
            return Fault("tampered", what, remedy="Set initial values in the constructor only.")
    return None


def alike_weights(exported: Exported, again: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Paths of weight matrices that are in both builds, under whatever name; biases and norms start from constants."""
    first = {spec.path: exported.weights[spec.storage] for spec in exported.specs if spec.kind == "parameter"}
    matrices = {path: tensor for path, tensor in first.items() if tensor.dim() >= 2 and tensor.numel() > 1}
    return tuple(path for path, tensor in matrices.items() if any(_is_alike(tensor, other) for other in again.values()))


def _is_alike(one: Tensor, other: Tensor) -> bool:
    """Equal, or correlated as independent draws never are, as a whole or row by row in another order."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return torch.equal(one, other) or _correlation(one, other) or _same_rows(one.flatten(1), other.flatten(1))


def _correlation(one: Tensor, other: Tensor) -> bool:
    first, second = _unit(one.flatten()[None]), _unit(other.flatten()[None])
    return float((first @ second.T).abs()) > max(_LEAST_CORRELATION, _SIGMAS / math.sqrt(one.numel()))


def _same_rows(one: Tensor, other: Tensor) -> bool:
    """Whether nearly each row of the first has its like among those of the second: filters in another order."""
    if len(one) < _ROWS or one.shape[1] < _ROW_LENGTH:
        return False
    return float((_unit(one) @ _unit(other).T).abs().amax(1).mean()) > _ROWS_ALIKE


def _unit(rows: Tensor) -> Tensor:
    """Rows without their mean, of length one; constant rows become zero."""
    centred = rows.double() - rows.double().mean(1, keepdim=True)
    unit: Tensor = centred / centred.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return unit
