"""Which of several bindings of a name a use of it can see."""

from __future__ import annotations

import ast
from bisect import bisect_right
from typing import TYPE_CHECKING

from grader.discovery.scopes import At, Binding, ScopeNode

if TYPE_CHECKING:
    from grader.discovery.enclosing import Enclosing

MAX_REACHING = 24
MAX_LOOKED_AT = 100  # bindings of one name before one use of it


def reaching(bindings: list[Binding], at: At, scope: ScopeNode, node: ast.AST | None, enclosing: Enclosing) -> list[Binding]:
    """The last binding before the use and, while what is found is conditional, the one before that.

    `node` is the use where it stands in the scope itself; None where it stands in a function inside, which runs later.
    """
    inside = dict(at.unit.above(node)) if node else {}
    line = getattr(node, "lineno", None)
    end = len(bindings) if line is None else bisect_right(bindings, line, key=lambda each: each.line)
    before = [each for each in bindings[max(0, end - MAX_LOOKED_AT) : end] if each.is_element or each.node not in inside]
    found: list[Binding] = []
    for binding in reversed(before or bindings[-MAX_LOOKED_AT:]):
        is_possible, is_certain = _standing(binding, at, scope, inside, enclosing)
        if is_possible:
            found.append(binding)
        if (is_possible and is_certain) or len(found) >= MAX_REACHING:
            break
    return found


def _standing(binding: Binding, at: At, scope: ScopeNode, inside: dict[ast.AST, ast.AST], enclosing: Enclosing) -> tuple[bool, bool]:
    """Whether a binding can have happened before the use, and whether it has for certain."""
    is_certain = True
    for guard, part in at.unit.above(binding.node):
        if guard is scope:
            break
        if guard in inside:  # both stand in it
            if isinstance(guard, ast.If) and is_body(guard, part) != is_body(guard, inside[guard]):
                return False, False
        elif isinstance(guard, ast.If):
            truth = enclosing.truth(guard.test, at)
            if truth is not None and is_body(guard, part) is not None and truth != is_body(guard, part):
                return False, False
            is_certain &= truth is not None
        elif isinstance(guard, ast.For | ast.AsyncFor | ast.While | ast.Try | ast.ExceptHandler | ast.match_case):
            is_certain = False
    return True, is_certain


def is_body(guard: ast.If | ast.IfExp, part: ast.AST) -> bool | None:
    """Whether a part of an `if` is what happens when it is true; None for the test itself."""
    if part is guard.test:
        return None
    if isinstance(guard, ast.IfExp):
        return part is guard.body
    return not guard.orelse or getattr(part, "lineno", 0) < guard.orelse[0].lineno
