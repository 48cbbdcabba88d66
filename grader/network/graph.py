"""A network as data: frozen records of its inputs, tensors, nodes and outputs. Made by ``parsing.parse_graph``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .operators import REQUIRED, Operator, operator
from .values import Ref, Value


@dataclass(frozen=True)
class Limits:
    """What a stranger's network may cost. Multiply-adds are for one sample, bytes for the largest batch."""

    nodes: int = 4000
    multiply_adds: float = 2e9
    intermediate_bytes: int = 256 * 2**20  # one value
    total_bytes: int = 4 * 2**30  # all values of one run together: training keeps them
    constant_bytes: int = 64 * 2**10
    batches: tuple[int, ...] = (1, 2, 64)  # the last is the largest batch that will be used


@dataclass(frozen=True)
class InputSpec:
    """An input of the network; None in the shape is the free batch size."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True)
class TensorSpec:
    """A parameter, buffer or constant. Specs that name the same storage are one weight (tied)."""

    name: str
    kind: str  # "parameter" | "buffer" | "constant"
    path: str
    storage: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool


@dataclass(frozen=True)
class Node:
    """One operator call. ``args`` are positional in the operator's order, ``kwargs`` its keyword arguments."""

    name: str
    op: str
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...]
    at: str | None = None
    module: str | None = None

    @property
    def operator(self) -> Operator:
        """The entry of the allow-list."""
        found = operator(self.op)
        if found is None:
            raise KeyError(self.op)  # a parsed node names an allowed operator
        return found

    @property
    def kind(self) -> str:
        """The kind of its operator, e.g. "conv"."""
        return self.operator.kind

    @property
    def base(self) -> str:
        """The operator without namespace and overload: "conv2d" for "aten.conv2d.default"."""
        return self.op.split(".")[1] if "." in self.op else self.op

    def get(self, name: str) -> Value:
        """The argument called ``name`` in the operator's schema, or its default."""
        for index, argument in enumerate(self.operator.arguments):
            if argument.name != name:
                continue
            if index < len(self.args) and not argument.keyword_only:
                return self.args[index]
            fallback: Value = None if argument.default is REQUIRED else argument.default
            return dict(self.kwargs).get(name, fallback)
        return None

    @cached_property
    def refs(self) -> tuple[str, ...]:
        """Names this node reads, in order, with repeats."""
        return tuple(_refs((self.args, tuple(value for _, value in self.kwargs))))


_STATISTICS = {"batch_norm": "training", "instance_norm": "use_input_stats"}


def written_names(node: Node) -> tuple[str, ...]:
    """What a call writes into: the first operand of an in-place operator, and the statistics that a norm takes of its batch.

    The schemas of norms do not say so.
    """
    if node.operator.in_place:
        return node.refs[:1]
    if node.base not in _STATISTICS or node.get(_STATISTICS[node.base]) is not True:
        return ()
    kept = (node.get("running_mean"), node.get("running_var"))
    return tuple(value.name for value in kept if isinstance(value, Ref))


def _refs(value: object) -> Iterator[str]:
    if isinstance(value, Ref):
        yield value.name
    elif isinstance(value, tuple):
        for item in value:
            yield from _refs(item)


@dataclass(frozen=True)
class Graph:
    """A network as data, validated: names are unique and defined before they are used, operators are allowed."""

    inputs: tuple[InputSpec, ...]
    tensors: tuple[TensorSpec, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Ref, ...]

    @cached_property
    def by_name(self) -> dict[str, Node]:
        """Nodes by name."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def tensor_by_name(self) -> dict[str, TensorSpec]:
        """Parameters, buffers and constants by name."""
        return {spec.name: spec for spec in self.tensors}

    @cached_property
    def users(self) -> dict[str, tuple[Node, ...]]:
        """Which nodes read a name."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.refs):
                found.setdefault(name, []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    @cached_property
    def from_input(self) -> frozenset[str]:
        """Names of the tensors whose values depend on an input (sizes do not count)."""
        found = {spec.name for spec in self.inputs}
        for node in self.nodes:
            if node.operator.returns != "int" and any(ref in found for ref in node.refs):
                found.add(node.name)
        return frozenset(found)

    @cached_property
    def fixed_batch(self) -> int | None:
        """The batch size of a graph that was exported for one size only, None where it is free."""
        first = self.inputs[0].shape
        return first[0] if first else None

    def input_shapes(self, batch: int) -> tuple[tuple[int, ...], ...]:
        """The shapes of the inputs for a batch of that size."""
        return tuple(tuple(batch if side is None else side for side in spec.shape) for spec in self.inputs)
