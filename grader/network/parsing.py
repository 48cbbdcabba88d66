"""From an untrusted JSON document (GRAPH in the wire's docstring) to a validated ``Graph``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .caps import check_caps
from .effects import check_lookups, check_writes
from .functional import functionalise
from .graph import Graph, InputSpec, Limits, Node, TensorSpec
from .operators import DROPPED, REQUIRED, Argument, Operator, operator
from .values import DTYPES, MAX_INT, MAX_TEXT, GraphError, Ref, Value, displayable, parse_value

MAX_SIDES = 8
MAX_NUMBERS = 2**26
_REFS = 5  # operands for each node that is allowed
_KINDS = ("parameter", "buffer", "constant")


def parse_graph(document: Any, limits: Limits = Limits()) -> Graph:  # noqa: B008 (frozen)
    """Validate ``document`` and return it as frozen records.

    Raises GraphError (and nothing else) that names the node, its operator and its place in the student's code.
    """
    top = _object(document, ("inputs", "tensors", "nodes", "outputs"), "graph")
    kinds: dict[str, str] = {}
    inputs = tuple(_input(raw, kinds) for raw in _list(top["inputs"], 8, "inputs"))
    _check_inputs(inputs)
    tensors = tuple(_tensor(raw, kinds) for raw in _list(top["tensors"], limits.nodes, "tensors"))
    _check_tensors(tensors)
    raw_nodes = _list(top["nodes"], limits.nodes, "nodes")
    nodes = tuple(node for raw in raw_nodes if (node := _node(raw, kinds)) is not None)
    outputs = tuple(_output(raw, kinds) for raw in _list(top["outputs"], 8, "outputs"))
    if not outputs:
        raise GraphError("outputs", "The network has no output")
    graph = Graph(inputs, tensors, nodes, outputs)
    if sum(len(node.refs) for node in nodes) > _REFS * limits.nodes:
        raise GraphError("too-many-refs", f"The network's operators have more than {_REFS * limits.nodes} operands")
    check_writes(graph)
    check_lookups(functionalise(graph))
    check_caps(graph, limits)
    return graph


def _check_inputs(inputs: tuple[InputSpec, ...]) -> None:
    """All inputs have samples on the first axis, the same number of them, at least one where it is fixed."""
    if not inputs:
        raise GraphError("inputs", "The network has no input")
    if any(not spec.shape or spec.shape[0] == 0 for spec in inputs):
        raise GraphError("inputs", "An input has no samples")
    if len({spec.shape[0] for spec in inputs}) > 1:
        raise GraphError("inputs", "The inputs have different batch sizes")


def _object(raw: Any, keys: Sequence[str], what: str, optional: Sequence[str] = ()) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise GraphError("document", f"A {what} has to be an object")
    missing = [key for key in keys if key not in raw and key not in optional]
    unknown = [key for key in raw if key not in keys]
    if missing or unknown:
        raise GraphError("document", f"A {what} lacks {missing} or has unknown keys ({len(unknown)})")
    return raw


def _list(raw: Any, most: int, what: str) -> list[Any]:
    if not isinstance(raw, list):
        raise GraphError("document", f"The {what} have to be a list")
    if len(raw) > most:
        raise GraphError(f"too-many-{what}", f"The network has {len(raw)} {what}, at most {most} are allowed")
    return raw


def _text(raw: Any, what: str) -> str:
    if not isinstance(raw, str) or not raw or len(raw) > MAX_TEXT:
        raise GraphError("document", f"A {what} has to be a text of 1 to {MAX_TEXT} characters")
    return raw


def _name(raw: Any, what: str) -> str:
    if not _text(raw, what).isprintable():
        raise GraphError("document", f"A {what} may not hold control characters")
    return str(raw)


def _place(raw: Any, what: str) -> str | None:
    """A place in the student's code: it is shown, and decides nothing."""
    return None if raw is None else displayable(_text(raw, what))


def _define(name: str, kind: str, kinds: dict[str, str]) -> str:
    if name in kinds:
        raise GraphError("names", f"The name {name[:60]!r} is defined twice")
    kinds[name] = kind
    return name


def _side(raw: Any) -> int:
    if type(raw) is not int or not 0 <= raw <= MAX_INT:
        raise GraphError("shape", "A side of a shape has to be an integer that is not negative")
    return raw


def _sides(raw: Any) -> list[Any]:
    if not isinstance(raw, list) or len(raw) > MAX_SIDES:
        raise GraphError("shape", f"A shape has to be a list of at most {MAX_SIDES} sides")
    return raw


def _dtype(raw: Any) -> str:
    if not isinstance(raw, str) or raw not in DTYPES:
        raise GraphError("dtype", f"A dtype has to be one of {', '.join(DTYPES)}")
    return raw


