"""The files of a submission as trees in which one can ask where a name comes from.

Nothing is run. Work is bounded: trees are walked without recursion, and not deeper than MAX_DEPTH.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from grader.submission import Submission
from grader.worker.recovery import blocks

MAX_DEPTH = 150  # of a tree; code that people write stays below 40
MAX_NODES = 400_000  # of all trees together
Function = ast.FunctionDef | ast.AsyncFunctionDef
ScopeNode = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True, eq=False)
class Binding:
    """One place where a name gets a value."""

    node: ast.AST  # the statement, the comprehension, the argument
    value: ast.expr | None  # the value, or what is looped over; None where nothing can be said
    path: tuple[int, ...] = ()  # into the value: x of `x, y = ...` has (0,)
    is_element: bool = False  # the name gets each element of the value in turn

    @property
    def line(self) -> int:
        """Where it stands."""
        return getattr(self.node, "lineno", 0)


@dataclass(frozen=True, eq=False)
class Unit:
    """A file: its tree, and what encloses what."""

    path: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]  # from the outside in, in order of the text within a body
    parents: dict[ast.AST, ast.AST]

    def above(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """What encloses a node, from the inside out, each with the part of it that holds the node."""
        while (parent := self.parents.get(node)) is not None:
            yield parent, node
            node = parent

    def scope(self, node: ast.AST) -> ScopeNode:
        """The function, class or module whose names a node sees first. A signature belongs to the outside."""
        for parent, part in self.above(node):
            if isinstance(parent, ast.Module):
                return parent
            if isinstance(parent, ScopeNode) and isinstance(part, ast.stmt):
                return parent
        return self.tree

    def scopes(self, node: ast.AST) -> Iterator[ScopeNode]:
        """All scopes whose names a node sees, innermost first: of classes only its own."""
        scope = self.scope(node)
        yield scope
        while not isinstance(scope, ast.Module):
            scope = self.scope(scope)
            if not isinstance(scope, ast.ClassDef):
                yield scope

    def qualified(self, definition: ast.AST) -> str:
        """``Net``, ``make_nets.Net``: the name with what it is defined in."""
        names = [getattr(definition, "name", "")]
        while not isinstance(scope := self.scope(definition), ast.Module):
            names.append(scope.name)
            definition = scope
        return ".".join(reversed(names))

    @cached_property
    def bindings(self) -> dict[tuple[ScopeNode, str], list[Binding]]:
        """What binds each name of each scope, in order of the text. Attributes of self count as "self.x" of the class."""
        found: dict[tuple[ScopeNode, str], list[Binding]] = {}
        for node in self.nodes:
            for name, binding in _bound(node):
                scope = node if isinstance(node, Function) and isinstance(binding.node, ast.arg) else self.scope(node)
                owner = self.owner(scope) if name.startswith("self.") else scope
                if owner is not None:
                    found.setdefault((owner, name), []).append(binding)
        for bindings in found.values():
            bindings.sort(key=lambda binding: binding.line)
        return found

    def owner(self, scope: ScopeNode) -> ast.ClassDef | None:
        """The class that a scope is a method of (or in a method of)."""
        while not isinstance(scope, ast.Module):
            if isinstance(scope, ast.ClassDef):
                return scope
            scope = self.scope(scope)
        return None

    @cached_property
    def stars(self) -> tuple[ast.ImportFrom, ...]:
        """The imports of everything."""
        return tuple(node for node in self.nodes if isinstance(node, ast.ImportFrom) and node.names[0].name == "*")


def units(submission: Submission) -> tuple[Unit, ...]:
    """Every file of a submission that holds Python, notebooks included; of one with errors, the parts that parse."""
    found, left = [], MAX_NODES
    for source in submission.sources():
        if source.tree is None and not source.text:
            continue
        unit = _unit(source.path, source.tree or _recovered(source.text), left)
        left -= len(unit.nodes)
        found.append(unit)
    return tuple(found)


def _recovered(text: str) -> ast.Module:
    try:
        return ast.Module([statement for _, statement in blocks(text)], [])
    except (ValueError, RecursionError, MemoryError):  # beyond repair
        return ast.Module([], [])


def _unit(path: str, tree: ast.Module, limit: int) -> Unit:
    nodes: list[ast.AST] = []
    parents: dict[ast.AST, ast.AST] = {}
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack and len(nodes) < limit:
        node, depth = stack.pop()
        nodes.append(node)
        if depth == MAX_DEPTH:
            continue
        children = [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.expr_context | ast.operator | ast.cmpop)]
        parents.update((child, node) for child in children)
        stack.extend((child, depth + 1) for child in reversed(children))
    return Unit(path, tree, tuple(nodes), parents)


def _bound(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    """The names that a node binds."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _targets(target, Binding(node, value))
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield from _targets(target, Binding(node, value))
        case ast.NamedExpr(target=target, value=value):
            yield from _targets(target, Binding(node, value))
        case ast.AugAssign(target=target):
            yield from _targets(target, Binding(node, None))
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            yield from _targets(node.target, Binding(node, node.iter, is_element=True))
        case ast.Import(names=names):
            for alias in names:
                yield alias.asname or alias.name.partition(".")[0], Binding(node, None)
        case ast.ImportFrom(names=names):
            for alias in names:
                yield alias.asname or alias.name, Binding(node, None)
        case ast.ClassDef():
            yield node.name, Binding(node, None)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield node.name, Binding(node, None)
            yield from _parameters(node.args)
        case ast.Lambda(args=arguments):
            yield from _parameters(arguments)
        case ast.withitem(optional_vars=ast.Name(id=name)):
            yield name, Binding(node, None)


def _parameters(arguments: ast.arguments) -> Iterator[tuple[str, Binding]]:
    for argument, default in defaults(arguments):
        yield argument.arg, Binding(argument, default)


def defaults(arguments: ast.arguments) -> list[tuple[ast.arg, ast.expr | None]]:
    """The parameters of a signature with their default expressions, `*args` and `**kwargs` left out."""
    positional = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [*zip(positional, [*missing, *arguments.defaults], strict=True), *named]


def _targets(target: ast.expr, binding: Binding) -> Iterator[tuple[str, Binding]]:
    """The names in the target of an assignment: `(a, (b, c))` has paths (0,), (1, 0) and (1, 1)."""
    match target:
        case ast.Name(id=name):
            yield name, binding
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            yield f"self.{name}", binding
        case ast.Tuple(elts=parts) | ast.List(elts=parts) if len(binding.path) < 4:
            for place, part in enumerate(parts[:16]):
                yield from _targets(part, Binding(binding.node, binding.value, (*binding.path, place), binding.is_element))


@dataclass(frozen=True)
class At:
    """A place to read an expression at: a file, and what some names (loop variables, parameters) are known to be there."""

    unit: Unit
    pins: Mapping[str, Any] = field(default_factory=dict)
