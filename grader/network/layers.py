"""Which layers a network has, read off a recorded run: library calls and products written by hand alike.

Products (``products.py``) that share a weight are one layer. A product over patches (``im2col``, ``unfold``, shifted
slices) is a convolution, any other is linear.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from grader.records import LayerFact

from .caps import multiply_adds
from .graph import Graph, Node
from .products import Product, sources, two_sides
from .trace import Trace, gradients, support
from .values import Ref

_GLOBAL = frozenset({"mean", "amax", "sum"})


def layer_facts(trace: Trace, found: tuple[Product, ...]) -> list[tuple[LayerFact, tuple[str, ...]]]:
    """The layers the output depends on, in order of execution, each with the names of its nodes."""
    groups: dict[str, list[Product]] = {}
    for product in found:
        if trace.matters(product.node.name) and trace.matters(product.sources[0].name):
            groups.setdefault(product.identity, []).append(product)
    by_node = {group[0].node.name: group for group in groups.values()}
    members = {product.node.name for group in groups.values() for product in group}
    facts: list[tuple[LayerFact, tuple[str, ...]]] = []
    for node in trace.graph.nodes:
        if node.name in by_node:
            group = by_node[node.name]
            facts.append((_weighted(trace, group), tuple(product.node.name for product in group)))
        elif node.name not in members and (kind := _plain_kind(trace, node)) and trace.matters(node.name):
            facts.append((_plain(trace, node, kind), (node.name,)))
    return facts


def _plain_kind(trace: Trace, node: Node) -> str | None:
    if node.name not in trace.graph.from_input:
        return None
    if node.kind in ("norm", "pool", "nonlinearity", "dropout", "softmax"):
        return node.kind
    if node.base in _GLOBAL and len(trace.shape(node.refs[0])) == 4 and len(trace.shape(node.name)) != 1:
        dims = node.get("dim")
        places = {dim % 4 for dim in dims if isinstance(dim, int)} if isinstance(dims, tuple) else set()
        return "pool" if places == {2, 3} else None
    return "other" if node.kind == "matrix" else None


def _plain(trace: Trace, node: Node, kind: str) -> LayerFact:
    """A layer without a weight of its own, or a norm."""
    specs = [trace.graph.tensor_by_name[name] for name in node.refs if name in trace.graph.tensor_by_name]
    held = {spec.storage: math.prod(spec.shape) for spec in specs if spec.kind == "parameter"}
    path = next((spec.path for spec in specs if spec.kind == "parameter"), None)
    shape = trace.shape(node.name) or _first_shape(trace.values[node.name])
    is_pool = kind == "pool" and node.get("kernel_size") is not None
    kernel = two_sides(node.get("kernel_size")) if is_pool else ()
    stride = (two_sides(node.get("stride")) if node.get("stride") else kernel) if is_pool else ()
    source = trace.shape(node.refs[0])
    channels = (source[1] if len(source) > 1 else 0, shape[1] if len(shape) > 1 else 0)
    return LayerFact(kind, node.op, path, node.at, kernel, stride, *channels, parameters=sum(held.values()), output_shape=shape[1:])


def _first_shape(value: Any) -> tuple[int, ...]:
    return tuple(value[0].shape) if isinstance(value, (tuple, list)) and isinstance(value[0], Tensor) else ()


def _weighted(trace: Trace, group: list[Product]) -> LayerFact:
    first = group[0]
    is_conv = first.node.kind == "conv" or _is_handmade_conv(trace, group)
    build = _library_conv if first.node.kind == "conv" else _handmade_conv if is_conv else _linear
    kernel, stride, channels, groups, shape = build(trace, group)
    batch = trace.shape(first.node.name)[0] if trace.shape(first.node.name) else 1
    work = sum(multiply_adds(product.node, trace.values[product.node.name], trace.values) for product in group)
    return LayerFact(
        "conv" if is_conv else "linear", first.node.op, first.sources[0].path, first.node.at, kernel, stride, *channels,
        groups=groups, parameters=_held(trace, group), multiply_adds=work // max(batch, 1), output_shape=shape[1:],
    )  # fmt: skip


def _held(trace: Trace, group: list[Product]) -> int:
    """Numbers in the distinct parameters of a layer, its bias included."""
    held = {spec.storage: math.prod(spec.shape) for product in group for spec in product.sources}
    for product in group:
        for name in (bias.name for bias in map(product.node.get, ("bias", "self")) if isinstance(bias, Ref)):
            if name not in trace.graph.from_input:
                specs = sources(trace.graph, name)
                held |= {spec.storage: math.prod(spec.shape) for spec in specs if spec.kind == "parameter"}
    return sum(held.values())


def _is_handmade_conv(trace: Trace, group: list[Product]) -> bool:
    if len(trace.shape(group[0].origin)) != 4:
        return False
    return any(product.patches for product in group) or (len(group) > 1 and any(product.sliced for product in group))


_Measured = tuple[tuple[int, ...], tuple[int, ...], tuple[int, int], int, tuple[int, ...]]


def _library_conv(trace: Trace, group: list[Product]) -> _Measured:
    node, weight = group[0].node, trace.values[group[0].weight].detach()
    groups = node.get("groups")
    count = groups if isinstance(groups, int) else 1
    spatial = weight.ndim - 2
    extent = support(weight) if spatial == 2 else (int((weight.abs().sum((0, 1)) > 0).sum()),)
    dilation = two_sides(node.get("dilation"))[:spatial]
    kernel = tuple((side - 1) * step + 1 for side, step in zip(extent, dilation, strict=False))
    transposed = "transpose" in node.base or node.get("transposed") is True
    sides = (weight.shape[0], weight.shape[1] * count) if transposed else (weight.shape[1] * count, weight.shape[0])
    return kernel, two_sides(node.get("stride"))[:spatial], sides, count, trace.shape(node.name)


def _linear(trace: Trace, group: list[Product]) -> _Measured:
    product = group[0]
    weight, data = trace.shape(product.weight), trace.shape(product.data)
    if product.node.base == "linear" or product.node.refs.index(product.weight) < product.node.refs.index(product.data):
        sides = (weight[-1], weight[-2] if len(weight) > 1 else 1)
    elif product.node.base == "einsum":
        sides = (data[-1], math.prod(weight) // max(data[-1], 1))
    else:
        sides = (weight[-2], weight[-1]) if len(weight) > 1 else (weight[0], 1)
    return (), (), sides, 1, trace.shape(product.node.name)


def _handmade_conv(trace: Trace, group: list[Product]) -> _Measured:
    """A convolution out of other operators: its kernel is what one unit in the middle of the output sees."""
    output = _joined(trace, group)
    value, origin = trace.values[output], trace.values[group[0].origin]
    middle = tuple(side // 2 for side in value.shape[2:])
    unit = value[(0, slice(None), *middle)].sum() if value.ndim > 2 else value[0].sum()
    (gradient,) = gradients([unit], [origin], retain=True)
    kernel = support(gradient) if gradient is not None else (0, 0)
    return kernel, group[0].strides, (origin.shape[1], value.shape[1]), 1, tuple(value.shape)


def _joined(trace: Trace, group: list[Product]) -> str:
    """The first value from which on a layer's products are one (N, channels, ...) tensor: summed, moved into place."""
    names = [product.node.name for product in group]
    name = next(iter(_common(trace.graph, names)), names[-1]) if len(names) > 1 else names[0]
    best = name
    for _ in range(8):
        users = trace.graph.users.get(name, ())
        if len(users) != 1 or not (users[0].kind == "movement" or users[0].base in ("sum", "add", "add_")):
            break
        name = users[0].name
        best = name if len(trace.shape(name)) == 4 else best
    return best


def _common(graph: Graph, names: list[str]) -> Iterator[str]:
    """Values that depend on all of ``names``, in order of execution."""
    reached: dict[str, set[int]] = {name: {place} for place, name in enumerate(names)}
    for node in graph.nodes:
        mine = reached.setdefault(node.name, set())
        for ref in node.refs:
            mine |= reached.get(ref, set())
        if len(mine) == len(names):
            yield node.name
