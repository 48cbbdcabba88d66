"""Classes that are written inside a function, taken out of it: ``make_nets.Net`` without a call of ``make_nets``.

One that uses what the function has calculated cannot be had so; classes, imports, constants and literal defaults of
parameters beside it can come along.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import CodeType
from typing import Any

from .quiet import Quiet

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_MAX_COMPANIONS = 50


class NotLiftable(Exception):
    """Why a definition inside a function cannot be had without a call of the function."""

    def __init__(self, reason: str, *, is_there: bool = True) -> None:
        super().__init__(reason)
        self.is_there = is_there


def lift(name: str, statements: Sequence[ast.stmt], quiet: Quiet, compiled: Callable[[ast.stmt], CodeType], names: dict[str, Any]) -> Any:
    """What a qualified name stands for, made anew in the module's names. Raises NotLiftable, or what the definition raises."""
    chain = _chain(name.split("."), statements)
    if chain is None:
        raise NotLiftable(f"there is no {name}", is_there=False)
    functions = [each for each in chain[:-1] if not isinstance(each, ast.ClassDef)]
    if not functions:
        raise NotLiftable(f"{name} is inside no function", is_there=False)
    body = _with_companions(chain[-1], functions, quiet)
    made: dict[str, Any] = {}
    exec(compiled(_maker(functions[-1], chain[-1].name, body)), names, made)
    return made[functions[-1].name]()


def _maker(function: Function, name: str, body: list[ast.stmt]) -> ast.stmt:
    """A function of the same name that does nothing but make the definition."""
    maker = ast.parse(f"def {function.name}(): return {name}").body[0]
    assert isinstance(maker, ast.FunctionDef)
    maker.body[:0] = body
    return ast.copy_location(maker, function)


def globals_of(statement: ast.stmt) -> set[str]:
    """The names that a statement of a module takes from the module, in whatever function or class inside it."""
    try:
        pending = [symtable.symtable(ast.unparse(statement), "statement", "exec")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    while pending:
        table = pending.pop()
        is_module = table.get_type() == "module"
        found |= {each.get_name() for each in table.get_symbols() if (each.is_referenced() if is_module else each.is_global())}
        pending += table.get_children()
    return found


def nested(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements and those in their branches and loops, but not what stands in another function or class."""
    for statement in statements:
        yield statement
        if not isinstance(statement, Definition):
            handlers = [each for handler in getattr(statement, "handlers", []) for each in handler.body]
            for part in (getattr(statement, "body", []), handlers, getattr(statement, "orelse", []), getattr(statement, "finalbody", [])):
                yield from nested(part)


def _chain(parts: list[str], statements: Sequence[ast.stmt]) -> list[Definition] | None:
    """The definitions that a qualified name goes through; the last of those of one name counts, as it does in Python."""
    chain: list[Definition] = []
    for part in parts:
        found = [each for each in nested(statements) if isinstance(each, Definition) and each.name == part]
        if not found:
            return None
        chain.append(found[-1])
        statements = found[-1].body
    return chain


def _with_companions(target: Definition, functions: Sequence[Function], quiet: Quiet) -> list[ast.stmt]:
    """The definition after what it needs of the functions around it."""
    around = _Surroundings(functions, quiet)
    kept: dict[ast.stmt, None] = {}
    pending: list[ast.stmt] = [target]
    while pending:
        statement = pending.pop()
        if statement in kept:
            continue
        kept[statement] = None
        if len(kept) > _MAX_COMPANIONS:
            raise NotLiftable("it needs too much of the function around it")
        pending += [each for name in globals_of(statement) & around.names for each in around.bindings(name, statement)]
    return sorted(kept, key=lambda each: (each.lineno, each.col_offset))


class _Surroundings:
    """The local names of the functions around a definition."""

    def __init__(self, functions: Sequence[Function], quiet: Quiet) -> None:
        self._quiet = quiet
        self._bound: dict[str, list[ast.stmt | None]] = {}  # None: nothing that can be taken along
        for function in functions:
            for name, default in _parameters(function):
                self._bound[name] = [default]
            for statement in nested(function.body):
                for name in _bound_names(statement):
                    self._bound.setdefault(name, []).append(self._portable(statement))

    @property
    def names(self) -> set[str]:
        """All of them."""
        return set(self._bound)

    def bindings(self, name: str, user: ast.stmt) -> list[ast.stmt]:
        """The statements that give a name its value. Raises NotLiftable."""
        found = [each for each in self._bound[name] if each is not None]
        if len(found) < len(self._bound[name]):
            raise NotLiftable(f"{getattr(user, 'name', 'it')} uses {name} of the function around it")
        return found[-1:] if all(isinstance(each, Definition) for each in found) else found

    def _portable(self, statement: ast.stmt) -> ast.stmt | None:
        is_constant = isinstance(statement, ast.Assign | ast.AnnAssign) and self._quiet.is_quiet(statement)
        return statement if is_constant or isinstance(statement, Definition | ast.Import | ast.ImportFrom) else None


def _parameters(function: Function) -> Iterator[tuple[str, ast.stmt | None]]:
    """The parameters, with an assignment of the default where that is a literal."""
    signature = function.args
    positional = [*signature.posonlyargs, *signature.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(signature.defaults)) + list(signature.defaults)
    for parameter, default in [*zip(positional, defaults, strict=True), *zip(signature.kwonlyargs, signature.kw_defaults, strict=True)]:
        if isinstance(default, ast.Constant | ast.Tuple | ast.List | ast.UnaryOp) and ast.unparse(default) != "None":
            yield parameter.arg, ast.copy_location(ast.Assign([ast.Name(parameter.arg, ast.Store())], default), parameter)
        else:
            yield parameter.arg, None
    for rest in (signature.vararg, signature.kwarg):
        if rest is not None:
            yield rest.arg, None


def _bound_names(statement: ast.stmt) -> Iterator[str]:
    """What a statement binds, without what the statements inside it do."""
    if isinstance(statement, Definition):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in statement.names)
    else:
        parts = [each for each in ast.iter_child_nodes(statement) if not isinstance(each, ast.stmt | ast.ExceptHandler)]
        nodes = [node for part in parts for node in ast.walk(part)]
        yield from {each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
