"""What an expression of a submission can be, read off the code: every value that it may have, as far as they are few."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from itertools import chain, islice
from typing import Any

from grader.discovery import operations
from grader.discovery.configs import FUNCTIONS as CONFIG_FUNCTIONS
from grader.discovery.configs import Configs
from grader.discovery.enclosing import Enclosing
from grader.discovery.imports import Files
from grader.discovery.names import Names
from grader.discovery.scopes import At, Function, Unit
from grader.discovery.values import (
    MAX_WEIGHT,
    NOTHING,
    UNKNOWN,
    Bound,
    External,
    Made,
    Ref,
    Values,
    binary,
    combinations,
    compare,
    distinct,
    kept,
)

MAX_STEPS = 200_000  # expressions looked at for one submission
MAX_NESTED = 40
MAX_RETURNS = 8
# Methods of a module that give the module itself.
_SAME_MODULE = frozenset(("to", "cuda", "cpu", "eval", "train", "float", "double", "half", "apply", "requires_grad_"))
_FIELD_VALUES = ("default", "default_factory")
_Kinds = dict[type[ast.expr], Callable[[Any, At], Iterable[Any]]]
_Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class Evaluator:
    """Reads values off the files of one submission."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.units = {unit.path: unit for unit in units}
        self.files = Files(self.units.values())
        self.definitions: dict[Ref, tuple[Unit, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        self.returns: dict[ast.AST, list[ast.expr]] = {}
        for unit in self.units.values():
            for node in unit.nodes:
                if isinstance(node, Function | ast.ClassDef):
                    self.definitions[Ref(unit.path, unit.qualified(node))] = (unit, node)
                elif isinstance(node, ast.Return) and node.value is not None:
                    self.returns.setdefault(unit.scope(node), []).append(node.value)
        self.names = Names(self)
        self.enclosing = Enclosing(self)
        self.configs = Configs(self)
        self._left, self._nested = MAX_STEPS, 0
        sequences: _Kinds = dict.fromkeys((ast.List, ast.Tuple, ast.Set), self._sequence)
        lists: _Kinds = dict.fromkeys((ast.ListComp, ast.SetComp, ast.GeneratorExp), self._listed)
        self._kinds = sequences | lists | {
            ast.DictComp: self._mapped,
            ast.Constant: lambda node, _: (node.value if isinstance(node.value, bool | int | float | str | None) else UNKNOWN,),
            ast.Name: self.names.seen,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.Dict: self._dict,
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._either,
            ast.Compare: self._compare,
            ast.IfExp: self._conditional,
            ast.JoinedStr: self._formatted,
            ast.NamedExpr: lambda node, at: self.values(node.value, at),
            ast.Call: self._call,
        }  # fmt: skip

    def values(self, node: ast.expr, at: At) -> Values:
        """What an expression can be: UNKNOWN alone where nothing is known."""
        kind = self._kinds.get(type(node))
        if kind is None or self._left <= 0 or self._nested >= MAX_NESTED:
            return NOTHING
        self._left -= 1
        self._nested += 1
        try:
            return distinct(map(kept, islice(kind(node, at), MAX_WEIGHT)))
        finally:
            self._nested -= 1

    def value(self, node: ast.expr, at: At) -> Any:
        """What an expression is, UNKNOWN where it may be several things."""
        values = self.values(node, at)
        return values[0] if len(values) == 1 else UNKNOWN

    def _attribute(self, node: ast.Attribute, at: At) -> Iterable[Any]:
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            owner = at.unit.owner(at.unit.scope(node))
            return self.names.of_class(at, owner, node.attr) if owner else NOTHING
        return chain.from_iterable(self.names.member(value, node.attr) for value in self.values(node.value, at))

    def _subscript(self, node: ast.Subscript, at: At) -> Iterable[Any]:
        container = self.values(node.value, at)
        if isinstance(node.slice, ast.Slice):
            bounds = [self.value(each, at) if each else None for each in (node.slice.lower, node.slice.upper, node.slice.step)]
            known = all(isinstance(each, int | None) for each in bounds)
            return [value[slice(*bounds)] if known and isinstance(value, list | str) and bounds[2] != 0 else UNKNOWN for value in container]
        keys = self.values(node.slice, at)
        return chain.from_iterable(operations.chosen(value, key) for value, key in combinations((container, keys)))

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set, at: At) -> Iterable[Any]:
        if len(node.elts) > MAX_WEIGHT:
            return NOTHING
        rows = combinations([self._spread(each, at) for each in node.elts])
        return ([item for part in row for item in part] for row in rows)

    def _spread(self, node: ast.expr, at: At) -> tuple[list[Any], ...]:
        """What one element adds to a list: itself, or with a star all that it holds."""
        if isinstance(node, ast.Starred):
            return tuple(list(operations.elements(value)) for value in self.values(node.value, at))
        return tuple([value] for value in self.values(node, at))

    def _dict(self, node: ast.Dict, at: At) -> Iterable[Any]:
        if len(node.values) > MAX_WEIGHT:
            return NOTHING
        rows = combinations([self._entries(key, value, at) for key, value in zip(node.keys, node.values, strict=True)])
        return ({key: value for part in row for key, value in part.items()} for row in rows)

    def _entries(self, key: ast.expr | None, value: ast.expr, at: At) -> tuple[dict[Any, Any], ...]:
        """What one entry adds to a dict."""
        if key is None:
            return tuple(each if isinstance(each, dict) else {} for each in self.values(value, at))
        name = self.value(key, at)
        return tuple({name: each} for each in self.values(value, at)) if isinstance(name, str | int | float | Ref | External) else ({},)

    def _binary(self, node: ast.BinOp, at: At) -> Iterable[Any]:
        rows = combinations((self.values(node.left, at), self.values(node.right, at)))
        return (binary(type(node.op), left, right) for left, right in rows)

    def _unary(self, node: ast.UnaryOp, at: At) -> Iterable[Any]:
        if isinstance(node.op, ast.Not):
            truth = self.enclosing.truth(node.operand, at)
            return NOTHING if truth is None else (not truth,)
        sign = {ast.USub: -1, ast.UAdd: 1}.get(type(node.op))
        numbers = self.values(node.operand, at)
        return (sign * value if sign and isinstance(value, int | float) else UNKNOWN for value in numbers)

    def _either(self, node: ast.BoolOp, at: At) -> Iterable[Any]:
        """`a or b or c`, `a and b`: those that may decide it."""
        found: list[Any] = []
        for part in node.values:
            truth = self.enclosing.truth(part, at)
            is_last = part is node.values[-1]
            if is_last or truth is None or truth == isinstance(node.op, ast.Or):
                found += self.values(part, at)
            if truth is not None and truth == isinstance(node.op, ast.Or):
                break
        return (UNKNOWN,) if UNKNOWN in found and isinstance(node.op, ast.And) else found

    def _compare(self, node: ast.Compare, at: At) -> Iterable[Any]:
        if len(node.ops) > 1:
            return NOTHING
        rows = combinations((self.values(node.left, at), self.values(node.comparators[0], at)))
        return (compare(type(node.ops[0]), left, right) for left, right in rows)

    def _conditional(self, node: ast.IfExp, at: At) -> Iterable[Any]:
        truth = self.enclosing.truth(node.test, at)
        branches = [node.body, node.orelse] if truth is None else [node.body if truth else node.orelse]
        return chain.from_iterable(self.values(branch, at) for branch in branches)

    def _formatted(self, node: ast.JoinedStr, at: At) -> Iterable[Any]:
        parts = [part.value if isinstance(part, ast.FormattedValue) and not part.format_spec else part for part in node.values]
        rows = combinations([self.values(part, at) for part in parts])
        return ("".join(map(str, row)) if all(isinstance(each, str | int | float) for each in row) else UNKNOWN for row in rows)

    def _listed(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, at: At) -> Iterable[Any]:
        return ([self.value(node.elt, each) for each in self._places(node, at)],)

    def _mapped(self, node: ast.DictComp, at: At) -> Iterable[Any]:
        entries = (self._entries(node.key, node.value, each)[0] for each in self._places(node, at))
        return ({key: value for entry in entries for key, value in entry.items()},)

    def _places(self, node: ast.expr, at: At) -> list[At]:
        """What a comprehension sees, element by element."""
        return [At(at.unit, row) for row in self.enclosing.comprehended(at.unit, node, None, [dict(at.pins)])]

    def _call(self, node: ast.Call, at: At) -> Iterable[Any]:
        if isinstance(node.func, ast.Attribute):
            found = distinct(chain.from_iterable(self._method(value, node, at) for value in self.values(node.func.value, at)))
            if found != NOTHING:
                return found
        return chain.from_iterable(self._result(function, node, at) for function in self.values(node.func, at))

    def _method(self, value: Any, node: ast.Call, at: At) -> Iterable[Any]:
        """What a method of a value gives."""
        assert isinstance(node.func, ast.Attribute)
        if isinstance(value, Made):
            return (value,) if node.func.attr in _SAME_MODULE else NOTHING
        if not isinstance(value, list | dict | str):
            return NOTHING
        positional, _ = self._given(node, at)
        if node.func.attr == "get" and positional and positional[0] is UNKNOWN:
            return operations.chosen(value, UNKNOWN)
        return (operations.method(value, node.func.attr, positional),)

    def _given(self, node: ast.Call, at: At) -> _Arguments:
        positional = tuple(item for each in node.args[:MAX_WEIGHT] for item in self._spread(each, at)[0])
        return positional, {each.arg: self.value(each.value, at) for each in node.keywords if each.arg}

    def _result(self, function: Any, node: ast.Call, at: At) -> Iterable[Any]:
        """What calling something gives."""
        if isinstance(function, Bound):
            function = function.target
        if isinstance(function, External):
            return self._of_package(function, node, at)
        definition = self.definitions.get(function) if isinstance(function, Ref) else None
        if definition is None:
            return NOTHING
        if isinstance(definition[1], ast.ClassDef):
            return self.configs.made(function, node, at) or (Made(function),)
        return self._returned(*definition, node, at)

    def _of_package(self, function: External, node: ast.Call, at: At) -> Iterable[Any]:
        if function.name in CONFIG_FUNCTIONS and node.args:
            return (self.configs.changed(function.name, value, self._given(node, at)[1]) for value in self.values(node.args[0], at))
        if operations.is_function(function.name):
            return (operations.function(function.name, *self._given(node, at)),)
        if function.name == "functools.partial" and node.args:
            positional, named = self._given(node, at)
            target = positional[0] if positional else UNKNOWN
            return (Bound(target, positional[1:], named),) if isinstance(target, Ref) else NOTHING
        if function.name == "dataclasses.field":
            stated = [each.value for each in node.keywords if each.arg in _FIELD_VALUES]
            made = (each.body if isinstance(each, ast.Lambda) else each for each in stated)
            return chain.from_iterable(self.values(each, at) for each in made)
        return (Made(function),) if function.name.rpartition(".")[2][:1].isupper() else NOTHING

    def _returned(self, unit: Unit, function: ast.AST, node: ast.Call, at: At) -> Iterable[Any]:
        """What a function of the submission returns for the arguments of this call."""
        assert isinstance(function, Function)
        parameters = self.enclosing.parameters(unit, function)
        own = {name: self.value(default, At(unit)) if default else UNKNOWN for name, default in parameters}
        rows = list(self.enclosing.given(node, function, list(own), at))
        results = self.returns.get(function, [])[:MAX_RETURNS]
        return chain.from_iterable(self.values(result, At(unit, {**own, **row})) for row in rows for result in results)
