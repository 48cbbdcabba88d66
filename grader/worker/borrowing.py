"""The imports of a file that is run statement by statement: each name on its own, from wherever it can be had."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

NEVER_REPLACED = frozenset(("torch", "torchvision", "numpy", "matplotlib"))
Resolve = Callable[[str, int], ModuleType | None]  # a module of the submission, for a name and a number of leading dots
Import = ast.Import | ast.ImportFrom


class Borrowing:
    """A file of the submission is looked for in all of it; a package that is not installed gets a stand-in."""

    def __init__(self, names: dict[str, Any], execute: Callable[[ast.stmt], BaseException | None], resolve: Resolve) -> None:
        self.names, self._execute, self._resolve = names, execute, resolve
        self._stand_ins: list[str] = []

    def take(self, statement: Import) -> Iterator[BaseException]:
        """Bind the names of an import; what comes back are the errors of those that cannot be had."""
        for single in _singles(statement):
            error = self._execute(single)
            if error is not None and not self._from_elsewhere(single) and not self._stand_in(single, error):
                yield error

    def notes(self) -> list[str]:
        """Which packages are missing."""
        return [f"{', '.join(self._stand_ins)}: not installed here; a stand-in took the place"] if self._stand_ins else []

    def _from_elsewhere(self, statement: Import) -> bool:
        """From a module of the submission that is there, but not under this name: relative to nothing, or below its root's name."""
        alias = statement.names[0]
        if isinstance(statement, ast.Import):
            module = self._resolve(alias.name, 0)
            if module is not None and alias.asname:
                self.names[alias.asname] = module
            return module is not None and alias.asname is not None
        module = self._resolve(statement.module or "", statement.level)
        if module is not None and alias.name == "*":
            self.names.update({name: value for name, value in vars(module).items() if not name.startswith("_")})
            return True
        value = getattr(module, alias.name, None) if module is not None else None
        if value is None:
            value = self._resolve(f"{statement.module}.{alias.name}" if statement.module else alias.name, statement.level)
        if value is not None:
            self.names[alias.asname or alias.name] = value
        return value is not None

    def _stand_in(self, statement: Import, error: BaseException) -> bool:
        """Something in place of what a missing package has; never for torch and its like, nor for a file of the submission."""
        alias = statement.names[0]
        name = alias.name if isinstance(statement, ast.Import) else statement.module or ""
        missing = str(getattr(error, "name", None) or name)
        is_relative = isinstance(statement, ast.ImportFrom) and statement.level > 0
        if is_relative or alias.name == "*" or missing.split(".")[0] in NEVER_REPLACED or self._resolve(missing, 0) is not None:
            return False
        from .standins import StandIn  # what only reads files has no need of torch

        if isinstance(statement, ast.ImportFrom):
            self.names[alias.asname or alias.name] = StandIn(f"{name}.{alias.name}")
        else:
            self.names[alias.asname or name.split(".")[0]] = StandIn(name if alias.asname else name.split(".")[0])
        package = name if self._resolve(name.split(".")[0], 0) is not None else missing.split(".")[0]
        self._stand_ins += [package] if package not in self._stand_ins else []
        return True


def _singles(statement: Import) -> Iterator[Import]:
    """One import for each name."""
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            yield ast.copy_location(ast.Import([alias]), statement)
        elif statement.module != "__future__":
            yield ast.copy_location(ast.ImportFrom(statement.module, [alias], statement.level), statement)
