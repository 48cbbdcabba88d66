"""Check gradients that a student's own backward claims, by finite differences of the graph in float64.

For each input and parameter, random directions v: the directional derivative from both sides, (L(t + hv) - L(t)) / h
and (L(t) - L(t - hv)) / h with L = sum(output * cotangent), against the claimed <g, v>. Where the two sides disagree
the point lies on an edge of a piecewise function, and is discarded. The directions are drawn after the export.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .exported import Exported
from .functional import without_hidden_writes
from .graph import Graph
from .run import Program, bind, compile_graph

_STEP = 1e-6
_EDGE = 1e-4  # relative difference of the two sides from which on a point is discarded
_FLAT = 1e-9  # a derivative below this is 0 to the precision of float64 differences


@dataclass(frozen=True)
class GradientCheck:
    """How the claimed gradient of one input or parameter agrees with finite differences."""

    name: str  # "inputs.0" or the path of a parameter
    relative_error: float | None  # largest over the directions, of their root mean square; None if all were discarded
    kept: int
    discarded: int


@dataclass(frozen=True)
class DirectionalCheck:
    """All of a candidate's claimed gradients. ``step_like``: the forward is flat, yet a gradient is claimed."""

    checks: tuple[GradientCheck, ...]
    missing: tuple[str, ...]  # what no gradient, or one of another shape or not finite, was claimed for
    step_like: bool

    @property
    def discarded(self) -> int:
        """Points on an edge, over all inputs and parameters."""
        return sum(check.discarded for check in self.checks)

    def agrees(self, tolerance: float = 1e-4) -> bool:
        """Whether every gradient was claimed and agrees within a relative tolerance."""
        errors = [check.relative_error for check in self.checks]
        return bool(errors) and not self.missing and all(error is not None and error <= tolerance for error in errors)


def directional_check(
    exported: Exported,
    inputs: Sequence[Tensor],
    cotangent: Tensor,
    weights: Mapping[str, Tensor],
    claimed_inputs: Sequence[Tensor | None],
    claimed_weights: Mapping[str, Tensor],
    *,
    seed: int,
    directions: int = 8,
    training: bool = False,
) -> DirectionalCheck:
    """Compare claims with the graph. ``inputs``, ``cotangent`` and ``weights`` (by path) are what the worker was sent.

    Raises RunError where the graph can't be run in float64, ValueError where the cotangent has another shape.
    """
    function = _Function(exported, inputs, cotangent, weights, training)
    generator = torch.Generator().manual_seed(seed)
    claims: dict[str, Tensor | None] = {f"inputs.{place}": value for place, value in enumerate(claimed_inputs)}
    claims |= {path: claimed_weights.get(path) for path in function.paths}
    points = [name for name, point in function.points.items() if point.is_floating_point()]
    missing = tuple(name for name in points if not _usable(claims.get(name), function.points[name]))
    found = [_Directions(function, name, claims[name], generator, directions) for name in points if name not in missing]
    flat = [one for one in found if one.is_flat and one.claims_slope]
    return DirectionalCheck(tuple(one.check() for one in found), missing, bool(flat))


def _usable(claim: Tensor | None, point: Tensor) -> bool:
    return claim is not None and claim.shape == point.shape and bool(claim.isfinite().all())


class _Function:
    """L(inputs, weights) = sum(output * cotangent) in float64."""

    def __init__(
        self, exported: Exported, inputs: Sequence[Tensor], cotangent: Tensor, weights: Mapping[str, Tensor], training: bool
    ) -> None:
        graph: Graph = without_hidden_writes(exported.training if training else exported.evaluation)
        self.program: Program = compile_graph(graph, torch.float64)
        parameters = {spec.path: spec for spec in graph.tensors if spec.kind == "parameter"}
        # The worker sets frozen parameters as well; only of trainable ones is a gradient wanted.
        given = {parameters[path].storage: value for path, value in weights.items() if path in parameters}
        self.weights = _doubled(dict(exported.weights) | given)
        self.paths = {path: spec.storage for path, spec in parameters.items() if spec.trainable}
        self.inputs = [value.double() if value.is_floating_point() else value for value in inputs]
        self.cotangent = cotangent.double()
        self.points = {f"inputs.{place}": value for place, value in enumerate(self.inputs)}
        self.points |= {path: self.weights[storage] for path, storage in self.paths.items()}

    def __call__(self, name: str, value: Tensor) -> float:
        """L with one input or parameter replaced."""
        inputs = [value if name == f"inputs.{place}" else other for place, other in enumerate(self.inputs)]
        weights = dict(self.weights) | ({self.paths[name]: value} if name in self.paths else {})
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            output = self.program.run(bind(self.program.graph, weights, inputs))[0]
        if output.shape != self.cotangent.shape:
            raise ValueError(f"the cotangent has to be {tuple(output.shape)}, got {tuple(self.cotangent.shape)}")
        return float((output.double() * self.cotangent).sum())


def _doubled(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.double() if value.is_floating_point() else value for name, value in weights.items()}


class _Directions:
    """Differences of one input or parameter along random directions."""

    def __init__(self, function: _Function, name: str, claim: Tensor | None, generator: torch.Generator, count: int) -> None:
        point = function.points[name]
        here = function(name, point)
        self.name, self.discarded = name, 0
        self.measured: list[float] = []
        self.claimed: list[float] = []
        for _ in range(count):
            direction = torch.randn(point.shape, generator=generator, dtype=torch.float64)
            ahead = (function(name, point + _STEP * direction) - here) / _STEP
            behind = (here - function(name, point - _STEP * direction)) / _STEP
            if abs(ahead - behind) > _EDGE * max(abs(ahead), abs(behind), 1e-3):
                self.discarded += 1
                continue
            self.measured.append((ahead + behind) / 2)
            self.claimed.append(0.0 if claim is None else float((claim.double() * direction).sum()))

    @property
    def is_flat(self) -> bool:
        """Whether nothing changes along any direction."""
        return all(abs(value) < _FLAT for value in self.measured)

    @property
    def claims_slope(self) -> bool:
        """Whether something is claimed to change."""
        return any(abs(value) > _FLAT for value in self.claimed) or not self.claimed

    def check(self) -> GradientCheck:
        """The largest difference, as a share of the root mean square of what was measured."""
        if not self.measured:
            return GradientCheck(self.name, None, 0, self.discarded)
        measured = torch.tensor(self.measured, dtype=torch.float64)
        scale = max(float(measured.square().mean().sqrt()), _FLAT)
        worst = float((measured - torch.tensor(self.claimed, dtype=torch.float64)).abs().max())
        error = 0.0 if worst < _FLAT else worst / scale
        return GradientCheck(self.name, error, len(self.measured), self.discarded)
