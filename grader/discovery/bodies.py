"""The code of one definition, and which expressions in it are the value of a parameter."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from grader.discovery.evaluate import Evaluator
from grader.discovery.records import Definition
from grader.discovery.scopes import At, Function, Unit
from grader.discovery.signatures import Signatures
from grader.discovery.values import External, Made, Ref

MAX_NODES = 6000  # of one definition
# The formal parameters of what torch offers: they say what a value is that is handed on.
_CONV = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias")
_POOL = ("kernel_size", "stride", "padding")
FORMALS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Conv2d", "Conv1d", "ConvTranspose2d"), _CONV),
    "LazyConv2d": _CONV[1:],
    "Linear": ("in_features", "out_features", "bias"),
    "LazyLinear": ("out_features", "bias"),
    **dict.fromkeys(("BatchNorm2d", "BatchNorm1d", "InstanceNorm2d", "PReLU"), ("num_features",)),
    **dict.fromkeys(("Dropout", "Dropout2d"), ("dropout",)),
    **dict.fromkeys(("MaxPool2d", "AvgPool2d"), _POOL),
    **dict.fromkeys(("max_pool2d", "avg_pool2d", "unfold"), ("input", *_POOL)),
    "dropout": ("input", "dropout"),
    "conv2d": ("input", "weight", "bias", "stride", "padding"),
}
_SAME_TEXT = frozenset(("lower", "upper", "strip"))
_SAME_VALUE = frozenset(("int", "str", "list", "tuple"))


class Body:
    """The nodes of a class with the constructor that it inherits, or of a function."""

    def __init__(self, evaluator: Evaluator, signatures: Signatures, definitions: Mapping[Ref, Definition], ref: Ref) -> None:
        self._evaluator, self._signatures, self._definitions = evaluator, signatures, definitions
        self.ref, self.definition = ref, definitions[ref]
        self.unit, self._node = evaluator.definitions[ref]
        self.nodes = list(islice(chain.from_iterable(ast.walk(node) for node in self._parts()), MAX_NODES))
        self.calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        self._aliases = {each.name: each.name for each in self.definition.parameters}
        for node in self.nodes:
            if isinstance(node, ast.Assign) and (name := self.parameter(node.value)):
                self._aliases.update({key: name for key in map(_key, node.targets) if key and key not in self._aliases})

    def _parts(self) -> Iterator[ast.AST]:
        yield self._node
        signature = self._signatures.signature(self.ref, self.definition.kind)
        if signature and not self._holds(*signature):
            yield signature[1]

    def _holds(self, unit: Unit, function: ast.AST) -> bool:
        return function is self._node or unit.scope(function) is self._node

    def parameter(self, node: ast.expr | None) -> str | None:
        """The parameter that an expression is: `x`, `self.x` after `self.x = x`, `x.lower()`, `x or 3`."""
        for _ in range(4):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SAME_TEXT:
                node = node.func.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SAME_VALUE and node.args:
                node = node.args[0]
            elif isinstance(node, ast.BoolOp):
                node = node.values[0]
        return self._aliases.get(_key(node)) if node is not None else None

    def parameters(self, nodes: Iterable[ast.expr]) -> Iterator[str]:
        """The parameters among some expressions."""
        return (name for node in nodes if (name := self.parameter(node)))

    def value(self, node: ast.expr) -> Any:
        """What an expression is, the first where it may be several things."""
        return self._evaluator.values(node, At(self.unit))[0]

    def given(self, call: ast.Call) -> list[tuple[str, ast.expr]]:
        """The arguments of a call by the names of the formal parameters, as far as these are known."""
        return [*zip(self._formals(call), call.args, strict=False), *((each.arg, each.value) for each in call.keywords if each.arg)]

    def _formals(self, call: ast.Call) -> tuple[str, ...]:
        if called(call) in FORMALS:
            return FORMALS[called(call)]
        value = self.value(call.func) if isinstance(call.func, ast.Name) else None
        definition = self._definitions.get(value) if isinstance(value, Ref) else None
        return tuple(each.name for each in definition.parameters if each.kind == "positional") if definition else ()

    def is_in_forward(self, node: ast.AST) -> bool:
        """Whether it runs with data, not when the thing is built."""
        scope = self.unit.scope(node)
        return isinstance(scope, Function) and scope.name == "forward"

    def made(self) -> list[Ref | External]:
        """By what the things were made that it returns, where it is a function that makes some."""
        results = self._evaluator.returns.get(self._node, [])
        values = [value for result in results for value in self._evaluator.values(result, At(self.unit))]
        return [value.by for value in values if isinstance(value, Made)]

    def bases(self) -> list[str]:
        """The names of what it derives from, without their modules."""
        return [base.name.rpartition(".")[2] for base in self._signatures.bases(self.ref) if isinstance(base, Ref | External)]


def called(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _key(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return f"self.{node.attr}" if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self" else ""
