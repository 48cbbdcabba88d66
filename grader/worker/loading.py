"""Import the files of a submission and build candidates from them."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.machinery
import importlib.util
import inspect
import random
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from .faults import StudentFault, from_error

MAIN_GUARD = 'Put everything that runs (training, plots, downloads) under `if __name__ == "__main__":`.'


class FolderFinder:
    """Lets a folder of the submission without ``__init__.py`` win over an installed package of its name.

    Python itself would give ``import utils`` to a regular package anywhere on the path first.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def find_spec(self, name: str, path: Sequence[str] | None, _target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        """A namespace package for a top-level folder that holds Python files."""
        folder = self._root / name
        if path is not None or name in sys.stdlib_module_names or (self._root / f"{name}.py").exists():
            return None
        if not folder.is_dir() or (folder / "__init__.py").exists() or not any(folder.rglob("*.py")):
            return None
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec


class Submission:
    """The student's folder, importable."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        sys.path.insert(0, str(self.root))
        sys.meta_path.insert(0, FolderFinder(self.root))

    def module(self, file: str) -> ModuleType:
        """Import one file. Raises StudentFault "missing" or "import"."""
        path = (self.root / file).resolve()
        if not path.is_relative_to(self.root) or not path.is_file():
            raise StudentFault("missing", f"There is no file {file}.", file=file, remedy=f"Write {file}.")
        self._make_siblings_importable(path)
        try:
            return _import(path, self.root)
        except BaseException as error:
            raise self._import_fault(file, error) from None

    def find(self, file: str, name: str) -> Any:
        """A (qualified) name of a file. Raises StudentFault."""
        value: Any = self.module(file)
        names = public_names(value)
        for part in name.split("."):
            try:
                value = getattr(value, part)
            except AttributeError:
                raise _missing_name(file, name, names) from None
        return value

    def build(self, candidate: dict[str, Any], seed: int) -> nn.Module:
        """A candidate with fresh weights; a function or autograd.Function comes as a module that applies it."""
        file, name, arguments = candidate["file"], candidate["name"], candidate.get("arguments") or {}
        thing = self.find(file, name)
        seed_everything(seed)
        try:
            built = _call(thing, arguments)
        except BaseException as error:
            call = f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
            fault = from_error("build", error, self.root, what=f"{call} failed", remedy=_build_remedy(error, call))
            raise _placed(fault, file, thing) from None
        if not isinstance(built, nn.Module):
            raise StudentFault("build", f"{name} gives a {type(built).__name__}, no nn.Module.", file=file,
                               remedy=f"Make {name} a class that derives from torch.nn.Module.")  # fmt: skip
        return built

    def _make_siblings_importable(self, path: Path) -> None:
        """Students run files where they lie: ``from custom_layers import X`` works there, so it does here (last)."""
        for folder in (path.parent, *path.parent.parents):
            if not folder.is_relative_to(self.root) or folder == self.root:
                return
            if str(folder) not in sys.path:
                sys.path.append(str(folder))

    def _import_fault(self, file: str, error: BaseException) -> StudentFault:
        fault = from_error("import", error, self.root, what=f"{file} cannot be imported", remedy=_import_remedy(error))
        if isinstance(error, ModuleNotFoundError):
            fault.construct = f"import {error.name}"
        fault.file = fault.file or file
        return fault


class Applied(nn.Module):
    """A function or an autograd.Function as a module: ``forward(*inputs)`` applies it."""

    def __init__(self, function: Callable[..., Any], arguments: dict[str, Any], *, by_name: bool) -> None:
        super().__init__()
        self.function, self.arguments, self.by_name = function, arguments, by_name

    def forward(self, *inputs: torch.Tensor) -> Any:
        """The function's value at the inputs."""
        if self.by_name:
            return self.function(*inputs, **self.arguments)
        return self.function(*inputs, *self.arguments.values())  # autograd.Function.apply takes no keywords


def public_names(module: ModuleType) -> list[str]:
    """The classes and functions that a module defines itself, in order of definition."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and callable(value) and getattr(value, "__module__", None) == module.__name__
    ]


def seed_everything(seed: int) -> None:
    """Seed torch, random, and numpy if something has imported it."""
    torch.manual_seed(seed)
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)


def _import(path: Path, root: Path) -> ModuleType:
    parts = path.relative_to(root).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
    if all(part.isidentifier() for part in parts):
        module = _import_by_name(".".join(parts))
        if module is not None and getattr(module, "__file__", None) and Path(str(module.__file__)).resolve() == path:
            return module
    return _import_by_path(path, re.sub(r"\W", "_", "submission." + "_".join(parts)))


def _import_by_name(name: str) -> ModuleType | None:
    """The module, or None where another package has taken the first part of the name."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise


def _import_by_path(path: Path, name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _call(thing: Any, arguments: dict[str, Any]) -> Any:
    if inspect.isclass(thing):
        if issubclass(thing, torch.autograd.Function):
            return Applied(thing.apply, arguments, by_name=False)
        return thing(**arguments)
    if inspect.isfunction(thing) and _needs_more(thing, arguments):
        return Applied(thing, arguments, by_name=True)
    return thing(**arguments)


def _needs_more(function: Callable[..., Any], arguments: dict[str, Any]) -> bool:
    """Whether a function cannot be called with these arguments alone: then it is no factory but the operation."""
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError:
        return True
    return False


def _missing_name(file: str, name: str, names: list[str]) -> StudentFault:
    near = difflib.get_close_matches(name, names, n=1)
    has = f"it defines {', '.join(names[:12])}" if names else "it defines no class or function"
    remedy = f"Is {near[0]} meant? Name it {name}." if near else f"Write {name} in {file}."
    return StudentFault("missing", f"{file} has no {name}; {has}.", file=file, construct=name, remedy=remedy)


def _placed(fault: StudentFault, file: str, thing: Any) -> StudentFault:
    """A call that did not fit never got into the submission: then the place is where the thing is defined."""
    if fault.file is None:
        fault.file = file
        with contextlib.suppress(OSError, TypeError):
            fault.line = inspect.getsourcelines(thing)[1]
    return fault


def _build_remedy(error: BaseException, call: str) -> str:
    if isinstance(error, NotImplementedError):
        return "Write the body."
    if isinstance(error, TypeError) and "argument" in str(error):
        return f"The contract builds it as {call}: give every other constructor argument a default value."
    if isinstance(error, SystemExit | KeyboardInterrupt):
        return "Don't leave the program inside a constructor."
    return f"Make {call} work in a fresh Python."


def _import_remedy(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        top = str(error.name).split(".")[0]
        return (f"If {top} is a file of yours, hand it in and import it from the root of the submission; "
                f"if it is a package, do without it: only torch, torchvision, numpy and matplotlib are sure to be there.")  # fmt: skip
    if isinstance(error, SystemExit | KeyboardInterrupt):
        return "The file leaves the program while it is imported. " + MAIN_GUARD
    if isinstance(error, SyntaxError):
        return "Correct the syntax on this line; `python -m py_compile FILE` checks it."
    if isinstance(error, FileNotFoundError | OSError):
        return "The file reads or downloads something while it is imported. " + MAIN_GUARD
    return "Make `import` of the file work in a fresh Python. " + MAIN_GUARD
