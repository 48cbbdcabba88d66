"""How Python's import comes to the submission's files: they win over what is installed, and are looked for everywhere at last."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from .borrowing import NEVER_REPLACED

if TYPE_CHECKING:
    from .importing import Files


class FileLoader(SourceFileLoader):
    """Python's own loader of a file, with the choice between importing and defining; a file is loaded once."""

    def __init__(self, files: Files, name: str, path: str) -> None:
        super().__init__(name, path)
        self._files, self._place = files, Path(path).resolve()

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The module that the file already is, by another name."""
        known = self._files.known(self._place)
        self._own_spec = known.module.__spec__ if known is not None else spec
        return known.module if known is not None else super().create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Fill it, once."""
        if self._files.known(self._place) is not None:
            module.__spec__ = self._own_spec
        else:
            self._files.execute(module, self._place, partial(super().exec_module, module))


class View:
    """What a file sees under a top-level name: two folders of a submission may have a ``utils`` each."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: list[Path] = []
        self._siblings: list[Path] = []
        self._names: set[str] = set()  # found through this

    def add(self, folder: Path) -> None:
        """A folder in which a file of the submission lies."""
        if folder not in self._siblings:
            self._siblings.append(folder)

    def find(self, name: str) -> Path | None:
        """The folder that holds a module or package: the root, those around the file that is run, any that holds a file."""
        found = self._find(name, self._running[-1]) if self._running else self._first(name, [self._root, *self._siblings])
        self._names |= {name} if found is not None else set()
        return found

    @contextmanager
    def of(self, file: Path) -> Iterator[None]:
        """While a file is run, its own ``utils`` is that of Python's modules."""
        other = {name for name in self._names if name in sys.modules and self._find(name, file) != _home(sys.modules[name])}
        hidden = {name: module for name, module in sys.modules.items() if name.split(".")[0] in other}
        for name in hidden:
            del sys.modules[name]
        self._running.append(file)
        try:
            yield
        finally:
            self._running.pop()
            for name in [each for each in sys.modules if each.split(".")[0] in other]:
                del sys.modules[name]
            sys.modules.update(hidden)

    def _find(self, name: str, file: Path) -> Path | None:
        around = [folder for folder in file.parents if folder.is_relative_to(self._root)]
        return self._first(name, [self._root, *around, *self._siblings])

    def _first(self, name: str, folders: Sequence[Path]) -> Path | None:
        candidates = folders[:1] if name in sys.stdlib_module_names else folders
        return next((each for each in candidates if _holds(each, name)), None)


class FirstFinder:
    """Lets the submission's files win over installed packages of their names, folders without ``__init__.py`` too.

    Python itself would give ``import utils`` to a regular package anywhere on the path first.
    """

    def __init__(self, files: Files) -> None:
        self._files = files

    def find_spec(self, name: str, path: Sequence[str] | None, _: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of a file of the submission, to be loaded by its rules."""
        if path is None:
            return self._top_level(name)
        return _own_spec(self._files, name, path) if any(map(self._files.is_inside, path)) else None

    def _top_level(self, name: str) -> ModuleSpec | None:
        if name in sys.builtin_module_names or name in NEVER_REPLACED:
            return None
        folder = self._files.view.find(name)
        if folder is None:
            return None
        is_folder = not _is_module(folder / name)
        return _folder_spec(name, folder / name) if is_folder else _own_spec(self._files, name, [str(folder)])


class LastResort:
    """For what nobody else finds: a module or package of that name anywhere in the submission."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def find_spec(self, name: str, path: Sequence[str] | None, _: ModuleType | None = None) -> ModuleSpec | None:
        """The outermost of them."""
        top, *rest = name.split(".")
        if top in NEVER_REPLACED or (path is not None and not any(map(self._files.is_inside, path))):
            return None
        for folder in self._files.folders.get(top, []):
            place = folder.joinpath(top, *rest)
            if _is_module(place):
                return _own_spec(self._files, name, [str(place.parent)])
            if _holds_python(place):
                return _folder_spec(name, place)
        return None


def _own_spec(files: Files, name: str, folders: Sequence[str]) -> ModuleSpec | None:
    spec = PathFinder.find_spec(name, folders)
    if spec is not None and type(spec.loader) is SourceFileLoader and files.is_inside(spec.origin):
        spec.loader = FileLoader(files, name, str(spec.origin))
    return spec


def _folder_spec(name: str, folder: Path) -> ModuleSpec:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    return spec


def _is_module(place: Path) -> bool:
    return place.with_name(f"{place.name}.py").is_file() or (place / "__init__.py").is_file()


def _holds(folder: Path, name: str) -> bool:
    """Whether Python finds a name in a folder; one without Python files is no package."""
    return _is_module(folder / name) or (name not in sys.stdlib_module_names and _holds_python(folder / name))


def _home(module: ModuleType) -> Path | None:
    """The folder that a top-level module or package lies in."""
    places = [module.__file__] if getattr(module, "__file__", None) else list(getattr(module, "__path__", []))
    place = Path(str(places[0])) if places else None
    return place and (place.parent.parent if place.name == "__init__.py" else place.parent)


def _holds_python(folder: Path) -> bool:
    return folder.is_dir() and any(folder.rglob("*.py"))
