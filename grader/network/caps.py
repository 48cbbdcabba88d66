"""What a network may cost, measured without computing it: shapes are propagated on the meta device."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .graph import Graph, Limits, Node, TensorSpec
from .run import bind, compile_graph, zeros_for
from .values import DTYPES, GraphError, Ref

_MAX_PARTS = 2**17  # values that a whole graph may take others apart into
_MAX_SIDES = 16


@dataclass(frozen=True)
class Cost:
    """What one run of a graph costs at one batch size."""

    multiply_adds: int
    largest_bytes: int  # of one value
    total_bytes: int  # of all values
    output_shapes: tuple[tuple[int, ...], ...]


def check_caps(graph: Graph, limits: Limits) -> None:
    """Raise GraphError where the graph is over ``limits``."""
    _check_constants(graph, limits)
    fixed = graph.fixed_batch
    for batch in limits.batches if fixed is None else (fixed,):
        cost = measure_cost(graph, batch, limits.intermediate_bytes)
        work = cost.multiply_adds / batch
        if work > limits.multiply_adds:
            sentence = f"The network takes {work:.3g} multiply-adds for one sample, at most {limits.multiply_adds:.3g} are allowed"
            raise GraphError("multiply-adds", sentence)
        if cost.total_bytes > limits.total_bytes:
            gigabytes, most = cost.total_bytes / 2**30, limits.total_bytes / 2**30
            sentence = f"The values of one run on {batch} samples take {gigabytes:.3g} GiB, at most {most:.3g} are allowed"
            raise GraphError("total-bytes", sentence)


def output_shapes(graph: Graph, batch: int) -> tuple[tuple[int, ...], ...]:
    """The shapes of the outputs for a batch of that size. Raises GraphError where an operator can't take it."""
    return measure_cost(graph, batch).output_shapes


def measure_cost(graph: Graph, batch: int, most_bytes: float = math.inf) -> Cost:
    """Propagate shapes for a batch of that size. Raises GraphError where an operator can't take them, or over the cap."""
    inputs = [
        torch.empty(shape, dtype=DTYPES[spec.dtype], device="meta")
        for shape, spec in zip(graph.input_shapes(batch), graph.inputs, strict=True)
    ]
    meter = _Meter(most_bytes)
    environment = bind(graph, zeros_for(graph, "meta"), inputs)
    meter.environment = environment
    steps = compile_graph(graph, device="meta").steps
    try:
        with torch.no_grad():
            for step in steps:
                meter.before(step.node)
                value = _known_shape(step.node, environment)
                value = step.call(environment) if value is None else value
                environment[step.node.name] = meter.after(step.node, value)
                for name in step.frees:
                    del environment[name]
    except GraphError:
        raise
    except Exception as error:  # whatever an operator says of a stranger's shapes
        sentence = f"The shapes do not fit for a batch of {batch}: {(str(error).splitlines() or [''])[0][:200]}"
        raise GraphError("shapes", sentence, node=step.node.name, op=step.node.op, at=step.node.at) from error
    shapes = tuple(tuple(environment[ref.name].shape) for ref in graph.outputs)
    return Cost(meter.multiply_adds, meter.largest_bytes, meter.total_bytes, shapes)


_ONE_EACH = frozenset({"unbind", "split", "split_with_sizes", "chunk", "tensor_split"})
_ELEMENTWISE = frozenset({"add", "sub", "mul", "div", "rsub", "add_", "sub_", "mul_", "div_"})


def _known_shape(node: Node, environment: dict[str, Any]) -> Tensor | None:
    """Shapes that need no propagation: torch's own rules for these take milliseconds each on the meta device."""
    values = [environment[name] for name in node.refs]
    if not values or not all(isinstance(value, Tensor) for value in values):
        return None
    same = node.kind == "norm" or node.base in ("relu", "relu_", "sigmoid", "tanh", "silu", "gelu", "dropout")
    alike = all(value.shape == values[0].shape and value.dtype == values[0].dtype for value in values)
    alike = alike and values[0].is_floating_point()  # a quotient of integers is none
    written = node.operator.in_place and node.kind in ("arithmetic", "nonlinearity") and len(values) == 1
    if same or written or (alike and node.base in _ELEMENTWISE and len(values) == 2):
        first: Tensor = values[0]
        return first
    return None


class _Meter:
    def __init__(self, most_bytes: float) -> None:
        self.most_bytes = most_bytes
        self.environment: dict[str, Any] = {}
        self.multiply_adds = self.largest_bytes = self.total_bytes = self.parts = 0

    def before(self, node: Node) -> None:
        """Refuse to take a value apart into more parts than a graph may have, before it is done."""
        if node.operator.returns != "tensors" or not node.refs:
            return
        first = self.environment[node.refs[0]]
        sides = max(first.shape, default=0) if isinstance(first, Tensor) and node.base in _ONE_EACH else 0
        asked = node.get("sections")
        self.parts += max(sides, asked) if isinstance(asked, int) else sides
        if self.parts > _MAX_PARTS:
            raise GraphError("shapes", "A tensor this long can't be taken apart", node=node.name, op=node.op, at=node.at)

    def after(self, node: Node, value: Any) -> Any:
        for tensor in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(tensor, Tensor):
                self._weigh(node, tensor)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**40:
            raise GraphError("shapes", "An integer is too large for a size", node=node.name, op=node.op, at=node.at)
        self.multiply_adds += multiply_adds(node, value, self.environment)
        return value

    def _weigh(self, node: Node, tensor: Tensor) -> None:
        if tensor.ndim > _MAX_SIDES:
            raise GraphError("shapes", f"A value has more than {_MAX_SIDES} dimensions", node=node.name, op=node.op, at=node.at)
        size = tensor.numel() * tensor.element_size()
        if size > self.most_bytes:
            sentence = f"A value of {size / 2**20:.0f} MiB is over the limit of {self.most_bytes / 2**20:.0f} MiB"
            raise GraphError("intermediate-bytes", sentence, node=node.name, op=node.op, at=node.at)
        self.largest_bytes = max(self.largest_bytes, size)
        self.total_bytes += 0 if node.operator.aliases or node.operator.in_place or node.op == "getitem" else size


