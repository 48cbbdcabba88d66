"""What a definition does with each of its parameters: what it hands them on as, compares them with, takes out of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from grader.discovery.bodies import Body, called
from grader.discovery.evaluate import Evaluator
from grader.discovery.records import Definition
from grader.discovery.signatures import Signatures
from grader.discovery.values import Ref

Use = Literal["network", "layer", "unknown"]
MAX_CHOICES = 10
CLASSES = 10
NETWORK_NAME = re.compile(r"cnn|net(work)?(?!ic)|model|classif|mlp|perceptron|^fc|fc$|fully_?conn|vgg", re.I)
LAYER_NAME = re.compile(
    r"block|layer|atten|pool|activ|conv2?d|swish|mish|r?elu|gelu|bottleneck|resid(?!.*(net|cnn|model))|^se|cbam|gate|squeeze"
    r"|module$|norm|downsample|separable|unit$|(?<!simple)conv$|function$",
    re.I,
)


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
    bodies = {ref: Body(evaluator, signatures, definitions, ref) for ref in definitions}
    found = {ref.place: _purpose(body) for ref, body in bodies.items()}
    for ref, body in bodies.items():
        made = next((found[each.place].use for each in body.made() if isinstance(each, Ref) and each in bodies), None)
        if made and definitions[ref].kind == "function":
            found[ref.place] = replace(found[ref.place], use=made)
    return found


def _purpose(body: Body) -> Purpose:
    kind = body.definition.kind
    builds, applied = _called(body)
    return Purpose(
        use=_use(body),
        handed_on=_handed_on(body),
        choices=_choices(body),
        sequences=frozenset(name for node in body.nodes for name in body.parameters(_listed(node))),
        keys=_keys(body),
        builds=builds,
        applied=frozenset(applied),
        convolves=any(called(call) in ("Conv2d", "conv2d") for call in body.calls),
        takes_tensor=kind == "autograd" or (kind == "function" and not body.made()),
    )


def _handed_on(body: Body) -> dict[str, str]:
    """What each parameter is handed on as, first; "channels" where it is what goes in and what comes out."""
    found: dict[str, str] = {}
    for call in body.calls:
        here: dict[str, str] = {}
        for formal, argument in body.given(call):
            name = body.parameter(argument) if formal != "input" else None
            if name:
                here[name] = "channels" if {here.get(name), formal} == {"in_channels", "out_channels"} else formal
        found = {**here, **found}
    return found


def _choices(body: Body) -> dict[str, tuple[Any, ...]]:
    found: dict[str, dict[Any, None]] = {}
    for node in body.nodes:
        for name, values in _compared(body, node):
            known = found.setdefault(name, {})
            known.update((value, None) for value in values if isinstance(value, str | int | float) and len(known) < MAX_CHOICES)
    return {name: tuple(values) for name, values in found.items() if values}


def _compared(body: Body, node: ast.AST) -> Iterator[tuple[str, Iterable[Any]]]:
    """A parameter and the values that it is compared with or looked up among."""
    match node:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
            for one, other in ((left, right), (right, left)):
                if (name := body.parameter(one)) and isinstance(other, ast.Constant):
                    yield name, [other.value]
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]) if name := body.parameter(left):
            yield name, _members(body.value(right), list | dict)
        case ast.Subscript(value=container, slice=index) if name := body.parameter(index):
            yield name, _members(body.value(container), dict)
        case ast.Call(func=ast.Attribute(value=container, attr="get"), args=[index, *_]) if name := body.parameter(index):
            yield name, _members(body.value(container), dict)
        case ast.Call(func=ast.Attribute(value=value, attr="startswith"), args=[ast.Constant(value=text)]) if name := body.parameter(value):
            yield name, [text]
        case ast.Match(subject=subject, cases=cases) if name := body.parameter(subject):
            patterns = (each for case in cases[:MAX_CHOICES] for each in ast.walk(case.pattern) if isinstance(each, ast.MatchValue))
            yield name, [each.value.value for each in patterns if isinstance(each.value, ast.Constant)]


def _members(value: Any, kind: Any) -> list[Any]:
    return list(value) if isinstance(value, kind) else []


def _listed(node: ast.AST) -> list[ast.expr]:
    """The expressions that a node takes for lists."""
    match node:
        case ast.For(iter=value) | ast.comprehension(iter=value) | ast.Starred(value=value):
            through = value.args if isinstance(value, ast.Call) and called(value) in ("enumerate", "zip", "reversed") else []
            return [value, *through]
        case ast.Call(args=[value, *_]) if called(node) in ("len", "sum", "list", "tuple"):
            return [value]
        case ast.BinOp(left=left, op=ast.Add(), right=right) if isinstance(left, ast.List) or isinstance(right, ast.List):
            return [left, right]
        case ast.Subscript(value=value, slice=ast.Constant(value=int()) | ast.UnaryOp() | ast.Slice() | ast.BinOp()):
            return [value]
    return []


def _keys(body: Body) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for node in body.nodes:
        match node:
            case ast.Subscript(value=value, slice=ast.Constant(value=str() as key)):
                name = body.parameter(value)
            case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str() as key)]):
                name = body.parameter(value)
            case _:
                continue
        if name and len(found.setdefault(name, {})) < 2 * MAX_CHOICES:
            found[name][key] = None
    return {name: tuple(keys) for name, keys in found.items()}


def _called(body: Body) -> tuple[dict[str, int], set[str]]:
    """The parameters that are called when the thing is built, with how many arguments; and those called with data."""
    builds: dict[str, int] = {}
    applied = set()
    for call in body.calls:
        name = body.parameter(call.func)
        if name and body.is_in_forward(call):
            applied.add(name)
        elif name:
            builds[name] = max(builds.get(name, 0), len(call.args) + len(call.keywords))
    return builds, applied


def _use(body: Body) -> Use:
    """Whether it is a whole network: it knows how many classes there are, or is called so."""
    if _ends_in_classes(body) or any("class" in each.name.lower() for each in body.definition.parameters):
        return "network"
    last = body.definition.name.rpartition(".")[2]
    if LAYER_NAME.search(last) or body.definition.kind == "autograd":
        return "layer"
    return "network" if any(map(NETWORK_NAME.search, [last, *body.bases()])) else "unknown"


def _ends_in_classes(body: Body) -> bool:
    outputs = [value for call in body.calls for formal, value in body.given(call) if formal == "out_features"]
    return any(isinstance(value, ast.Constant) and value.value == CLASSES for value in outputs)
