"""Products with a weight: where a value from the input is multiplied with what is made of parameters or constants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .graph import Graph, Node, TensorSpec
from .trace import Trace
from .values import Ref

_PATCHES = frozenset({"im2col", "unfold", "index"})
_SLICES = frozenset({"slice", "select", "narrow", "roll"})
_NOT_WEIGHTS = {"addmm": "self", "addbmm": "self", "baddbmm": "self", "addmv": "self"}
_SUMS = frozenset({"sum", "mean"})


@dataclass(frozen=True)
class Product:
    """One multiplication of a value from the input with a weight."""

    node: Node
    data: str
    weight: str  # the name of the value that is the weight, maybe computed from parameters
    sources: tuple[TensorSpec, ...]  # parameters the weight is made of, the largest first
    origin: str  # where the data came from before it was cut, padded and moved
    patches: bool
    sliced: bool
    strides: tuple[int, ...]

    @property
    def identity(self) -> str:
        """The storage that makes this layer this layer."""
        return self.sources[0].storage


def products(graph: Graph) -> tuple[Product, ...]:
    """Every product with a weight made of parameters, in order of execution."""
    return tuple(found for node in graph.nodes if (found := _product(graph, node)) is not None and found.sources)


def constant_weights(graph: Graph, trace: Trace) -> tuple[str, ...]:
    """Paths (or places) of constants that are multiplied with data as if they were weights, in order."""
    found: dict[str, None] = {}
    for node in graph.nodes:
        product = _product(graph, node)
        if product is None or product.sources or not trace.matters(node.name):
            continue
        paths = [spec.path for spec in sources(graph, product.weight) if spec.kind != "parameter"]
        if math.prod(trace.shape(product.weight)) > 1:
            found.update(dict.fromkeys(paths or [node.at or node.name]))
    return tuple(found)


def _product(graph: Graph, node: Node) -> Product | None:
    if node.kind not in ("conv", "matrix") and node.op != "aten.mul.Tensor":
        return None
    operands = [name for name in node.refs if Ref(name) not in (node.get("bias"), node.get(_NOT_WEIGHTS.get(node.base, "bias")))]
    data = [name for name in operands if name in graph.from_input]
    weights = [name for name in operands if name not in graph.from_input and _is_tensor(graph, name)]
    if len(data) != 1 or len(weights) != 1:
        return None
    origin, path = _origin(graph, data[0])
    patches = any(step.base in _PATCHES for step in path)
    sliced = any(step.base in _SLICES for step in path)
    if node.op == "aten.mul.Tensor" and not ((patches or sliced) and _is_summed(graph, node)):
        return None
    made_of = [spec for spec in sources(graph, weights[0]) if spec.kind == "parameter"]
    made_of.sort(key=lambda spec: -math.prod(spec.shape))
    return Product(node, data[0], weights[0], tuple(made_of), origin, patches, sliced, _strides(path))


def _is_tensor(graph: Graph, name: str) -> bool:
    node = graph.by_name.get(name)
    return node is None or node.operator.returns == "tensor"


def sources(graph: Graph, name: str) -> list[TensorSpec]:
    """The parameters, buffers and constants that a value is computed from."""
    found: dict[str, TensorSpec] = {}
    waiting, seen = [name], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if current in graph.tensor_by_name:
            found.setdefault(graph.tensor_by_name[current].storage, graph.tensor_by_name[current])
        elif current in graph.by_name:
            waiting.extend(graph.by_name[current].refs)
    return list(found.values())


def _origin(graph: Graph, name: str) -> tuple[str, list[Node]]:
    """Back through operators that only cut, pad and move values, to where these were computed."""
    path: list[Node] = []
    while name in graph.by_name:
        node = graph.by_name[name]
        before = [ref for ref in node.refs if ref in graph.from_input]
        if not (node.kind in ("movement", "getitem") or node.base == "index") or not before:
            break
        path.append(node)
        name = before[0]
    return name, path


def _strides(path: list[Node]) -> tuple[int, ...]:
    """How far apart the patches are: from ``im2col``, ``unfold`` or the steps of slices, height first."""
    steps: list[int] = []
    for node in reversed(path):
        given = node.get("stride") if node.base == "im2col" else node.get("step")
        if node.base == "im2col" and given is not None:
            return two_sides(given)
        if node.base in ("unfold", "slice") and isinstance(given, int) and node.get("dim") not in (0, 1):
            steps.append(given)
    return tuple(steps[-2:]) if len(steps) >= 2 else (max(steps, default=1),) * 2


def _is_summed(graph: Graph, node: Node, depth: int = 4) -> bool:
    """Whether a value is summed next, after being moved ``depth`` times at most."""
    level = {node.name}
    for _ in range(depth + 1):
        users = {user.name: user for name in level for user in graph.users.get(name, ())}
        if any(user.base in _SUMS for user in users.values()):
            return True
        level = {name for name, user in users.items() if user.kind == "movement"}
    return False


def two_sides(value: Any) -> tuple[int, int]:
    """Height and width out of an argument that is one int or a list of them; 1, 1 where it is missing."""
    if isinstance(value, int):
        return value, value
    sides = tuple(side for side in value if isinstance(side, int)) if isinstance(value, tuple) else ()
    return (sides[0], sides[-1]) if sides else (1, 1)