def multiply_adds(node: Node, value: Any, environment: dict[str, Any]) -> int:
    """Multiply-adds of one call: exact for products with weights or of two values, an upper estimate otherwise."""
    if node.kind not in ("conv", "matrix"):
        return _other_work(node, value, environment)
    if not isinstance(value, Tensor):
        return 0
    shapes = [environment[name].shape for name in node.refs if isinstance(environment[name], Tensor)]
    if node.kind == "conv":
        return _conv_work(node, value, shapes)
    return _matrix_work(node, value, shapes)


def _other_work(node: Node, value: Any, environment: dict[str, Any]) -> int:
    """One for each element that is read or written; more where each takes a window, a row or a decomposition."""
    written = value if isinstance(value, (tuple, list)) else (value,)
    tensors = [each for each in (*written, *(environment[name] for name in node.refs)) if isinstance(each, Tensor)]
    if not tensors or node.kind in ("getitem", "size"):
        return 0
    return max(each.numel() for each in tensors) * _each(node, tensors)


def _each(node: Node, tensors: list[Tensor]) -> int:
    """Steps for one element of the largest operand of an operator that is no product."""
    if node.base in ("max_pool2d", "max_pool2d_with_indices", "max_pool1d", "avg_pool1d", "avg_pool2d", "avg_pool3d"):
        sides = node.get("kernel_size")
        return math.prod(side for side in sides if isinstance(side, int)) if isinstance(sides, tuple) else 1
    if node.base == "cdist":
        return max(tensors[-1].shape[-1:], default=1)
    if node.base == "linalg_norm":  # of a matrix it may need the singular values
        return max(min(tensors[-1].shape[-2:], default=1), 1)
    return 16 if node.base in ("sort", "argsort", "topk", "median", "upsample_bicubic2d") else 1


def _conv_work(node: Node, value: Tensor, shapes: list[torch.Size]) -> int:
    weight = shapes[1].numel()
    if "transpose" in node.base or node.get("transposed"):
        return shapes[0].numel() // max(shapes[1][0], 1) * weight
    return value.numel() // max(shapes[1][0], 1) * weight


def _matrix_work(node: Node, value: Tensor, shapes: list[torch.Size]) -> int:
    if node.base == "einsum":
        return _einsum_work(node, shapes)
    if node.base == "scaled_dot_product_attention":
        query, key = shapes[0], shapes[1]
        return 2 * query.numel() * key[-2]
    if node.base == "bilinear":
        return value.numel() * shapes[0][-1] * shapes[1][-1]
    if node.base in ("addmm", "baddbmm", "addbmm", "addmv"):
        shapes = shapes[1:]
    if node.base == "addbmm":
        return value.numel() * shapes[0].numel() // max(shapes[0][-2], 1)
    return value.numel() * (1 if node.base == "outer" else shapes[0][-1] if shapes[0] else 1)


def _einsum_work(node: Node, shapes: list[torch.Size]) -> int:
    equation = node.get("equation")
    terms = str(equation).replace(" ", "").split("->")[0].split(",")
    sides: dict[str, int] = {}
    rest = 1
    for term, shape in zip(terms, shapes, strict=False):
        letters = term.replace("...", "")
        tail = term.split("...")[-1] if "..." in term else ""
        explicit = list(shape[: len(letters) - len(tail)]) + (list(shape[len(shape) - len(tail) :]) if tail else [])
        sides.update(zip(letters, explicit, strict=False))
        if "..." in term:
            rest = max(rest, shape.numel() // max(math.prod(explicit), 1))
    return math.prod(sides.values()) * rest


def _check_constants(graph: Graph, limits: Limits) -> None:
    statistics = norm_statistics(graph)
    kept = {spec.storage: spec for spec in graph.tensors if spec.kind != "parameter" and spec.name not in statistics}
    size = sum(math.prod(spec.shape) * DTYPES[spec.dtype].itemsize for spec in kept.values())
    if size > limits.constant_bytes:
        largest = max(kept.values(), key=lambda spec: math.prod(spec.shape))
        sentence = f"Constants and buffers hold {size} bytes, at most {limits.constant_bytes} are allowed (the largest is {largest.path!r})"
        raise GraphError("constant-bytes", sentence)


def norm_statistics(graph: Graph) -> frozenset[str]:
    """Names of buffers that are read only as running statistics of a norm, and of its counters."""
    return frozenset(spec.name for spec in graph.tensors if spec.kind == "buffer" and _is_statistic(graph, spec))


def _is_statistic(graph: Graph, spec: TensorSpec) -> bool:
    if not spec.shape and not DTYPES[spec.dtype].is_floating_point:
        return True
    users = graph.users.get(spec.name, ())
    return bool(users) and all(_reads_as_statistic(user, spec.name) for user in users)


def _reads_as_statistic(user: Node, name: str) -> bool:
    places = [user.get("running_mean"), user.get("running_var")]
    return user.refs.count(name) == places.count(Ref(name))
