"""Roles by the starter's contract: the file and the name that the rubric states.

This is the seam for finding classes under any name: whatever fills roles returns the same `Match` records.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from grader.discovery.records import Match
from grader.records import Fault, message
from grader.rubric import Role, Rubric
from grader.submission import Submission


def match_roles(rubric: Rubric, submission: Submission) -> dict[str, Match]:
    """Each role of the rubric with the candidate at the place the contract names. Reads the source, imports nothing."""
    return {name: _match(name, role, submission) for name, role in rubric.role.items()}


def _match(name: str, role: Role, submission: Submission) -> Match:
    fault = _fault(role, submission)
    reason = message("{file} defines {name}, the starter's name for it", file=role.file, name=role.name)
    if fault:
        reason = message("{why}", why=fault.message)
    arguments = dict(role.probe.variants[0].arguments)
    return Match(name, role.file, role.name, 0.0 if fault else 1.0, reason, fault, arguments)


def _fault(role: Role, submission: Submission) -> Fault | None:
    source = next((each for each in submission.sources() if each.path == role.file), None)
    if source is None:
        return Fault("missing", f"there is no file {role.file}", role.file, remedy=role.hint)
    if source.tree is None:
        return source.fault or Fault("import", f"{role.file} cannot be parsed", role.file)
    names = _names(source.tree.body)
    if role.name not in names and "*" not in names:
        return Fault("missing", f"{role.file} does not define {role.name}", role.file, remedy=role.hint)
    return None


def _names(body: Iterable[ast.stmt]) -> set[str]:
    """The names that a module binds at its top level, in conditionals and try blocks too; a star import may bind any."""
    names: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(statement.name)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names |= {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in statement.names}
        elif isinstance(statement, ast.If | ast.Try):
            handlers = [inner for handler in getattr(statement, "handlers", []) for inner in handler.body]
            names |= _names([*statement.body, *statement.orelse, *handlers])
    return names
