"""Were a network's initial weights drawn at random? Two builds under two seeds, in two processes, are held against each other.

A weight that somebody trained and shipped is in both. The constructor cannot tell the builds apart: both processes have done the
same until then. What changes between a constructor and the export is told by the digests that came with the build.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from grader.records import Fault
from grader.worker.weights import digest

from .exported import Exported

_LEAST_CORRELATION = 0.25
_SIGMAS = 8.0  # of the correlation of independent matrices, 1 / sqrt(n)
_ROWS, _ROW_LENGTH, _ROWS_ALIKE = 4, 9, 0.97


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
    others = [_Matrix(tensor) for tensor in again.values() if tensor.dim() >= 2]
    matrices = {path: _Matrix(tensor) for path, tensor in first.items() if tensor.dim() >= 2 and tensor.numel() > 1}
    return tuple(path for path, matrix in matrices.items() if any(_is_alike(matrix, other) for other in others))


@dataclass(frozen=True)
class _Matrix:
    """A weight, with its rows and the whole of it as vectors of length one: compared with many others, worked out once."""

    weight: Tensor

    @cached_property
    def whole(self) -> Tensor:
        return _unit(self.weight.flatten()[None])

    @cached_property
    def rows(self) -> Tensor:
        return _unit(self.weight.flatten(1))


def _is_alike(one: _Matrix, other: _Matrix) -> bool:
    """Equal, or correlated as independent draws never are, as a whole or row by row in another order."""
    if one.weight.shape != other.weight.shape or one.weight.dtype != other.weight.dtype:
        return False
    return torch.equal(one.weight, other.weight) or _correlates(one, other) or _has_same_rows(one, other)


def _correlates(one: _Matrix, other: _Matrix) -> bool:
    return float((one.whole @ other.whole.T).abs()) > max(_LEAST_CORRELATION, _SIGMAS / math.sqrt(one.weight.numel()))


def _has_same_rows(one: _Matrix, other: _Matrix) -> bool:
    """Whether nearly each row of the first has its like among those of the second: filters in another order."""
    if len(one.rows) < _ROWS or one.rows.shape[1] < _ROW_LENGTH:
        return False
    return float((one.rows @ other.rows.T).abs().amax(1).mean()) > _ROWS_ALIKE


def _unit(rows: Tensor) -> Tensor:
    """Rows without their mean, of length one; constant rows become zero."""
    centred = rows.double() - rows.double().mean(1, keepdim=True)
    unit: Tensor = centred / centred.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return unit
