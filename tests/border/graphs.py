"""Small graphs of random operators out of a string of bytes: each byte is a choice, so that a fuzzer can steer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from grader.network.caps import output_shapes
from grader.network.operators import _KINDS, INTEGER_OPS, STRINGS, Argument, operator
from grader.network.parsing import parse_graph
from grader.network.values import DTYPES

T = TypeVar("T")
Reply = tuple[dict[str, Any], dict[str, Tensor]]
NUMBERS = (0, 1, 2, 3, -1, 4, 5, 8, 16, -2, -4, 7, 64, 255, 4096, 2**20, 2**31, -(2**31), 2**62, 2**63 - 1, -(2**63), 10**30)
FLOATS = (0.0, 1.0, -1.0, 0.5, 1e-5, 1e300, -1e300, 1e-320, 2.5)
OPERATORS = [*sorted(_KINDS), "getitem", *INTEGER_OPS]


class Choices:
    """Reads choices off a string of bytes; an empty one chooses the first of everything."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def __bool__(self) -> bool:
        return self._place < len(self._data)

    def number(self, below: int) -> int:
        """A number from 0; two bytes where one is not enough."""
        taken = self._data[self._place : self._place + (1 if below <= 256 else 2)]
        self._place += len(taken)
        return int.from_bytes(taken, "little") % below if below else 0

    def one(self, values: Sequence[T]) -> T:
        """One of them."""
        return values[self.number(len(values))]


def random_graph(data: bytes) -> dict[str, Any]:
    """A document of one input (N, 2, 4, 4), some tensors, and random operators whose arguments have the right types."""
    choices = Choices(data)
    shapes = [[4], [2], [4, 2, 3, 3], [2, 2, 1, 1], [4, 4], [2, 4, 4], [3]]
    specs = [
        {"name": f"t{place}", "kind": choices.one(("parameter", "buffer", "constant")), "path": f"p{place}", "storage": f"s{place}",
         "shape": shape, "dtype": choices.one(("float32", "int64", "bool", "float64")) if place > 3 else "float32", "trainable": True}
        for place, shape in enumerate(shapes)
    ]  # fmt: skip
    names, nodes = ["x0", *(spec["name"] for spec in specs)], []
    for place in range(1 + choices.number(6)):
        nodes.append(random_node(f"n{place}", choices, names))
        names.insert(0, f"n{place}")
    inputs = [{"name": "x0", "shape": [None, 2, 4, 4], "dtype": "float32"}]
    return {"inputs": inputs, "tensors": specs, "nodes": nodes, "outputs": [{"ref": names[0]}]}


def random_node(name: str, choices: Choices, names: Sequence[str]) -> dict[str, Any]:
    """A call of any operator; what it needs comes first, and optional arguments with a byte for them."""
    found = operator(choices.one(OPERATORS))
    assert found is not None
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for argument in found.arguments:
        wanted = not isinstance(argument.default, (int, float, bool, str, list, type(None))) or choices.number(3) == 0
        if argument.keyword_only and wanted:
            kwargs[argument.name] = _fitting(argument, choices, names)
        elif not argument.keyword_only:
            args.append(_fitting(argument, choices, names) if wanted else _default(argument))
    return {"name": name, "op": found.name, "args": args, "kwargs": kwargs, "at": None, "module": None}


def _default(argument: Argument) -> Any:
    default = argument.default
    return {"string": default} if isinstance(default, str) else default


def _fitting(argument: Argument, choices: Choices, names: Sequence[str]) -> Any:
    kind = argument.type
    if argument.optional and choices.number(4) == 3:
        return None
    if kind.startswith("List["):
        item = kind[5:-1].removeprefix("Optional[").removesuffix("]")
        return [_scalar(item, choices, names) for _ in range(1 + choices.number(4))]
    return _scalar(kind, choices, names)


def _scalar(kind: str, choices: Choices, names: Sequence[str]) -> Any:
    if kind in ("Tensor", "Values"):
        return {"ref": choices.one(names)}
    if kind == "bool":
        return bool(choices.number(2))
    if kind == "int":
        return choices.one(NUMBERS[: 12 + 6 * choices.number(2)])
    if kind == "str":
        return {"string": choices.one((*sorted(STRINGS), "ij,jk->ik", "nchw->nc", "...i,i->..."))}
    words = {"ScalarType": {"dtype": choices.one(list(DTYPES))}, "MemoryFormat": {"memory_format": "channels_last"}}
    words |= {"Device": {"device": "cpu"}, "Layout": {"layout": "strided"}}
    return words.get(kind) or choices.one((*FLOATS, *NUMBERS[:8], {"float": "nan"}, {"float": "inf"}))


def tensors_for(document: dict[str, Any]) -> Reply:
    """A reply of one graph in both modes, with tensors and outputs that fit it."""
    tensors = {spec["storage"]: _filled(spec["shape"], DTYPES[spec["dtype"]]) for spec in document["tensors"]}
    probe = torch.linspace(-1, 1, 2 * 2 * 4 * 4).reshape(2, 2, 4, 4)
    claimed = {f"outputs.{place}": torch.zeros(shape) for place, shape in enumerate(_shapes(document))}
    return {"training": document, "evaluation": document, "form": "free"}, tensors | {"probe": probe} | claimed


def _filled(shape: list[int], dtype: torch.dtype) -> Tensor:
    count = int(torch.Size(shape).numel())
    return torch.linspace(-2, 2, count).reshape(shape).to(dtype)


def _shapes(document: dict[str, Any]) -> tuple[tuple[int, ...], ...]:
    return output_shapes(parse_graph(document), 2)
