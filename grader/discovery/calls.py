"""The places where a student builds something, each with the arguments that it is built with."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from grader.discovery.enclosing import Given
from grader.discovery.evaluate import Evaluator
from grader.discovery.nearby import Nearby
from grader.discovery.records import Call, Definition
from grader.discovery.scopes import At, Unit
from grader.discovery.signatures import Signatures
from grader.discovery.values import UNKNOWN, Bound, External, Ref, plain

MAX_CALLS = 1500
MAX_OF_ONE = 24  # what one place may build


def calls(evaluator: Evaluator, signatures: Signatures, definitions: Mapping[Ref, Definition]) -> tuple[Call, ...]:
    """Every call of a definition, in order of file and line; one for each combination of values that is known."""
    finder = _Finder(evaluator, signatures, definitions)
    found = [call for ref in definitions for call in finder.registered(ref)]
    for unit in evaluator.units.values():
        for node in unit.nodes:
            if isinstance(node, ast.Call) and len(found) < MAX_CALLS:
                found += finder.at(unit, node)
    return tuple(sorted(found[:MAX_CALLS], key=lambda call: (call.file, call.line)))


class _Target(NamedTuple):
    """A definition that a call builds."""

    ref: Ref
    given: Given
    positional: tuple[Any, ...] = ()  # by functools.partial
    named: Mapping[str, Any] = MappingProxyType({})


class _Finder:
    def __init__(self, evaluator: Evaluator, signatures: Signatures, definitions: Mapping[Ref, Definition]) -> None:
        self._evaluator, self._signatures, self._definitions = evaluator, signatures, definitions
        self._nearby = Nearby(evaluator)

    def at(self, unit: Unit, node: ast.Call) -> list[Call]:
        """What one call builds."""
        if not self._targets(node, At(unit)):
            return []  # the usual case, told without a look at what encloses it
        found: dict[str, Call] = {}
        for pins in self._evaluator.enclosing.around(unit, node):
            at = At(unit, pins)
            for target in self._targets(node, at):
                for call in self._built(target, at, node.lineno, self._nearby.words(unit, node, pins)):
                    found.setdefault(repr((call.definition, call.arguments)), call)
            if len(found) >= MAX_OF_ONE:
                break
        return list(found.values())[:MAX_OF_ONE]

    def registered(self, ref: Ref) -> Iterator[Call]:
        """What decorators say that a definition is built with: `@register("k5", kernel=5)`; of the words alone where they only name it."""
        unit, node = self._evaluator.definitions[ref]
        definition = self._definitions[ref]
        signature = self._signatures.signature(ref, definition.kind)
        takes_any = signature is not None and signature[1].args.kwarg is not None
        names = {each.name for each in definition.parameters if each.kind != "variadic"}
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call):
                continue
            words = self._nearby.told(unit, decorator)
            given = [each for each in decorator.keywords if each.arg in names or (takes_any and words)]
            if given or words:
                values = {each.arg: plain(self._evaluator.value(each.value, At(unit))) for each in given if each.arg}
                arguments = {name: value for name, value in values.items() if value is not UNKNOWN}
                yield Call(ref.place, arguments, unit.path, decorator.lineno, words)

    def _targets(self, node: ast.Call, at: At) -> list[_Target]:
        """The definitions that a call may build, with the arguments given before and those given here."""
        here = Given(node.args, node.keywords)
        found = []
        for value in self._evaluator.values(node.func, at):
            if value == External("functools.partial") and node.args:
                rest = Given(node.args[1:], node.keywords)
                partly = [each for each in self._evaluator.values(node.args[0], at) if isinstance(each, Ref)]
                found += [_Target(each, rest) for each in partly if each in self._definitions]
            elif isinstance(value, Bound) and value.target in self._definitions:
                found.append(_Target(value.target, here, value.positional, value.named))
            elif isinstance(value, Ref) and value in self._definitions:
                found.append(_Target(value, here))
        return found

    def _built(self, target: _Target, at: At, line: int, words: tuple[str, ...]) -> Iterator[Call]:
        definition = self._definitions[target.ref]
        names = [each.name for each in definition.parameters if each.kind == "positional"]
        named = [each.name for each in definition.parameters if each.kind == "keyword"]
        before = {**dict(zip(names, target.positional, strict=False)), **target.named}
        open_names = [*names[len(target.positional) :], *named]
        signature = self._signatures.signature(target.ref, definition.kind)
        for row in self._evaluator.enclosing.bound(target.given, open_names, at, signature[1].args if signature else None):
            arguments = {name: plain(value) for name, value in {**before, **row}.items()}
            known = {name: value for name, value in arguments.items() if value is not UNKNOWN}
            yield Call(target.ref.place, known, at.unit.path, line, words)
