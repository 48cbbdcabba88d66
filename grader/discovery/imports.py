"""Which file of the submission an import means: from the root, from the importing file's folder, or wherever the name is."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import PurePosixPath

from grader.discovery.scopes import Unit

Parts = tuple[str, ...]


class Files:
    """The submission's files by the names that an import can give them."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._files: dict[Parts, str] = {}
        self._tails: dict[Parts, str] = {}  # the shallowest file with these last parts
        for path in sorted((unit.path for unit in units), key=lambda path: (path.count("/"), path)):
            parts = _parts(path)
            self._files.setdefault(parts, path)
            for start in range(min(len(parts), 8)):
                self._tails.setdefault(parts[start:], path)
        self._folders = {parts[:end] for parts in self._files for end in range(1, len(parts))}

    def find(self, name: str, importer: str, level: int = 0) -> str | None:
        """The file of a dotted name, or the folder (with a slash at its end) where it is a package without a file."""
        wanted = tuple(part for part in name.split(".") if part)
        here = PurePosixPath(importer).parent.parts
        if level:
            here = here[: max(0, len(here) - level + 1)]
            return self._at((*here, *wanted))
        above = [here[:end] for end in range(len(here), -1, -1)]
        found = (self._at((*folder, *wanted)) for folder in above if wanted)
        return next((file for file in found if file), None) or self._tails.get(wanted)

    def inside(self, folder: str, name: str) -> str | None:
        """The file or folder of a name in a folder."""
        return self._at((*PurePosixPath(folder).parts, name))

    def _at(self, parts: Parts) -> str | None:
        return self._files.get(parts) or ("/".join(parts) + "/" if parts in self._folders else None)


def _parts(path: str) -> Parts:
    parts = PurePosixPath(path).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts


def original(node: ast.Import | ast.ImportFrom, name: str) -> tuple[str, bool]:
    """What a name stands for in an import: the dotted name, and whether it is a module for certain."""
    if isinstance(node, ast.ImportFrom):
        return next((alias.name for alias in node.names if (alias.asname or alias.name) == name), name), False
    for alias in node.names:
        if alias.asname == name:
            return alias.name, True
    return name, True  # `import torch.nn` binds torch
