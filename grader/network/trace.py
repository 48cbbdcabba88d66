"""Run a functional graph with every value recorded, and ask what depends on what by measured gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from .graph import Graph, Node
from .run import Environment, compile_graph
from .values import RunError

Substitute = Callable[[Node, Environment], Any]
_NOISE = 1e-6  # a share of the output below this is rounding


@dataclass
class Trace:
    """Values of one run by name, and the gradients of a random functional of the outputs by name."""

    graph: Graph
    values: Environment
    gradients: dict[str, Tensor] = field(default_factory=dict)
    floor: float = 0.0

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a recorded tensor."""
        value = self.values[name]
        return tuple(value.shape) if isinstance(value, Tensor) else ()

    def matters(self, name: str) -> bool:
        """Whether the outputs depend on a value, measured; a value without a gradient counts by being read."""
        value = self.values[name]
        if not (isinstance(value, Tensor) and value.requires_grad):
            return True
        gradient = self.gradients.get(name)
        return gradient is not None and float(gradient.norm() * value.detach().norm().clamp_min(_NOISE)) > self.floor


def redraw(graph: Graph, weights: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
    """Weights by storage with every floating parameter drawn anew, so that no gain is 0 and no two are equal.

    Matrices and kernels keep the scale of what passes (He et al. 2015); vectors are uniform in 0.5 to 1.5.
    """
    drawn: dict[str, Tensor] = {}
    for spec in graph.tensors:
        value = weights[spec.storage]
        if spec.kind == "parameter" and value.is_floating_point():
            drawn.setdefault(spec.storage, _draw(value, generator))
        else:
            drawn.setdefault(spec.storage, value.detach().clone())
    return drawn


def _draw(value: Tensor, generator: torch.Generator) -> Tensor:
    shape = tuple(value.shape)
    if value.ndim < 2 or value[0].numel() <= 1:
        return torch.rand(shape, generator=generator, dtype=value.dtype) + 0.5
    scale = (2 / value[0].numel()) ** 0.5
    return torch.randn(shape, generator=generator, dtype=value.dtype).mul_(scale)


def record(
    graph: Graph,
    tensors: Mapping[str, Tensor],
    inputs: Sequence[Tensor],
    given: Mapping[str, Tensor] | None = None,
    substitute: Substitute | None = None,
    dtype: torch.dtype = torch.float32,
) -> Trace:
    """Run a functional graph and keep every value. Floating inputs, parameters and constants are leaves
    that require a gradient.

    ``given`` holds values to take for nodes instead of computing them; ``substitute`` may compute a node in its own
    way (or return None). Raises RunError.
    """
    environment: Environment = {spec.name: _leaf(value) for spec, value in zip(graph.inputs, inputs, strict=True)}
    leaves = {spec.storage: _leaf(tensors[spec.storage]) for spec in graph.tensors}
    buffers = {spec.name: leaves[spec.storage].detach() for spec in graph.tensors if spec.kind == "buffer"}
    environment |= {spec.name: leaves[spec.storage] for spec in graph.tensors} | buffers
    node: Node | None = None
    try:
        for step in compile_graph(graph, dtype).steps:
            node = step.node
            value = (given or {}).get(node.name)
            if node.base == "detach":  # cuts the gradient, not what depends on what
                value = environment[node.refs[0]]
            if value is None and substitute is not None:
                value = substitute(node, environment)
            environment[node.name] = step.call(environment) if value is None else value
    except Exception as error:  # any operator of a stranger's graph
        assert node is not None
        text = (str(error).splitlines() or [""])[0][:300]
        raise RunError("run", f"The operator failed: {text}", node=node.name, op=node.op, at=node.at) from error
    return Trace(graph, environment)


def _leaf(value: Tensor) -> Tensor:
    leaf: Tensor = value.detach().clone()
    if leaf.is_floating_point():
        leaf.requires_grad_()
    return leaf


def differentiate(trace: Trace, generator: torch.Generator, retain: bool = False) -> Trace:
    """Fill in the gradients of one random functional of all outputs with respect to every recorded value."""
    outputs = [trace.values[ref.name] for ref in trace.graph.outputs]
    outputs = [value for value in outputs if value.requires_grad]
    if not outputs:
        return trace
    cotangents = [torch.randn(value.shape, generator=generator, dtype=value.dtype) for value in outputs]
    wanted = {name: value for name, value in trace.values.items() if isinstance(value, Tensor) and value.requires_grad}
    found = gradients(outputs, list(wanted.values()), cotangents, retain)
    trace.gradients = {name: value for name, value in zip(wanted, found, strict=True) if value is not None}
    scale = sum(float(value.detach().norm() * c.norm()) for value, c in zip(outputs, cotangents, strict=True))
    trace.floor = _NOISE * scale / max(sum(value.numel() for value in outputs), 1) ** 0.5
    return trace


def gradients(
    outputs: Sequence[Tensor], wanted: Sequence[Tensor], cotangents: Sequence[Tensor] | None = None, retain: bool = False
) -> tuple[Tensor | None, ...]:
    """Gradients of the outputs, None where they do not depend. Raises RunError: not every operator has a derivative."""
    try:
        return torch.autograd.grad(outputs, wanted, cotangents, allow_unused=True, retain_graph=retain)
    except (RuntimeError, NotImplementedError, IndexError, ValueError, TypeError) as error:
        text = (str(error).splitlines() or [""])[0][:300]
        raise RunError("backward", f"The gradient cannot be computed: {text}") from error


def support(gradient: Tensor) -> tuple[int, int]:
    """Height and width of the smallest box around the non-zero entries of a gradient (..., H, W)."""
    plane = gradient.abs().flatten(0, -3).sum(0) > 0
    rows, columns = plane.any(1).nonzero().flatten(), plane.any(0).nonzero().flatten()
    if not len(rows):
        return 0, 0
    return int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
