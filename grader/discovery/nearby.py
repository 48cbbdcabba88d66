"""The words near a place in the code: what a student calls the thing that is built there."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from grader.discovery.evaluate import Evaluator
from grader.discovery.scopes import At, Function, Unit

MAX_WORDS = 32
MAX_WORD = 80
MAX_FOLLOWING = 6  # statements after the one that builds, in which the variable may be used with a title
MAX_NODES = 3000
SUBJECTS = ("mnist", "cifar")
_Simple = ast.Expr | ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return


class Nearby:
    """Collects words, for an evaluator."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._subjects: dict[ast.AST, str | None] = {}

    def words(self, unit: Unit, call: ast.Call, pins: Mapping[str, Any]) -> tuple[str, ...]:
        """The words near a call, nearest first, in lower case."""
        at = At(unit, pins)
        told = [each for value in pins.values() for each in (value.values() if isinstance(value, dict) else [value])]
        found = [*self._enclosing(call, at), *(value for value in told if isinstance(value, str))]
        is_told = any(subject in value.lower() for value in found for subject in SUBJECTS)
        found += [PurePosixPath(unit.path).stem, "" if is_told else self._subject(unit, call) or ""]
        lower = dict.fromkeys(word.strip().lower()[:MAX_WORD] for word in found)
        return tuple(islice((word for word in lower if word), MAX_WORDS))

    def told(self, unit: Unit, decorator: ast.Call) -> tuple[str, ...]:
        """The texts that a decorator is given."""
        at = At(unit)
        found = (word.strip().lower()[:MAX_WORD] for word in self._strings(_given(decorator), at))
        return tuple(dict.fromkeys(word for word in found if word))

    def _enclosing(self, call: ast.Call, at: At) -> Iterator[str]:
        for above, part in at.unit.above(call):
            match above:
                case ast.Dict():
                    keys = (key for key, value in zip(above.keys, above.values, strict=True) if value is part and key)
                    yield from self._strings(keys, at)
                case ast.Tuple():
                    yield from self._strings(above.elts, at)
                case ast.Call(func=function):
                    yield from self._strings(_given(above), at)
                    if isinstance(function, ast.Call):  # register("deep")(Net(6))
                        yield from self._strings(_given(function), at)
                    yield function.id if isinstance(function, ast.Name) else ""
                case ast.keyword(arg=name):
                    yield name or ""
                case ast.Assign(targets=targets):
                    yield from (word for target in targets for word in self._target(target, at))
                    yield from self._following(above, at)
                case ast.AnnAssign(target=target):
                    yield from self._target(target, at)
                case ast.If(test=test) if isinstance(part, ast.stmt) and part in above.body[:200]:
                    yield from self._literals(test, at)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    yield name

    def _strings(self, nodes: Iterable[ast.expr], at: At) -> Iterator[str]:
        """The texts among some expressions."""
        for node in islice(nodes, 16):
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.Name | ast.BinOp):
                yield from (value for value in self._evaluator.values(node, at)[:4] if isinstance(value, str))

    def _target(self, target: ast.expr, at: At) -> Iterator[str]:
        if isinstance(target, ast.Name):
            yield target.id
        elif isinstance(target, ast.Attribute):
            yield target.attr
        elif isinstance(target, ast.Subscript):
            yield from self._strings([target.slice], at)
            yield from self._target(target.value, at)

    def _literals(self, node: ast.AST, at: At) -> Iterator[str]:
        inner = list(islice(ast.walk(node), 200))
        parts = {part for each in inner if isinstance(each, ast.JoinedStr) for part in each.values}
        yield from self._strings(
            (each for each in inner if isinstance(each, ast.Constant | ast.JoinedStr | ast.Name) and each not in parts), at
        )

    def _following(self, statement: ast.Assign, at: At) -> Iterator[str]:
        """The texts that stand with the variable in the next statements: `train(model, "with dropout")`."""
        names = {target.id for target in statement.targets if isinstance(target, ast.Name)}
        body = self._body(statement, at.unit)
        for each in body:
            if not isinstance(each, _Simple) or not names:
                continue
            nodes = list(islice(ast.walk(each), 200))
            uses = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
            if uses & names:
                yield from self._literals(each, at)
            if {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)} & names:
                return

    @staticmethod
    def _body(statement: ast.stmt, unit: Unit) -> list[ast.stmt]:
        parent = unit.parents[statement]
        for name in ("body", "orelse", "finalbody"):
            body = getattr(parent, name, [])
            if isinstance(body, list) and len(body) <= MAX_NODES and statement in body:
                start = body.index(statement) + 1
                return body[start : start + MAX_FOLLOWING]
        return []

    def _subject(self, unit: Unit, call: ast.Call) -> str | None:
        """The data that a function (else the file) speaks of, where it is only one; nothing for a part of a network."""
        scope = unit.scope(call)
        if unit.owner(scope) is not None:
            return None
        while not isinstance(scope, ast.Module):
            found = self._known_subject(scope)
            if found:
                return found
            scope = unit.scope(scope)
        return self._known_subject(scope)

    def _known_subject(self, scope: ast.AST) -> str | None:
        if scope not in self._subjects:
            texts = (_text(node).lower() for node in islice(ast.walk(scope), 20_000))
            found = {subject for text in texts if text for subject in SUBJECTS if subject in text}
            self._subjects[scope] = found.pop() if len(found) == 1 else None
        return self._subjects[scope]


def _given(call: ast.Call) -> list[ast.expr]:
    """What a call is given."""
    return [*call.args, *(each.value for each in call.keywords)]


def _text(node: ast.AST) -> str:
    """The name or text that a node is."""
    if isinstance(node, ast.Constant):
        return node.value[:400] if isinstance(node.value, str) else ""
    if isinstance(node, ast.Name | ast.Attribute):
        return node.id if isinstance(node, ast.Name) else node.attr
    return node.name if isinstance(node, Function | ast.ClassDef | ast.alias) else ""
