"""Do the graphs of a network agree: evaluation with training at rest, and the graph with what the worker says it computed?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from .caps import norm_statistics
from .exported import Exported
from .functional import dropout_at_rest, evaluation_form
from .graph import Graph
from .randomness import is_random
from .run import execute
from .trace import redraw
from .values import DTYPES

_TOLERANCE = 1e-3  # of the largest output: other kernels and sums in another order stay far below
_DRAWS = 6  # runs of a network that is random in evaluation


def random_inputs(graph: Graph, batch: int, generator: torch.Generator) -> list[Tensor]:
    """Inputs (N, ...) for a batch of that size."""
    return [
        torch.randn(shape, generator=generator).to(DTYPES[spec.dtype])
        for shape, spec in zip(graph.input_shapes(batch), graph.inputs, strict=True)
    ]


def evaluation_agrees(exported: Exported, outputs: Sequence[Tensor], generator: torch.Generator) -> bool:
    """Whether the evaluation graph computes what the training graph does with norms and dropout at rest.

    At the initial weights on the worker's inputs, and at other weights and statistics on inputs that the worker does
    not know: a gain that starts at 0 hides what stands behind it. Outputs that only training has (heads that help it)
    are left out.
    """
    rest, at_rest = evaluation_form(exported.training), dropout_at_rest(exported.evaluation)
    rest = replace(rest, outputs=rest.outputs[: len(at_rest.outputs)])
    random = any(is_random(node) for node in exported.evaluation.nodes)
    weights = _disturbed(exported, generator)
    inputs = random_inputs(at_rest, at_rest.fixed_batch or 3, generator)
    with torch.no_grad():
        found = execute(at_rest, exported.weights, exported.probe) if random else outputs
        return _all_close(execute(rest, exported.weights, exported.probe), found) and _all_close(
            execute(rest, weights, inputs), execute(at_rest, weights, inputs)
        )


def _disturbed(exported: Exported, generator: torch.Generator) -> dict[str, Tensor]:
    """Other parameters, and other statistics of norms; constants as they are."""
    weights = dict(exported.weights)
    for graph in (exported.training, exported.evaluation):
        statistics = norm_statistics(graph)
        weights |= redraw(graph, weights, generator)
        for spec in graph.tensors:
            if spec.name in statistics and DTYPES[spec.dtype].is_floating_point:
                value = exported.weights[spec.storage]
                weights[spec.storage] = value + 0.3 * torch.rand(value.shape, generator=generator).to(value.dtype)
    return weights


def eager_agrees(exported: Exported, outputs: Sequence[Tensor]) -> bool:
    """Whether the worker's eager outputs equal the graph's, or lie among those of a network that is random in evaluation."""
    if not any(is_random(node) for node in exported.evaluation.nodes):
        return _all_close(exported.outputs, outputs)
    with torch.no_grad():
        drawn = [execute(exported.evaluation, exported.weights, exported.probe) for _ in range(_DRAWS)]
    return all(_is_among(claim, each) for claim, each in zip(exported.outputs, zip(*drawn, strict=True), strict=True))


def sizes_agree(exported: Exported, generator: torch.Generator) -> bool:
    """Whether the evaluation graphs of several batch sizes give the same for the same samples, at other weights too.

    Meant for a network whose samples do not depend on each other; one that is random in evaluation is not compared.
    """
    graphs = [exported.evaluation, *(pair[1] for pair in exported.others.values())]
    if any(is_random(node) for graph in graphs for node in graph.nodes):
        return True
    largest = max(graphs, key=lambda graph: graph.fixed_batch or 0)
    inputs = random_inputs(largest, largest.fixed_batch or 1, generator)
    with torch.no_grad():
        for weights in (exported.weights, _disturbed(exported, generator)):
            whole = execute(largest, weights, inputs)
            for graph in graphs:
                size = graph.fixed_batch or 1
                part = execute(graph, weights, [value[:size] for value in inputs])
                if not _all_close(part, [value[:size] for value in whole]):
                    return False
    return True


def _is_among(claim: Tensor, drawn: Sequence[Tensor]) -> bool:
    """Whether a value is no further from the mean of random ones than three times as far as these are."""
    values = torch.stack([value.detach().double() for value in drawn])
    mean = values.mean(0)
    farthest = float((values - mean).flatten(1).norm(dim=1).max())
    margin = 3 * farthest + _TOLERANCE * float(mean.norm()) + 1e-6
    return not math.isfinite(margin) or float((claim.double() - mean).norm()) <= margin


def _all_close(left: Sequence[Tensor], right: Sequence[Tensor]) -> bool:
    return len(left) == len(right) and all(is_close(a, b) for a, b in zip(left, right, strict=True))


def is_close(left: Tensor, right: Tensor, tolerance: float = _TOLERANCE) -> bool:
    """Equal to a share of the largest finite value; NaN equals NaN."""
    if left.shape != right.shape:
        return False
    left, right = left.detach().double(), right.detach().double()
    finite = left[left.isfinite()]
    margin = tolerance * float(finite.abs().max()) if finite.numel() else 0.0
    return torch.allclose(left, right, rtol=0.0, atol=margin + 1e-6, equal_nan=True)
