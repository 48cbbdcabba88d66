"""What a definition does with each of its parameters: what it hands them on as, compares them with, takes out of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Literal

from grader.discovery.evaluate import Evaluator
from grader.discovery.records import Definition
from grader.discovery.scopes import At, Function, Unit
from grader.discovery.signatures import Signatures
from grader.discovery.values import External, Made, Ref

Use = Literal["network", "layer", "unknown"]
MAX_NODES = 6000  # of one definition
MAX_CHOICES = 10
CLASSES = 10
NETWORK_NAME = re.compile(r"cnn|net(work)?(?!ic)|model|classif|mlp|perceptron|^fc|fc$|fully_?conn|vgg", re.I)
LAYER_NAME = re.compile(
    r"block|layer|atten|pool|activ|conv2?d|swish|mish|r?elu|gelu|bottleneck|resid(?!.*(net|cnn|model))|^se|cbam|gate|squeeze|module$|norm|downsample", re.I
)
# The formal parameters of what torch offers, where the name of a value that is handed on says what it is.
_CONV = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias")
_POOL = ("kernel_size", "stride", "padding")
FORMALS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Conv2d", "Conv1d", "ConvTranspose2d"), _CONV),
    "LazyConv2d": _CONV[1:],
    "Linear": ("in_features", "out_features", "bias"),
    "LazyLinear": ("out_features", "bias"),
    **dict.fromkeys(("BatchNorm2d", "BatchNorm1d", "InstanceNorm2d", "LayerNorm", "PReLU"), ("num_features",)),
    **dict.fromkeys(("Dropout", "Dropout2d"), ("dropout",)),
    **dict.fromkeys(("MaxPool2d", "AvgPool2d"), _POOL),
    **dict.fromkeys(("max_pool2d", "avg_pool2d", "unfold"), ("input", *_POOL)),
    "dropout": ("input", "dropout"),
    "conv2d": ("input", "weight", "bias", "stride", "padding"),
}
_SAME_TEXT = frozenset(("lower", "upper", "strip"))


@dataclass(frozen=True)
class Purpose:
    """What the body of a definition tells. Everything is by the name of a parameter."""

    use: Use = "unknown"
    handed_on: Mapping[str, str] = field(default_factory=dict)  # the first formal parameter that it is handed on as
    choices: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # what it is compared with, or looked up among
    sequences: frozenset[str] = frozenset()  # looped over, measured or indexed by number
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # text that it is indexed by: it is a dict
    builds: Mapping[str, int] = field(default_factory=dict)  # called outside forward, with so many arguments: it is a class
    applied: frozenset[str] = frozenset()  # called in forward: it is a layer or a function
    convolves: bool = False
    takes_tensor: bool = False  # the first parameter is the input: an operation, nothing that makes one


def purposes(evaluator: Evaluator, signatures: Signatures, definitions: Mapping[Ref, Definition]) -> dict[str, Purpose]:
    """The purpose of each definition by its place."""
    return {ref.place: _Body(evaluator, signatures, definitions, ref).purpose() for ref in definitions}


class _Body:
    """The code of one definition."""

    def __init__(self, evaluator: Evaluator, signatures: Signatures, definitions: Mapping[Ref, Definition], ref: Ref) -> None:
        self._evaluator, self._signatures, self._definitions, self._ref = evaluator, signatures, definitions, ref
        self._unit, self._node = evaluator.definitions[ref]
        self._names = {each.name for each in definitions[ref].parameters}
        self._nodes = list(islice(chain.from_iterable(ast.walk(node) for _, node in self._parts()), MAX_NODES))
        self._aliases: dict[str, str] = {name: name for name in self._names}
        for node in self._nodes:
            if isinstance(node, ast.Assign) and (name := self._parameter(node.value)):
                for key in map(_key, node.targets):
                    self._aliases.setdefault(key, name)

    def purpose(self) -> Purpose:
        """All of it."""
        definition = self._definitions[self._ref]
        calls = [node for node in self._nodes if isinstance(node, ast.Call)]
        handed_on, wide = self._handed_on(calls)
        builds, applied = self._called(calls)
        return Purpose(
            use=self._use(definition, wide),
            handed_on=handed_on,
            choices=self._choices(),
            sequences=frozenset(self._sequences()),
            keys=self._keys(),
            builds=builds,
            applied=frozenset(applied),
            convolves=any(getattr(call.func, "attr", getattr(call.func, "id", "")) in ("Conv2d", "conv2d") for call in calls),
            takes_tensor=definition.kind == "autograd" or (definition.kind == "function" and not self._is_factory()),
        )

    def _parts(self) -> Iterator[tuple[Unit, ast.AST]]:
        """The class, and the constructor that it inherits."""
        yield self._unit, self._node
        signature = self._signatures.signature(self._ref, self._definitions[self._ref].kind)
        if signature and self._unit.scope(signature[1]) is not self._node and signature[1] is not self._node:
            yield signature

    def _parameter(self, node: ast.expr | None) -> str | None:
        """The parameter that an expression is."""
        for _ in range(4):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SAME_TEXT:
                node = node.func.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("int", "str", "list", "tuple") and node.args:
                node = node.args[0]
            elif isinstance(node, ast.BoolOp):
                node = node.values[0]
        return self._aliases.get(_key(node)) if isinstance(node, ast.Name | ast.Attribute) else None

    def _handed_on(self, calls: Iterable[ast.Call]) -> tuple[dict[str, str], bool]:
        """What parameters are handed on as, and whether something ends in as many outputs as there are classes."""
        found: dict[str, str] = {}
        ends = False
        for call in calls:
            formals = self._formals(call)
            given = [*zip(formals, call.args, strict=False), *((each.arg, each.value) for each in call.keywords if each.arg)]
            here: dict[str, str] = {}
            for formal, argument in given:
                name = self._parameter(argument)
                if name and formal != "input" and formals:
                    here[name] = "channels" if {here.get(name), formal} == {"in_channels", "out_channels"} else formal
                ends |= formal == "out_features" and isinstance(argument, ast.Constant) and argument.value == CLASSES
            for name, formal in here.items():
                found.setdefault(name, formal)
        return found, ends

    def _formals(self, call: ast.Call) -> tuple[str, ...]:
        last = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if last in FORMALS:
            return FORMALS[last]
        for value in self._evaluator.values(call.func, At(self._unit)) if isinstance(call.func, ast.Name) else ():
            if isinstance(value, Ref) and value in self._definitions:
                return tuple(each.name for each in self._definitions[value].parameters if each.kind == "positional")
        return ()

    def _choices(self) -> dict[str, tuple[Any, ...]]:
        found: dict[str, dict[Any, None]] = {}
        for node in self._nodes:
            for name, values in self._compared(node):
                known = found.setdefault(name, {})
                known.update((value, None) for value in values if isinstance(value, str | int | float) and len(known) < MAX_CHOICES)
        return {name: tuple(values) for name, values in found.items() if values}

    def _compared(self, node: ast.AST) -> Iterator[tuple[str, Iterable[Any]]]:
        """A parameter and the values that it is compared with or looked up among."""
        match node:
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
                for one, other in ((left, right), (right, left)):
                    if (name := self._parameter(one)) and isinstance(other, ast.Constant):
                        yield name, [other.value]
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]) if name := self._parameter(left):
                yield name, self._members(right)
            case ast.Subscript(value=container, slice=index) if name := self._parameter(index):
                yield name, self._members(container, only_dict=True)
            case ast.Call(func=ast.Attribute(value=container, attr="get"), args=[index, *_]) if name := self._parameter(index):
                yield name, self._members(container, only_dict=True)
            case ast.Match(subject=subject, cases=cases) if name := self._parameter(subject):
                patterns = (each for case in cases[:MAX_CHOICES] for each in ast.walk(case.pattern) if isinstance(each, ast.MatchValue))
                yield name, [each.value.value for each in patterns if isinstance(each.value, ast.Constant)]

    def _members(self, container: ast.expr, *, only_dict: bool = False) -> list[Any]:
        value = self._evaluator.values(container, At(self._unit))[0]
        return list(value) if isinstance(value, dict) or (isinstance(value, list) and not only_dict) else []

    def _sequences(self) -> Iterator[str]:
        for node in self._nodes:
            inner: list[ast.expr] = []
            match node:
                case ast.For(iter=value) | ast.comprehension(iter=value) | ast.Starred(value=value):
                    inner = [value, *(value.args if isinstance(value, ast.Call) and _last(value) in ("enumerate", "zip", "reversed") else [])]
                case ast.Call(args=[value, *_]) if _last(node) in ("len", "sum"):
                    inner = [value]
                case ast.Subscript(value=value, slice=ast.Constant(value=int()) | ast.UnaryOp() | ast.Slice() | ast.BinOp()):
                    inner = [value]
            yield from (name for each in inner if (name := self._parameter(each)))

    def _keys(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for node in self._nodes:
            match node:
                case ast.Subscript(value=value, slice=ast.Constant(value=str() as key)):
                    name = self._parameter(value)
                case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str() as key)]):
                    name = self._parameter(value)
                case _:
                    continue
            if name and len(found.setdefault(name, {})) < 2 * MAX_CHOICES:
                found[name][key] = None
        return {name: tuple(keys) for name, keys in found.items()}

    def _called(self, calls: Iterable[ast.Call]) -> tuple[dict[str, int], set[str]]:
        builds: dict[str, int] = {}
        applied = set()
        for call in calls:
            if not (name := self._parameter(call.func)):
                continue
            if isinstance(scope := self._unit.scope(call), Function) and scope.name == "forward":
                applied.add(name)
            else:
                builds[name] = max(builds.get(name, 0), len(call.args) + len(call.keywords))
        return builds, applied

    def _is_factory(self) -> bool:
        results = self._evaluator.returns.get(self._node, [])
        return any(isinstance(value, Made) for result in results for value in self._evaluator.values(result, At(self._unit)))

    def _use(self, definition: Definition, ends: bool) -> Use:
        """Whether it is a whole network: it knows how many classes there are, or is called so."""
        names = (each.name.lower() for each in definition.parameters)
        if ends or any("class" in name for name in names):
            return "network"
        last = definition.name.rpartition(".")[2]
        if LAYER_NAME.search(last) or definition.kind == "autograd":
            return "layer"
        return "network" if NETWORK_NAME.search(last) else self._inherited()

    def _inherited(self) -> Use:
        bases = [base.name for base in self._signatures.bases(self._ref) if isinstance(base, Ref | External)]
        return "network" if any(NETWORK_NAME.search(base.rpartition(".")[2]) for base in bases) else "unknown"


def _key(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return f"self.{node.attr}" if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self" else ""


def _last(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))
