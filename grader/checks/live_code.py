"""Which names the living code of a submission uses: what comments, strings, imports and stubs say does not count.

A *stub* is a function that does nothing yet: it raises NotImplementedError, or its body is only a docstring, `pass` or
`...`. Names of stubs do not count where they are called either, so that a skeleton shows nothing.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.submission import Source, Submission

Function = ast.FunctionDef | ast.AsyncFunctionDef
MAX_CHAIN = 8  # names of an attribute chain that are looked at: torch.nn.functional.relu has four


@dataclass(frozen=True)
class Region:
    """One outermost function or method, or what stands outside of all of them: the names used, with their lines."""

    path: str
    name: str  # of the function; "" for the module's own statements
    line: int
    words: tuple[tuple[str, int], ...]


def is_stub(function: Function) -> bool:
    """Does the function do nothing yet?"""
    if any(isinstance(statement, ast.Raise) and _is_not_implemented(statement.exc) for statement in function.body):
        return True
    return all(isinstance(each, ast.Pass) or _is_constant(each) for each in function.body)


def _is_not_implemented(raised: ast.expr | None) -> bool:
    name = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(name, ast.Name) and name.id == "NotImplementedError"


def _is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def is_abstract(function: Function) -> bool:
    """Is it declared abstract (or an overload), and so meant to have no body?"""
    names = {word.rpartition(".")[2] for decorator in function.decorator_list for word, _ in words_of(decorator)}
    return bool(names & {"abstractmethod", "overload"})


def stub_names(sources: Iterable[Source]) -> frozenset[str]:
    """Names of all functions that do nothing yet and are not declared abstract."""
    functions = (node for source in sources if source.tree for node in ast.walk(source.tree) if isinstance(node, Function))
    return frozenset(each.name for each in functions if is_stub(each) and not is_abstract(each))


def regions(submission: Submission) -> Iterator[Region]:
    """The living code of all sources, region by region, without the names of stubs."""
    stubs = stub_names(submission.sources())
    for source in submission.sources():
        for path, name, line, words in _regions_of(source):
            living = tuple((word, at) for word, at in words if word.rpartition(".")[2] not in stubs)
            yield Region(path, name, line, living)


def _regions_of(source: Source) -> Iterator[tuple[str, str, int, list[tuple[str, int]]]]:
    outside: list[tuple[str, int]] = []
    queue: deque[ast.AST] = deque(source.tree.body if source.tree else ())
    while queue:
        node = queue.popleft()
        if isinstance(node, Function):
            if not is_stub(node):
                yield source.path, node.name, node.lineno, list(words_of(node))
        elif isinstance(node, ast.ClassDef):
            outside.append((node.name, node.lineno))
            outside += [word for base in (*node.bases, *node.decorator_list) for word in words_of(base)]
            queue += node.body
        else:
            outside += words_of(node)
    yield source.path, "", 1, outside


def words_of(root: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names, names of functions and keyword arguments below a node, with lines; stubs and imports left out."""
    stack: list[ast.AST] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import | ast.ImportFrom) or (isinstance(node, Function) and is_stub(node)):
            continue
        word = _word(node)
        if word:
            yield word, getattr(node, "lineno", 1)
        stack.extend(reversed(list(ast.iter_child_nodes(node))))


def _word(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return _dotted(node)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, Function | ast.ClassDef):
        return node.name
    return node.arg if isinstance(node, ast.keyword | ast.arg) else None


def _dotted(node: ast.Attribute) -> str:
    names, base = [node.attr], node.value
    while isinstance(base, ast.Attribute) and len(names) < MAX_CHAIN:
        names.append(base.attr)
        base = base.value
    return ".".join(reversed([*names, base.id] if isinstance(base, ast.Name) else names))
