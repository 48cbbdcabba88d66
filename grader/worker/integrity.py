"""Notice whether a submission has replaced what its own answers are computed with.

A module of a submission can assign to ``torch.Tensor.argmax`` or to a function of the worker. From then on what its
process says is worth nothing, so nothing of it is believed. Only replacing counts: a new name is a submission's own
affair, and how a tensor prints, or how a file is loaded, bears on no answer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

import torch

from .faults import StudentFault, relative

_MODULES = (
    "torch", "torch.autograd", "torch.autograd.functional", "torch.autograd.graph", "torch.export", "torch.nn.functional",
    "torch.nn.init", "torch.random", "safetensors.torch",
)  # fmt: skip
_CLASSES = (torch.Tensor, torch.nn.Parameter, torch.nn.Module, torch.autograd.Function, torch.Generator)
_FREE = {"load", "save", "print", "input", "Storage", "__repr__", "__str__", "__format__", "__dir__", "__doc__"}
_OWN = Path(__file__).parent
_TORCH = Path(torch.__file__).parent


class Integrity:
    """What torch and the worker were like before any code of the submission ran."""

    def __init__(self) -> None:
        own = [name for name, module in sys.modules.items() if Path(getattr(module, "__file__", None) or ".").parent == _OWN]
        self._tables = [vars(sys.modules[name]) for name in own]
        self._tables += [value for table in self._tables for value in table.values() if isinstance(value, dict)]
        own_classes = {value for table in self._tables for value in table.values() if isinstance(value, type) and value.__module__ in own}
        self._tables += [vars(sys.modules[name]) for name in _MODULES if name in sys.modules]
        self._before = [{name: value for name, value in table.items() if _is_watched(name, value)} for table in self._tables]
        self._classes = {each: _attributes(each) for each in (*_CLASSES, *own_classes)}
        values = (value for table in (*self._before, *self._classes.values()) for value in table.values())
        self._insides = {id(value): _inside(value) for value in values}

    def check(self, root: Path) -> None:
        """Raises StudentFault "tampered" where something was replaced, with the place of what stands there now."""
        changed = {_full_name(table, name): table.get(name) for table, name in self._replaced()}
        changed |= dict.fromkeys(_modes())
        if not changed:
            return
        file, line = next((place for value in changed.values() if (place := _place(value, root))), (None, None))
        names = sorted(changed)
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        raise StudentFault(
            "tampered", f"The submission replaces {shown}, so that nothing its process says can be believed.", file=file, line=line,
            construct=names[0], remedy="Leave torch and the grader as they are: give a function or a subclass of yours a name of its own.",
        )  # fmt: skip

    def _replaced(self) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Where, and under which name, another thing stands now."""
        for table, before in zip(self._tables, self._before, strict=True):
            yield from ((table, name) for name, value in before.items() if not (_is_same(value, table.get(name)) and self._is_whole(value)))
        for cls, before in self._classes.items():
            now = _attributes(cls)
            yield from ((now, name) for name, value in before.items() if not (now.get(name) is value and self._is_whole(value)))

    def _is_whole(self, value: object) -> bool:
        """Whether a function still does what it did: its code can be exchanged under it."""
        before = self._insides[id(value)]
        return all(one is other for one, other in zip(before, _inside(value), strict=True))


def _inside(value: object) -> tuple[object, ...]:
    """What a function does its work with; nothing for what is no Python function."""
    function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
    if not isinstance(function, FunctionType):
        return ()
    return function.__code__, function.__defaults__, function.__kwdefaults__


def _is_watched(name: object, value: object) -> bool:
    return callable(value) and name not in _FREE


def _attributes(cls: type) -> dict[str, Any]:
    """What a class and its bases define. A name of a base in C cannot be replaced, but hidden by one of the class."""
    found: dict[str, Any] = {"": cls}
    for each in reversed(cls.__mro__):
        found.update(vars(each))
    return {name: value for name, value in found.items() if name not in _FREE and name not in ("__dict__", "__weakref__")}


def _is_same(before: object, now: object) -> bool:
    """Torch itself wraps a function of its own when its compiler is imported."""
    if before is now:
        return True
    code = getattr(now, "__code__", None)
    return getattr(now, "__wrapped__", None) is before and code is not None and Path(code.co_filename).is_relative_to(_TORCH)


def _full_name(table: Mapping[str, Any], name: str) -> str:
    owner = table.get("__name__") or getattr(table.get(""), "__qualname__", "a table of the worker")
    return f"{owner}.{name}"


def _modes() -> list[str]:
    """Modes that a submission has entered for good, by which it could change every operation."""
    found = {"a TorchFunctionMode": torch._C._len_torch_function_stack(), "a TorchDispatchMode": torch._C._len_torch_dispatch_stack()}
    return [f"every operation by {name}" for name, depth in found.items() if depth]


def _place(value: Any, root: Path) -> tuple[str, int] | None:
    """Where in the submission a function or a property was written."""
    inner = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
    code = getattr(inner, "__code__", None)
    file = relative(code.co_filename, root) if code is not None else None
    return None if file is None or code is None else (file, code.co_firstlineno)
