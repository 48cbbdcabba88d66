"""The files of a submission as Python modules: each is loaded once, by whatever name it is imported.

A file that only defines is imported as it stands. One that does more, that fails, or that is a notebook is loaded by its
definitions alone, and those who import from it get these.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import linecache
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from .definitions import Definitions
from .finders import FileLoader, FirstFinder, LastResort, View
from .notebooks import source as notebook_source
from .quiet import Quiet
from .recovery import Recovered, recover

_MAX_FILES = 5000
_KEPT = ("__name__", "__file__", "__loader__", "__spec__", "__package__", "__path__", "__cached__", "__builtins__")


@dataclass
class Loaded:
    """A file that was loaded, and how."""

    module: ModuleType
    found: Recovered
    quiet: Quiet
    definitions: Definitions
    how: Literal["imported", "definitions"] = "definitions"
    problem: BaseException | None = None  # why it could not be imported as it stands
    lifted: dict[str, Any] = field(default_factory=dict)  # classes from inside functions, by qualified name


class Files:
    """The modules that are files of the submission."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._loaded: dict[Path, Loaded] = {}
        self.view = View(root)

    def install(self) -> None:
        """From now on Python imports the submission's files through this; a script that reads its command line finds none."""
        sys.argv[1:] = []
        sys.path.insert(0, str(self.root))
        sys.meta_path.insert(0, FirstFinder(self))
        sys.meta_path.append(LastResort(self))

    def load(self, path: Path) -> Loaded:
        """One file. Raises whatever its import raises where nothing of it can be had."""
        self._make_siblings_importable(path)
        if path.suffix == ".ipynb":
            return self._loaded.get(path) or self._load_notebook(path)
        _import(self, path)
        return self._loaded[path]

    def resolve(self, beside: Path, name: str, level: int) -> ModuleType | None:
        """A module for an import that Python cannot follow: relative in a file of no package, or by a longer name."""
        folders = [beside.parents[min(level - 1, len(beside.parents) - 1)]] if level else [self.root, *beside.parents]
        parts = name.split(".") if name else []
        for at in range(max(len(parts), 1) if not level else 1):
            for folder in [*folders, *([] if level else self.folders.get(parts[at] if parts else "", []))]:
                found = self._file_of(folder.joinpath(*parts[at:]))
                if found is not None and found != beside:
                    with contextlib.suppress(Exception):
                        return self._folder(found) if found.is_dir() else self.load(found).module
        return None

    def is_own(self, name: str) -> bool:
        """Whether a top-level name is a file or folder of the submission."""
        return name in self.folders

    @cached_property
    def folders(self) -> dict[str, list[Path]]:
        """The folders that hold a module or package of a name, the outermost first."""
        found: dict[str, list[Path]] = {}
        count = 0
        for folder, inner, names in os.walk(self.root):
            inner[:] = sorted(each for each in inner if not each.startswith((".", "__")) and "pyvenv.cfg" not in names)
            modules = [Path(each).stem for each in names if each.endswith(".py")]
            count += len(modules) + len(inner)
            for name in [*modules, *inner]:
                found.setdefault(name, []).append(Path(folder))
            if count > _MAX_FILES:
                break
        return {name: sorted(each, key=lambda path: (len(path.parts), path)) for name, each in found.items()}

    def is_inside(self, place: str | None) -> bool:
        """Whether a path lies in the submission."""
        return place is not None and Path(place).is_relative_to(self.root)

    def known(self, path: Path) -> Loaded | None:
        """What was loaded from a path."""
        return self._loaded.get(path)

    def execute(self, module: ModuleType, path: Path, plain: Callable[[], None] | None) -> Loaded:
        """Fill a module: as it stands where that is harmless and works, else by its definitions."""
        text, is_python = _text(path)
        found = recover(text)
        quiet = Quiet(found.statements, self.is_own)
        definitions = Definitions(module, path, found, quiet, partial(self.resolve, path), self.root)
        loaded = self._loaded[path] = Loaded(module, found, quiet, definitions)
        if not (is_python and found.is_whole):
            linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
        with self.view.of(path):
            is_clean = is_python and (not found.is_whole or all(map(quiet.is_quiet, found.statements)))
            if plain is None or not is_clean or not _imported(loaded, plain):
                self._define(loaded, path)
        return loaded

    def _define(self, loaded: Loaded, path: Path) -> None:
        if not loaded.definitions.run().defined and loaded.problem is not None:
            del self._loaded[path]
            raise loaded.problem

    def _load_notebook(self, path: Path) -> Loaded:
        name = _made_up_name(path.relative_to(self.root).parts)
        module = sys.modules[name] = ModuleType(name)
        module.__file__ = str(path)
        try:
            return self.execute(module, path, None)
        except BaseException:
            del sys.modules[name]
            raise

    def _make_siblings_importable(self, path: Path) -> None:
        """Students run files where they lie: ``from custom_layers import X`` works there, so it does here (last)."""
        for folder in (path.parent, *path.parent.parents):
            if not folder.is_relative_to(self.root) or folder == self.root:
                return
            self.view.add(folder)
            if str(folder) not in sys.path:
                sys.path.append(str(folder))

    def _file_of(self, place: Path) -> Path | None:
        candidates = (place.with_name(f"{place.name}.py"), place / "__init__.py", place)
        return next((each for each in candidates if self.is_inside(str(each)) and each != self.root and each.exists()), None)

    def _folder(self, folder: Path) -> ModuleType | None:
        """A package without ``__init__.py``."""
        parts = folder.relative_to(self.root).parts
        return importlib.import_module(".".join(parts)) if any(folder.glob("*.py")) else None


def _text(path: Path) -> tuple[str, bool]:
    """The text of a file, and whether Python would read it as well. Raises ValueError for a broken notebook."""
    data = path.read_bytes()
    if path.suffix == ".ipynb":
        return notebook_source(data), False
    with contextlib.suppress(SyntaxError, UnicodeDecodeError, LookupError):
        text = importlib.util.decode_source(data)
        return text.replace("\0", " "), True
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1251", "replace").replace("\0", " "), False


def _imported(loaded: Loaded, plain: Callable[[], None]) -> bool:
    """Whether a file can be imported as it stands; if not, nothing of the attempt is left."""
    loaded.how = "imported"
    try:
        plain()
    except BaseException as error:
        loaded.how, loaded.problem = "definitions", error
        _empty(loaded.module)
        return False
    return True


def _empty(module: ModuleType) -> None:
    """Nothing is left of an import that failed but what makes it a module."""
    kept: dict[str, Any] = {name: value for name, value in vars(module).items() if name in _KEPT}
    vars(module).clear()
    vars(module).update(kept)


def _import(files: Files, path: Path) -> ModuleType:
    parts = path.relative_to(files.root).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
    if all(part.isidentifier() for part in parts):
        module = _import_by_name(".".join(parts))
        if module is not None and getattr(module, "__file__", None) and Path(str(module.__file__)).resolve() == path:
            return module
    return _import_by_path(files, path, _made_up_name(parts))


def _made_up_name(parts: Sequence[str]) -> str:
    return re.sub(r"\W", "_", "submission." + "_".join(parts))


def _import_by_name(name: str) -> ModuleType | None:
    """The module, or None where another package has taken the first part of the name."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise


def _import_by_path(files: Files, path: Path, name: str) -> ModuleType:
    known = files.known(path)
    if known is not None:
        return known.module
    spec = importlib.util.spec_from_file_location(name, path, loader=FileLoader(files, name, str(path)))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