def _input(raw: Any, kinds: dict[str, str]) -> InputSpec:
    entry = _object(raw, ("name", "shape", "dtype"), "input")
    sides = _sides(entry["shape"])
    shape = tuple(None if side is None and place == 0 else _side(side) for place, side in enumerate(sides))
    return InputSpec(_define(_name(entry["name"], "name"), "tensor", kinds), shape, _dtype(entry["dtype"]))


def _tensor(raw: Any, kinds: dict[str, str]) -> TensorSpec:
    entry = _object(raw, ("name", "kind", "path", "storage", "shape", "dtype", "trainable"), "tensor")
    if entry["kind"] not in _KINDS or not isinstance(entry["trainable"], bool):
        raise GraphError("document", "A tensor is a parameter, buffer or constant, and trainable is true or false")
    shape = tuple(_side(side) for side in _sides(entry["shape"]))
    if math.prod(shape) > MAX_NUMBERS:
        raise GraphError("tensor-size", f"A tensor of {math.prod(shape)} numbers is over the limit of {MAX_NUMBERS}")
    name = _define(_name(entry["name"], "name"), "tensor", kinds)
    path, storage = _name(entry["path"], "path"), _name(entry["storage"], "storage")
    dtype = _dtype(entry["dtype"])
    trainable = entry["trainable"] and entry["kind"] == "parameter" and DTYPES[dtype].is_floating_point
    return TensorSpec(name, entry["kind"], path, storage, shape, dtype, trainable)


def _check_tensors(tensors: tuple[TensorSpec, ...]) -> None:
    storages: dict[str, TensorSpec] = {}
    for spec in tensors:
        first = storages.setdefault(spec.storage, spec)
        if (first.shape, first.dtype, first.kind) != (spec.shape, spec.dtype, spec.kind):
            raise GraphError("ties", f"{spec.path!r} and {first.path!r} share a storage but differ in shape or kind")
    if len({spec.path for spec in tensors}) != len(tensors):
        raise GraphError("names", "Two tensors have the same path")


def _node(raw: Any, kinds: dict[str, str]) -> Node | None:
    entry = _object(raw, ("name", "op", "args", "kwargs", "at", "module"), "node", optional=("at", "module"))
    name, op = _name(entry["name"], "name"), _name(entry["op"], "operator")
    at, module = _place(entry.get("at"), "place"), _place(entry.get("module"), "module")
    if op in DROPPED:
        return None
    found = operator(op)
    if found is None:
        raise GraphError("operator", f"The operator {op[:80]!r} is not allowed", node=name, op=op, at=at)
    try:
        args, kwargs = _arguments(entry["args"], entry["kwargs"], found, kinds)
    except ValueError as error:
        raise GraphError("argument", f"A call of {op} has a wrong argument: {error}", node=name, op=op, at=at) from None
    _define(name, found.returns, kinds)
    return Node(name, op, args, kwargs, at, module)


_Bound = tuple[tuple[Value, ...], tuple[tuple[str, Value], ...]]


def _arguments(raw_args: Any, raw_kwargs: Any, found: Operator, kinds: dict[str, str]) -> _Bound:
    """Bind as Python would, checking each against its declared type. Raises ValueError."""
    if not isinstance(raw_args, list) or not isinstance(raw_kwargs, dict):
        raise ValueError("args has to be a list and kwargs an object")
    positional = [argument for argument in found.arguments if not argument.keyword_only]
    if len(raw_args) > len(positional):
        raise ValueError(f"it takes {len(positional)} positional arguments, got {len(raw_args)}")
    names = {argument.name: argument for argument in found.arguments[len(raw_args) :] if argument.type != "Generator"}
    names |= {argument.name: argument for argument in found.arguments if argument.keyword_only}
    unknown = [str(key)[:40] for key in raw_kwargs if key not in names]
    if unknown:
        raise ValueError(f"it takes no {unknown[0]!r} here")
    _check_required(found, len(raw_args), raw_kwargs)
    args = tuple(parse_value(raw, argument, kinds) for raw, argument in zip(raw_args, positional, strict=False))
    kwargs = tuple((key, parse_value(raw, names[key], kinds)) for key, raw in raw_kwargs.items() if key != "pin_memory")
    return args, kwargs


def _check_required(found: Operator, given: int, raw_kwargs: dict[str, Any]) -> None:
    def lacking(place: int, argument: Argument) -> bool:
        bound = argument.name in raw_kwargs or (place < given and not argument.keyword_only)
        return argument.default is REQUIRED and not bound

    missing = [argument.name for place, argument in enumerate(found.arguments) if lacking(place, argument)]
    if missing:
        raise ValueError(f"it needs {missing[0]!r}")


def _output(raw: Any, kinds: dict[str, str]) -> Ref:
    name = _text(_object(raw, ("ref",), "output")["ref"], "name")
    if kinds.get(name) != "tensor":
        raise GraphError("outputs", f"The output {name[:60]!r} is not a tensor of the network")
    return Ref(name)
