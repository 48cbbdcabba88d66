"""Which kind of layer something is, by what it does to a value: a convolution, an attention, an activation or a pooling.

The check `layer` asks for the difference from a standard layer of a given kind; that it is of the kind at all is told here.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from grader.checks.standard import same_as_standard
from grader.discovery.records import Sample
from grader.network.exported import Exported
from grader.network.graph import Graph
from grader.network.run import Network
from grader.records import NetworkFacts

_ORDINARY = 0.9  # of a layer that does what torch's own does
_MOST_VALUES = 2**18
_MOST_NODES = 400  # of a layer in which a gate is looked for


def kind_fit(standard: str, sample: Sample) -> float:
    """How far a sample is a layer of that kind, 0 to 1."""
    facts, exported = sample.facts, sample.exported
    if not isinstance(facts, NetworkFacts) or exported is None or not facts.finite:
        return 0.0
    output = next((shape[1:] for shape in facts.output_shapes.values() if shape), ())
    if len(output) != len(sample.shape) or exported.probe[0].numel() > _MOST_VALUES:
        return 0.0
    try:
        fit = _FITS[standard](_Seen(facts, exported, sample.shape, output))
        return fit * (_ORDINARY if fit and same_as_standard(standard, exported) else 1.0)
    except RuntimeError:
        return 0.0  # it does not take the values it is compared on


@dataclass(frozen=True)
class _Seen:
    """A layer, and the shapes of one sample before and behind it."""

    facts: NetworkFacts
    exported: Exported
    given: tuple[int, ...]
    output: tuple[int, ...]


def _convolution(seen: _Seen) -> float:
    facts = seen.facts
    if not facts.convs or len(seen.output) != 3 or _is_residual(facts) or _weighs(seen.exported):
        return 0.0
    norms = sum(layer.kind == "norm" for layer in facts.layers)
    graph = seen.exported.evaluation
    chain, is_gated = _chain(graph) if len(graph.nodes) <= _MOST_NODES else (0, False)
    more = (chain if is_gated else len(facts.convs)) - 1
    return max(0.3, 1.0 - 0.1 * more - 0.1 * bool(norms) - 0.2 * (bool(facts.linears) and not is_gated))


def _attention(seen: _Seen) -> float:
    facts = seen.facts
    if seen.given != seen.output or _is_residual(facts) or not _weighs(seen.exported):
        return 0.0
    return 1.0 if facts.parameters else 0.8


def _activation(seen: _Seen) -> float:
    facts = seen.facts
    if seen.given != seen.output or facts.convs or facts.linears or any(layer.kind == "norm" for layer in facts.layers):
        return 0.0
    return 1.0 if _is_elementwise(seen.exported) else 0.0


def _pooling(seen: _Seen) -> float:
    facts, given, output = seen.facts, seen.given, seen.output
    if len(output) != 3 or given[0] != output[0] or facts.convs or facts.linears:
        return 0.0
    smaller = all(after < before for before, after in zip(given[1:], output[1:], strict=True))
    return 1.0 if smaller else 0.0


_FITS = {"convolution": _convolution, "attention": _attention, "activation": _activation, "pooling": _pooling}


def _is_residual(facts: NetworkFacts) -> bool:
    """A residual block: a sum around two convolutions or a spatial one."""
    sides = {layer.path: max(layer.kernel, default=1) for layer in facts.convs}
    return any(len(each.branch_convs) >= 2 and max(sides.get(path, 1) for path in each.branch_convs) > 1 for each in facts.residuals)


def _weighs(exported: Exported) -> bool:
    """Whether values are weighed by something computed from others: a softmax between products, or a gate that keeps zeros zero."""
    operators = {node.base for node in exported.evaluation.nodes}
    kinds = {node.kind for node in exported.evaluation.nodes}
    if "scaled_dot_product_attention" in operators or ("softmax" in kinds and operators & {"bmm", "matmul", "einsum"}):
        return True
    network = _network(exported)
    inputs = _values(exported)
    if network(inputs).shape != inputs.shape:
        return False
    kept = torch.arange(inputs.numel()).reshape(inputs.shape) % 3 != 0
    holes = network(torch.where(kept, inputs, torch.zeros_like(inputs)))
    return bool((holes[~kept].abs() <= 1e-6).all()) and not _is_elementwise(exported)


@torch.no_grad()
def _is_elementwise(exported: Exported) -> bool:
    """Whether each value of the output depends on the value at its own place alone, and not in proportion to it."""
    network, inputs = _network(exported), _values(exported)
    output = network(inputs)
    kept = torch.arange(inputs.numel()).reshape(inputs.shape) % 3 != 0
    changed = network(torch.where(kept, inputs, inputs.flip(0) * 1.7 + 0.3))
    if output.shape != inputs.shape or not bool(torch.isclose(output[kept], changed[kept], atol=1e-5).all()):
        return False
    ratios = output / inputs
    return bool((ratios - ratios.mean()).abs().max() > 1e-4)


def _chain(graph: Graph) -> tuple[int, bool]:
    """How many convolutions follow each other at most, and whether one is multiplied by what another layer gives: a gate."""
    behind: dict[str, tuple[int, frozenset[str]]] = {}
    is_gated = False
    for node in graph.nodes:
        before = [behind.get(name, (0, frozenset[str]())) for name in node.refs]
        layers = frozenset[str]().union(*(layers for _, layers in before))
        is_layer = node.kind in ("conv", "matrix")
        is_gated |= node.base in ("mul", "mul_") and len({layers for _, layers in before if layers}) > 1
        length = max((length for length, _ in before), default=0) + (node.kind == "conv")
        behind[node.name] = (length, layers | {node.name} if is_layer else layers)
    return max((length for length, _ in behind.values()), default=0), is_gated


def _network(exported: Exported) -> Network:
    return Network(exported.training, exported.evaluation, exported.weights).train(False)


def _values(exported: Exported) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(exported.probe[0].shape, generator=generator) * 2
