"""Which file of the submission an import means: from the root, from the importing file's folder, or wherever the name is."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from pathlib import PurePosixPath

from grader.discovery.scopes import Unit

Parts = tuple[str, ...]
# What students import that is not theirs: `torchvision.models` is not their folder models.
PACKAGES = frozenset(
    (
        *("torch", "torchvision", "torchaudio", "torchmetrics", "torchsummary", "torchinfo", "lightning", "pytorch_lightning", "timm"),
        *("numpy", "scipy", "pandas", "sklearn", "skimage", "matplotlib", "seaborn", "plotly", "tqdm", "PIL", "cv2", "einops"),
        *("tensorflow", "keras"),
    )
)


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
        return next((file for file in found if file), None) or self._anywhere(wanted)

    def _anywhere(self, wanted: Parts) -> str | None:
        """A file of this name in any folder; or without the name of a folder that is not part of what was handed in."""
        if wanted in self._tails or len(wanted) < 2 or wanted[0] in PACKAGES or wanted[0] in sys.stdlib_module_names:
            return self._tails.get(wanted)
        return next((self._tails[wanted[start:]] for start in range(1, len(wanted)) if wanted[start:] in self._tails), None)

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
