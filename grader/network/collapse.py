"""Layers that collapse into one: weights with nothing non-linear on the way between them, read off the graph.

Only what is known to be linear is walked through; anything else (a comparison, a product of two values, a gate) counts
as a non-linearity, however it is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ..records import LayerFact, NetworkFacts
from .exported import Exported
from .functional import dropout_at_rest, functionalise
from .graph import Graph, Node
from .products import Product, products

# A norm is no activation: it counts as linear, as it is in evaluation.
_LINEAR_KINDS = frozenset({"conv", "matrix", "movement", "getitem", "norm", "dropout", "resample"})
_LINEAR_SUMS = frozenset({"add", "sub", "rsub", "neg", "sum", "mean"})
_LINEAR_FACTORS = frozenset({"mul", "div"})


def linear_pairs(exported: Exported, facts: NetworkFacts) -> Iterator[tuple[str, str]]:
    """Pairs of weights (by path) that are one linear map: the earlier one first, in the order of the later one.

    1x1, 1xn and grouped convolutions are passed over: a depthwise-separable or factorised convolution is one layer to
    the eye. A residual addition ends the walk, and so does what its shortcut starts from: around it the two do not collapse.
    """
    graph = functionalise(dropout_at_rest(exported.evaluation))
    found = {product.node.name: product for product in products(graph)}
    layers = _by_storage(found.values(), facts)
    whole = {name: product for name, product in found.items() if not _is_factor(layers.get(product.identity))}
    stops = frozenset(name for residual in facts.residuals for name in (residual.node, residual.source))
    for product in whole.values():
        for name in _linear_sources(graph, product.data, whole, stops):
            yield whole[name].sources[0].path, product.sources[0].path


def _by_storage(found: Collection[Product], facts: NetworkFacts) -> Mapping[str, LayerFact]:
    by_path = {layer.path: layer for layer in facts.layers}
    return {each.identity: by_path[path] for each in found if (path := each.sources[0].path) in by_path}


def _is_factor(layer: LayerFact | None) -> bool:
    return layer is not None and layer.kind == "conv" and (layer.groups > 1 or 1 in layer.kernel)


def _linear_sources(graph: Graph, name: str, whole: Mapping[str, Product], stops: frozenset[str]) -> Iterator[str]:
    """The layers that a value comes from by linear operators alone."""
    waiting, seen = [name], set[str]()
    while waiting:
        name = waiting.pop()
        node = graph.by_name.get(name)
        if node is None or name in seen or name in stops:
            continue
        seen.add(name)
        if name in whole:
            yield name
        elif _is_linear(graph, node):
            waiting.extend(ref for ref in node.refs if ref in graph.from_input)


def _is_linear(graph: Graph, node: Node) -> bool:
    """Whether a node is linear in what it gets from the input."""
    if node.base in _LINEAR_SUMS or (node.kind == "pool" and "avg" in node.base):
        return True
    data = [ref for ref in node.refs if ref in graph.from_input]
    if node.base in _LINEAR_FACTORS:
        return len(data) == 1 and (node.base == "mul" or node.refs[0] in data)
    return node.kind in _LINEAR_KINDS and (len(data) == 1 or node.kind == "movement")
