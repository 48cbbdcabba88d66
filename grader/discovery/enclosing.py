"""What the names around a place in the code are there: loop variables and the parameters of the function, combination by combination.

`for k in (3, 5): Net(k)` builds two networks, and `def run(k): Net(k)` as many as there are calls of `run`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.discovery import operations
from grader.discovery.reaching import is_body
from grader.discovery.scopes import At, Comprehension, Function, Unit, defaults
from grader.discovery.values import MAX_COMBINATIONS, NOTHING, UNKNOWN, Made, Ref, Values, combinations, distinct

if TYPE_CHECKING:
    from grader.discovery.evaluate import Evaluator

Pins = dict[str, Any]
MAX_CALLERS = 3  # functions that pass a value on, each to the next
MAX_SITES = 24  # calls of one function that are looked at
MAX_BODY = 500  # statements of one body that are looked through
_BODIES = ("body", "orelse", "finalbody")
_EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Given(NamedTuple):
    """The arguments of a call as they are written."""

    args: list[ast.expr]
    keywords: list[ast.keyword]


class Enclosing:
    """Finds the combinations of values around a place, for an evaluator."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._known: dict[tuple[ast.AST, int], list[Pins]] = {}
        self._depth = 0
        self._sites: dict[str, list[tuple[Unit, ast.Call]]] = {}
        for unit in evaluator.units.values():
            for node in unit.nodes:
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
                    self._sites.setdefault(name or "", []).append((unit, node))

    @property
    def is_looking(self) -> bool:
        """Whether the callers of a function are being looked at: then some of what is found is cut short."""
        return self._depth > 0

    def around(self, unit: Unit, node: ast.AST) -> list[Pins]:
        """The combinations of values under which a node is reached; at least one, perhaps of nothing known."""
        scope = unit.scope(node)
        start = self.of_function(unit, scope) if isinstance(scope, Function) else [{}]
        enclosing = []
        for above, part in unit.above(node):
            enclosing.append((above, part))
            if above is scope:
                break
        found = start
        for above, part in reversed(enclosing):
            found = self._narrowed(unit, above, part, found) or found
            found = self._passed(unit, above, part, found) or found
        return found

    def of_function(self, unit: Unit, function: ast.AST) -> list[Pins]:
        """The combinations of arguments that a function is called with; of its defaults where nobody calls it."""
        assert isinstance(function, Function)
        key = (function, self._depth)  # deeper down less is looked at
        if key in self._known:
            return self._known[key]
        parameters = self.parameters(unit, function)
        own = {name: self._default(unit, default) for name, default in parameters}
        self._known[key] = [own]  # for calls of itself
        if self._depth < MAX_CALLERS:
            self._depth += 1
            try:
                rows = self._given(unit, function, [name for name, _ in parameters])
                self._known[key] = self._distinct({**own, **given} for given in rows) or [own]
            finally:
                self._depth -= 1
        return self._known[key]

    def parameters(self, unit: Unit, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[str, ast.expr | None]]:
        """The parameters that a caller gives, with their default expressions."""
        found = [(argument.arg, default) for argument, default in defaults(function.args)]
        is_method = isinstance(unit.scope(function), ast.ClassDef)
        is_static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in function.decorator_list)
        return found[1:] if is_method and not is_static else found

    def parameter(self, at: At, argument: ast.arg, default: ast.expr | None) -> Values:
        """What a parameter can be where it is not pinned."""
        function = at.unit.parents[at.unit.parents[argument]]
        if isinstance(function, Function):
            return distinct(pins.get(argument.arg, UNKNOWN) for pins in self.of_function(at.unit, function))
        return self._evaluator.values(default, at) if default is not None else NOTHING

    def truth(self, test: ast.expr, at: At) -> bool | None:
        """Whether a condition holds, None where that is not known."""
        values = self._evaluator.values(test, at)
        truths = {None if isinstance(each, Made) or each is UNKNOWN else bool(each) for each in values}
        return truths.pop() if len(truths) == 1 else None

    def _default(self, unit: Unit, default: ast.expr | None) -> Any:
        return self._evaluator.value(default, At(unit)) if default is not None else UNKNOWN

    def _given(self, unit: Unit, function: ast.FunctionDef | ast.AsyncFunctionDef, names: list[str]) -> Iterator[Pins]:
        """The arguments of each call of a function (of a class, for its constructor)."""
        target: ast.AST = unit.scope(function) if function.name == "__init__" else function
        if isinstance(target, ast.Module):
            return
        wanted = Ref(unit.path, unit.qualified(target))
        for other, call in self._sites.get(wanted.name.rpartition(".")[2], [])[:MAX_SITES]:
            for pins in self.around(other, call):
                at = At(other, pins)
                if wanted in self._evaluator.values(call.func, at):
                    yield from self.given(call, function, names, at)

    def given(self, call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef, names: list[str], at: At) -> Iterator[Pins]:
        """The arguments of a call by the names that the function has for them; `**kwargs` gets what has no other name."""
        rest = function.args.kwarg
        for row in self.bound(Given(call.args, call.keywords), names, at, function.args):
            known = {*names, function.args.vararg.arg if function.args.vararg else None}
            more = {name: value for name, value in row.items() if name not in known}
            yield {**{name: value for name, value in row.items() if name in known}, **({rest.arg: more} if rest else {})}

    def bound(self, call: Given, names: list[str], at: At, takes: ast.arguments | None = None) -> list[Pins]:
        """Arguments by the names of parameters, one dict for each combination; what is not known is left out.

        ``names`` are the parameters that are still open; ``takes`` says which of them go by keyword only, and what gets the rest.
        """
        by_keyword = {each.arg for each in takes.kwonlyargs} if takes else set()
        any_name = takes is not None and takes.kwarg is not None
        in_order = [name for name in names if name not in by_keyword]
        given = list(self._positional(call.args, at))
        choices: dict[str, Values] = dict(zip(in_order, given, strict=False))
        if takes and takes.vararg and (more := given[len(in_order) :]):
            choices[takes.vararg.arg] = tuple(map(list, combinations(more)))
        for keyword in call.keywords:
            values = self._evaluator.values(keyword.value, at)
            table = {keyword.arg: values} if keyword.arg else {}
            if keyword.arg is None and isinstance(values[0], dict):
                table = {key: (value,) for key, value in values[0].items() if isinstance(key, str)}
            choices.update({name: each for name, each in table.items() if any_name or name in names})
        rows = combinations(list(choices.values()))
        return [{name: value for name, value in zip(choices, row, strict=True) if value is not UNKNOWN} for row in rows]

    def _positional(self, arguments: list[ast.expr], at: At) -> Iterator[Values]:
        for argument in arguments:
            if not isinstance(argument, ast.Starred):
                yield self._evaluator.values(argument, at)
                continue
            value = self._evaluator.values(argument.value, at)[0]
            if not isinstance(value, list):
                yield NOTHING  # how many it stands for is not known
                return
            yield from ((each,) for each in value)

    def _narrowed(self, unit: Unit, above: ast.AST, part: ast.AST, found: list[Pins]) -> list[Pins]:
        """The combinations after one more thing that encloses the place: a loop multiplies them, an `if` may end some."""
        if isinstance(above, ast.For | ast.AsyncFor) and isinstance(part, ast.stmt):
            return self.looped(unit, above.target, above.iter, found)
        if isinstance(above, Comprehension):
            return self.comprehended(unit, above, part, found)
        if isinstance(above, ast.If | ast.IfExp) and (body := is_body(above, part)) is not None:
            return [pins for pins in found if self.truth(above.test, At(unit, pins)) in (None, body)]
        return found

    def _passed(self, unit: Unit, above: ast.AST, part: ast.AST, found: list[Pins]) -> list[Pins]:
        """The combinations that get past each `if ...: return` that stands before a statement."""
        body = next((each for name in _BODIES if isinstance(each := getattr(above, name, None), list) and part in each[:MAX_BODY]), [])
        before = body[: body.index(part)] if body else []
        exits = [each for each in before if isinstance(each, ast.If) and isinstance(each.body[-1], _EXITS)]
        for each in exits[-MAX_SITES:]:
            found = [pins for pins in found if self.truth(each.test, At(unit, pins)) is not True]
        return found

    def comprehended(self, unit: Unit, node: ast.AST, part: ast.AST | None, found: list[Pins]) -> list[Pins]:
        """The combinations inside a comprehension; a generator sees those before it."""
        assert isinstance(node, Comprehension)
        for generator in node.generators:
            if generator is part:
                break
            found = self.looped(unit, generator.target, generator.iter, found)
            for test in generator.ifs:
                found = [pins for pins in found if self.truth(test, At(unit, pins)) is not False]
        return found

    def looped(self, unit: Unit, target: ast.expr, iterable: ast.expr, found: list[Pins]) -> list[Pins]:
        """Each combination once for each element of what is looped over."""
        rows: list[Pins] = []
        for pins in found:
            values = self._evaluator.values(iterable, At(unit, pins))
            for element in (each for value in values for each in operations.elements(value)):
                rows.append({**pins, **_unpacked(target, element)})
                if len(rows) >= MAX_COMBINATIONS:
                    return rows
        return rows

    @staticmethod
    def _distinct(rows: Iterable[Pins]) -> list[Pins]:
        found: dict[str, Pins] = {}
        for row in rows:
            found.setdefault(repr(row), row)
            if len(found) >= MAX_COMBINATIONS:
                break
        return list(found.values())


def _unpacked(target: ast.expr, value: Any) -> Pins:
    """What the names of a loop's target are for one element."""
    if isinstance(target, ast.Name):
        return {target.id: value}
    if not isinstance(target, ast.Tuple | ast.List):
        return {}
    known = isinstance(value, list) and len(value) == len(target.elts)
    parts = value if known else [UNKNOWN] * len(target.elts)
    return {name: each for part, item in zip(target.elts, parts, strict=True) for name, each in _unpacked(part, item).items()}
