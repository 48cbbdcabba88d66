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
_FEW = 64  # numbers that are too few to tell chance from likeness


def changed_since(exported: Exported, built: Mapping[str, object]) -> Fault | None:
    """The fault of a network whose parameters are not those that its build had; ``built``: path -> digest."""
    for spec in exported.specs:
        if spec.kind == "parameter" and built.get(spec.path) != digest(exported.weights[spec.storage]):
            what = f"the initial values of {spec.path} are not those that the constructor and a first forward gave"
            return Fault("tampered", what, remedy="Set initial values in the constructor only.")
    return None


def others_than(built: Mapping[str, object], tensors: Mapping[str, Tensor]) -> Fault | None:
    """The fault of a second build that hands over other weights than it had; ``built``: path -> digest."""
    if {digest(tensor) for tensor in tensors.values()} == set(built.values()):
        return None
    return Fault("tampered", "the initial values that are handed over are not those that were built", remedy="Leave the grader as it is.")


def alike_weights(exported: Exported, again: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Paths of weights that are in both builds, under whatever name, shape or order of filters.

    A weight that is constant ships nothing. Small ones are looked at together: a large one may come in many pieces.
    """
    first = {spec.path: exported.weights[spec.storage] for spec in exported.specs if spec.kind == "parameter"}
    others = list(_compared(again).values())
    return tuple(path for path, one in _compared(first).items() if any(_is_alike(one, other) for other in others))


def _compared(weights: Mapping[str, Tensor]) -> dict[str, _Matrix]:
    """What is held against the other build: matrices, long vectors, and the small ones as one vector, by the first's path."""
    shaped = {path: value for path, value in weights.items() if value.is_floating_point() and not _is_constant(value)}
    large = {path: value for path, value in shaped.items() if value.dim() >= 2 or value.numel() > _FEW}
    small = {path: value for path, value in shaped.items() if path not in large}
    scalars = {path: value for path, value in weights.items() if value.numel() == 1 and value.is_floating_point()}
    pieces = [_unit(value.flatten()[None])[0] for value in small.values()]
    together = {next(iter(small)): torch.cat(pieces)} if pieces else {}
    values = [float(value) for value in scalars.values()]
    together |= {next(iter(scalars)): torch.tensor(values)} if len(set(values)) > _FEW else {}
    return {
        path: _Matrix(value) for path, value in (large | {path: value for path, value in together.items() if value.numel() > _FEW}).items()
    }


def _is_constant(value: Tensor) -> bool:
    return value.numel() < 2 or bool((value == value.flatten()[0]).all())


@dataclass(frozen=True)
class _Matrix:
    """A weight, with its rows and the whole of it as vectors of length one: compared with many others, worked out once."""

    weight: Tensor

    @cached_property
    def whole(self) -> Tensor:
        return _unit(self.weight.flatten()[None])

    @cached_property
    def rows(self) -> Tensor:
        return _unit(self.weight.flatten(1)) if self.weight.dim() >= 2 else self.whole


def _is_alike(one: _Matrix, other: _Matrix) -> bool:
    """Equal, or correlated as independent draws never are, as a whole or row by row in another order."""
    if one.weight.numel() != other.weight.numel():
        return False
    same_shape = one.weight.shape == other.weight.shape
    return torch.equal(one.whole, other.whole) or _correlates(one, other) or (same_shape and _has_same_rows(one, other))


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
