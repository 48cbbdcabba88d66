"""Import the files of a submission and build candidates from them."""

from __future__ import annotations

import contextlib
import difflib
import inspect
import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from .arguments import called, has_lists, in_order, resolve, shown, with_tuples
from .faults import StudentFault, from_error, sentence
from .importing import Files, Loaded
from .lifting import NotLiftable, lift

MAX_NOTES, MAX_REASON = 12, 300
MAIN_GUARD = 'Put everything that runs (training, plots, downloads) under `if __name__ == "__main__":`.'


class Submission:
    """The student's folder, importable."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._files = Files(self.root)
        self._files.install()

    def module(self, file: str) -> ModuleType:
        """One file as a module: imported, or its definitions alone. Raises StudentFault "missing" or "import"."""
        return self._loaded(file).module

    def description(self, file: str) -> dict[str, Any]:
        """What a file defines, and how it was loaded: the reply to "load". Raises StudentFault."""
        loaded = self._loaded(file)
        notes = [f"it cannot be imported: {sentence(loaded.problem, self.root)[:MAX_REASON]}"] if loaded.problem is not None else []
        return {"names": public_names(loaded.module), "how": loaded.how, "notes": [*notes, *loaded.definitions.notes()][:MAX_NOTES]}

    def find(self, file: str, name: str) -> Any:
        """A (qualified) name of a file; one inside a function or under the main guard is taken from there. Raises StudentFault."""
        loaded = self._loaded(file)
        value = _attribute(loaded.module, name)
        if value is None and "." not in name:
            loaded.definitions.run_guarded()
            value = _attribute(loaded.module, name)
        return self._lifted(loaded, file, name) if value is None else value

    def build(self, candidate: dict[str, Any], seed: int) -> nn.Module:
        """A candidate with fresh weights; a function or autograd.Function comes as a module that applies it."""
        file, name, arguments = candidate["file"], candidate["name"], candidate.get("arguments") or {}
        thing = self.find(file, name)
        resolved = resolve(arguments, self.find)
        try:
            built = _built(thing, resolved, seed)
        except BaseException as error:
            call = f"{name}({', '.join(f'{key}={shown(value)}' for key, value in arguments.items())})"
            raise self._build_fault(file, call, thing, error) from None
        if not isinstance(built, nn.Module):
            raise StudentFault("build", f"{name} gives a {type(built).__name__}, no nn.Module.", file=file,
                               remedy=f"Make {name} a class that derives from torch.nn.Module.")  # fmt: skip
        return built

    def _loaded(self, file: str) -> Loaded:
        path = (self.root / file).resolve()
        if not path.is_relative_to(self.root) or not path.is_file():
            raise StudentFault("missing", f"There is no file {file}.", file=file, remedy=f"Write {file}.")
        try:
            return self._files.load(path)
        except BaseException as error:
            raise self._import_fault(file, error) from None

    def _lifted(self, loaded: Loaded, file: str, name: str) -> Any:
        """From inside a function. What is not there, or could not be defined, is a fault that says why."""
        if name not in loaded.lifted:
            definitions = loaded.definitions
            try:
                loaded.lifted[name] = lift(name, loaded.found.statements, loaded.quiet, definitions.compiled, vars(loaded.module))
            except NotLiftable as reason:
                if (error := definitions.outcome.errors.get(name.split(".")[0])) is not None:
                    raise from_error("import", error, self.root, what=f"{name} cannot be defined", remedy=_import_remedy(error)) from None
                raise _missing_name(file, name, public_names(loaded.module), reason) from None
            except BaseException as error:
                raise from_error("import", error, self.root, what=f"{name} cannot be defined", remedy=_import_remedy(error)) from None
        return loaded.lifted[name]

    def _build_fault(self, file: str, call: str, thing: Any, error: BaseException) -> StudentFault:
        """Where a name is missing because the file could not be imported, that is the fault."""
        problem = self._loaded(file).problem
        if isinstance(error, NameError) and problem is not None:
            return self._import_fault(file, problem)
        fault = from_error("build", error, self.root, what=f"{call} failed", remedy=_build_remedy(error, call))
        return _placed(fault, file, thing)

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


def _attribute(module: ModuleType, name: str) -> Any:
    value: Any = module
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def _built(thing: Any, arguments: dict[str, Any], seed: int) -> Any:
    """JSON has no tuples: what fails with lists is tried once with these."""
    seed_everything(seed)
    try:
        return _call(thing, arguments)
    except TypeError:
        if not has_lists(arguments):
            raise
        with contextlib.suppress(Exception):
            seed_everything(seed)
            return _call(thing, with_tuples(arguments))
        raise


def _call(thing: Any, arguments: dict[str, Any]) -> Any:
    if inspect.isclass(thing):
        if issubclass(thing, torch.autograd.Function):
            return Applied(thing.apply, in_order(thing.forward, arguments), by_name=False)
        return called(thing, arguments)
    if inspect.isfunction(thing) and _needs_more(thing, arguments):
        return Applied(thing, arguments, by_name=True)
    made = called(thing, arguments)
    return made() if inspect.isclass(made) and issubclass(made, nn.Module) else made


def _needs_more(function: Callable[..., Any], arguments: dict[str, Any]) -> bool:
    """Whether a function cannot be called with these arguments alone: then it is no factory but the operation."""
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError:
        return True
    return False


def _missing_name(file: str, name: str, names: list[str], reason: NotLiftable) -> StudentFault:
    """A name that is nowhere, or only where it cannot be had without calling something."""
    if reason.is_there:
        remedy = f"Move {name.rpartition('.')[2]} to the top of the file, and give it as arguments what it needs."
        return StudentFault("missing", f"{file}: {name} cannot be built by itself: {reason}.", file=file, construct=name, remedy=remedy)
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
