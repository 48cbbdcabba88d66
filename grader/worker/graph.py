"""An exported program as the GRAPH of the protocol: names of operators and plain arguments, nothing that is code."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind

from .eager import InputSpec
from .faults import relative
from .weights import Storages

MAX_NODES = 20_000
_FRAME = re.compile(r'File "(.+?)", line (\d+)')
_INTEGER_OPS = {
    operator.add: "add",
    operator.sub: "sub",
    operator.mul: "mul",
    operator.floordiv: "floordiv",
    operator.neg: "neg",
    operator.getitem: "getitem",
}
_KINDS = {InputKind.PARAMETER: "parameter", InputKind.BUFFER: "buffer", InputKind.CONSTANT_TENSOR: "constant"}
_SAME_VALUE = {"aten.lift_fresh_copy.default": "aten.clone.default", "aten.detach_.default": "aten.detach.default"}


class Unsupported(Exception):
    """The graph holds something that is no operator on tensors; ``place`` is (file, line) in the submission."""

    def __init__(self, text: str, place: tuple[str, int] | None = None) -> None:
        super().__init__(text)
        self.place = place


def write_graph(program: ExportedProgram, specs: Sequence[InputSpec], batch: int | None, storages: Storages, root: Path) -> dict[str, Any]:
    """The document of one graph; batch None leaves the batch size free. Raises Unsupported."""
    writer = _Writer(root)
    inputs, tensors = _placeholders(program, specs, batch, storages, writer.values)
    outputs = writer.write(program.graph_module)
    return {"inputs": inputs, "tensors": tensors, "nodes": writer.nodes, "outputs": _references(outputs)}


def _placeholders(
    program: ExportedProgram,
    specs: Sequence[InputSpec],
    batch: int | None,
    storages: Storages,
    values: dict[fx.Node, Any],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    inputs: list[dict[str, Any]] = []
    tensors: list[dict[str, Any]] = []
    nodes = (node for node in program.graph.nodes if node.op == "placeholder")
    for node, spec in zip(nodes, program.graph_signature.input_specs, strict=True):
        if spec.kind is InputKind.USER_INPUT:
            given = specs[len(inputs)]
            shape = given.shape if batch is None else given.sized(batch)
            document = {"name": f"x{len(inputs)}", "shape": list(shape), "dtype": _word(given.dtype)}
            inputs.append(document)
        else:
            document = _tensor(f"t{len(tensors)}", _KINDS[spec.kind], str(spec.target), program, storages)
            tensors.append(document)
        values[node] = {"ref": document["name"]}
    return inputs, tensors


def _tensor(name: str, kind: str, path: str, program: ExportedProgram, storages: Storages) -> dict[str, Any]:
    value = program.state_dict[path] if path in program.state_dict else program.constants[path]
    storage = storages.constant(value) if kind == "constant" else storages.name(value)
    lifted = path.startswith("lifted_tensor_")  # numbered per graph: the same name would mean another value in the next
    return {
        "name": name,
        "kind": kind,
        "path": f"constant.{storage}" if lifted else path,
        "storage": storage,
        "shape": list(value.shape),
        "dtype": _word(value.dtype),
        "trainable": kind == "parameter" and value.requires_grad,
    }


class _Several(list[Any]):
    """The values of an inlined sub-graph; ``getitem`` on it is resolved here."""


class _Writer:
    """Walks a graph and its sub-graphs; ``values`` holds the ARGUMENT that stands for each node."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.values: dict[fx.Node, Any] = {}
        self.nodes: list[dict[str, Any]] = []

    def write(self, module: torch.nn.Module) -> list[Any]:
        """Append the nodes of one graph module; returns its outputs as arguments."""
        graph: fx.Graph = module.graph  # type: ignore[assignment]
        live = _live(graph)
        outputs: list[Any] = []
        for node in graph.nodes:
            if node.op == "call_function" and node in live:
                self.values[node] = self._call(module, node)
            elif node.op == "output":
                outputs = [self._argument(value) for value in node.args[0]]
        return outputs

    def _call(self, module: torch.nn.Module, node: fx.Node) -> Any:
        if isinstance(node.target, torch._ops.HigherOrderOperator):
            return self._inline(module, node)
        if node.target is operator.getitem and isinstance(several := self.values[node.args[0]], _Several):  # type: ignore[index]
            return several[node.args[1]]  # type: ignore[index]
        op = self._operator(node)
        args = [self._argument(value) for value in node.args]
        return self._append(node, op, args, {key: self._argument(value) for key, value in node.kwargs.items()})

    def _operator(self, node: fx.Node) -> str:
        if isinstance(node.target, torch._ops.OpOverload):
            name = str(node.target)
            if name in ("aten.item.default", "aten._local_scalar_dense.default"):
                return self._item(node)
            return _SAME_VALUE.get(name, name)
        if node.target in _INTEGER_OPS:
            return _INTEGER_OPS[node.target]
        raise Unsupported(f"{node.target} cannot be handed over", self._place(node))

    def _item(self, node: fx.Node) -> str:
        """A number taken out of a tensor, used in tensor arithmetic only, is that tensor without its history."""
        for user in node.users:
            if not (isinstance(user.target, torch._ops.OpOverload) and user.target._overloadname == "Tensor"):
                raise Unsupported("a value is taken out of a tensor", self._place(node))
        return "aten.detach.default"

    def _inline(self, module: torch.nn.Module, node: fx.Node) -> _Several:
        name = str(node.target)
        if name == "wrap_with_set_grad_enabled":
            enabled, body, *operands = node.args
            outputs = self._body(module, body, operands)
            return outputs if enabled else _Several(self._detached(node, value) for value in outputs)
        if name == "wrap_with_autocast" and (node.args[0] != "cpu" or not node.args[2]):
            return self._body(module, node.args[4], node.args[5:])
        raise Unsupported(f"{name} cannot be handed over", self._place(node))

    def _body(self, module: torch.nn.Module, body: Any, operands: Sequence[Any]) -> _Several:
        inner = module.get_submodule(str(body.target))
        graph: fx.Graph = inner.graph  # type: ignore[assignment]
        names = [node for node in graph.nodes if node.op == "placeholder"]
        self.values.update(zip(names, map(self._argument, operands), strict=True))
        return _Several(self.write(inner))

    def _detached(self, node: fx.Node, value: Any) -> Any:
        return self._append(node, "aten.detach.default", [value], {}) if isinstance(value, dict) else value

    def _append(self, node: fx.Node, op: str, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        if len(self.nodes) >= MAX_NODES:
            raise Unsupported(f"the network takes more than {MAX_NODES} operations", self._place(node))
        place = self._place(node)
        name = f"n{len(self.nodes)}"
        at = f"{place[0]}:{place[1]}" if place else None
        document = {"name": name, "op": op, "args": args, "kwargs": kwargs, "at": at, "module": _module_path(node)}
        self.nodes.append(document)
        return {"ref": name}

    def _place(self, node: fx.Node) -> tuple[str, int] | None:
        """The innermost frame inside the submission."""
        for file, line in reversed(_FRAME.findall(node.meta.get("stack_trace") or "")):
            inside = _inside(file, self.root)
            if inside is not None:
                return inside, int(line)
        return None

    def _argument(self, value: Any) -> Any:
        if isinstance(value, fx.Node):
            return self.values[value]
        if isinstance(value, list | tuple):
            return [self._argument(item) for item in value]
        return _constant(value)


def _constant(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    for kind, key in _WORDS.items():
        if isinstance(value, kind):
            return {key: _word(value)}
    raise Unsupported(f"a {type(value).__name__} as an argument cannot be handed over")


_WORDS: dict[type, str] = {
    str: "string",
    torch.dtype: "dtype",
    torch.device: "device",
    torch.memory_format: "memory_format",
    torch.layout: "layout",
}


def _word(value: Any) -> str:
    return str(value).removeprefix("torch.")


def _references(outputs: list[Any]) -> list[dict[str, Any]]:
    """What the network returns beside tensors (None, sizes) is dropped."""
    return [value for value in outputs if isinstance(value, dict) and "ref" in value]


def _live(graph: fx.Graph) -> set[fx.Node]:
    """The nodes that the output depends on, with those that write into a tensor and all they need."""
    live: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        if node.op == "output" or node in live or _writes(node):
            live.add(node)
            live.update(node.all_input_nodes)
    return live


def _writes(node: fx.Node) -> bool:
    target = node.target
    return isinstance(target, torch._ops.OpOverload) and bool(target._schema.is_mutable)


def _module_path(node: fx.Node) -> str | None:
    stack = node.meta.get("nn_module_stack") or {}
    key = next(reversed(stack), "")
    return None if not key or key.startswith("_empty") else str(stack[key][0]) or None


@lru_cache(maxsize=4096)
def _inside(file: str, root: Path) -> str | None:
    return relative(file, root)
