"""The receptive field of one unit in the middle of the last spatial map, by the support of the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .functional import prune
from .graph import Node
from .run import Environment
from .trace import Trace, gradients, record, support
from .values import Ref

_COUPLING = frozenset({"layer_norm", "group_norm", "instance_norm", "rms_norm"})
_DEEP = 30  # convolutions in a row from which on the smallest gradient leaves the range of float32


def receptive_field(trace: Trace, weights: Mapping[str, Tensor], generator: torch.Generator) -> tuple[int, int] | None:
    """Height and width in pixels, clipped by the image; None where no spatial map is computed.

    Parameters are positive, so that nothing cancels; non-linearities let everything pass; maximum pooling becomes
    average pooling; norms over positions, which would couple the whole image, become the identity.
    """
    name = last_map(trace)
    if name is None:
        return None
    graph = prune(replace(trace.graph, outputs=(Ref(name),)))
    deep = sum(node.kind == "conv" for node in graph.nodes) > _DEEP
    dtype = torch.float64 if deep else torch.float32
    tensors = {storage: _positive(value, generator, dtype) for storage, value in weights.items()}
    inputs = [_input(trace.values[spec.name], graph.fixed_batch or 1, generator, dtype) for spec in graph.inputs]
    run = record(graph, tensors, inputs, substitute=_linearised, dtype=dtype)
    value = run.values[name]
    unit = value[0, :, value.shape[2] // 2, value.shape[3] // 2].sum()
    image = next(spec.name for spec in graph.inputs if run.values[spec.name].ndim == 4)
    (gradient,) = gradients([unit], [run.values[image]])
    return support(gradient) if gradient is not None else None


def last_map(trace: Trace) -> str | None:
    """The last value (N, C, H, W) with more than one position that a convolution or pooling led to."""
    images = [spec.name for spec in trace.graph.inputs if len(trace.shape(spec.name)) == 4]
    spatial: set[str] = set()
    last = None
    for node in trace.graph.nodes:
        computes = node.kind in ("conv", "pool") or node.base in ("im2col", "unfold")
        if node.name in trace.graph.from_input and (computes or any(ref in spatial for ref in node.refs)):
            spatial.add(node.name)
            shape = trace.shape(node.name)
            if len(shape) == 4 and shape[2] * shape[3] > 1 and trace.matters(node.name):
                last = node.name
    return last if images else None


def _positive(value: Tensor, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """A redrawn weight of one sign whose sums stay near 1; what is zero (a mask) stays zero."""
    if not value.is_floating_point():
        return value
    noise = torch.rand(value.shape, generator=generator, dtype=dtype) * 0.5 + 0.75
    fan = max(value[0].numel(), 1) if value.ndim > 1 else 1
    return noise * (value != 0) / fan if value.ndim > 1 else value.to(dtype).abs()


def _input(value: Tensor, batch: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    if not value.is_floating_point():
        return value
    return torch.rand((batch, *value.shape[1:]), generator=generator, dtype=dtype) + 0.5


def _linearised(node: Node, environment: Environment) -> Any:
    """The linear stand-in for an operator, None where it stays as it is."""
    first = environment.get(node.refs[0]) if node.refs else None
    if not isinstance(first, Tensor):
        return None
    if node.kind == "nonlinearity" or node.base in _COUPLING:
        return _same_shape(node, first, environment)
    if node.base in ("max_pool2d", "max_pool2d_with_indices"):
        pooled = _average(node, first)
        return (pooled, pooled) if node.base.endswith("indices") else pooled
    if node.base == "adaptive_max_pool2d":
        pooled = F.adaptive_avg_pool2d(first, _two(node.get("output_size")))
        return (pooled, pooled)
    if node.op in ("aten.sub.Tensor", "aten.rsub.Tensor"):
        values = [environment[name] for name in node.refs]
        return values[0] + values[1] if len(values) == 2 else None
    return None


def _same_shape(node: Node, first: Tensor, environment: Environment) -> Tensor | None:
    """Let everything pass: the sum of all operands that have the full shape (``maximum`` has two)."""
    if node.base in ("glu", "pow") and node.op != "aten.pow.Tensor_Scalar":
        return None
    values = [environment[name] for name in node.refs[1:]]
    others = [value for value in values if isinstance(value, Tensor) and value.shape == first.shape]
    return sum(others, first)


def _average(node: Node, value: Tensor) -> Tensor:
    """Average pooling over the window of a maximum pooling, its dilation included."""
    kernel, stride, padding, dilation = (_two(node.get(key)) for key in ("kernel_size", "stride", "padding", "dilation"))
    channels = value.shape[1]
    weight = value.new_full((channels, 1, *kernel), 1 / (kernel[0] * kernel[1]))
    if dilation == (1, 1):
        return F.avg_pool2d(value, kernel, stride or kernel, padding, ceil_mode=bool(node.get("ceil_mode")))
    return F.conv2d(value, weight, None, stride or kernel, padding, dilation, channels)


def _two(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return (value[0], value[-1]) if value else ()
    return (value, value)
