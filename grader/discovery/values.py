"""Values that are read off code without running it, and the arithmetic that students use on them.

A value is what Python would have there (numbers, strings, lists, dicts; tuples are lists) or one of the records below.
Whatever is not understood, or is too large to be a setting of a network, is UNKNOWN; that alone is no reason to give up
on the list or dict that holds it.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import product
from typing import Any

MAX_WEIGHT = 512  # numbers and letters (by the sixteen) in one value
MAX_NUMBER = 10**12
MAX_STRING = 400
MAX_COMBINATIONS = 24
REF_MODULES = ("torch.nn", "torch.nn.functional", "torch")  # what the worker resolves a reference in
NOT_CLASSES = frozenset(REF_MODULES) | {"torch.optim", "torch.utils", "torch.cuda", "torch.autograd"}


class Opaque(Enum):
    """A value that cannot be read."""

    UNKNOWN = "unknown"


UNKNOWN = Opaque.UNKNOWN
Values = tuple[Any, ...]  # what something can be
NOTHING: Values = (UNKNOWN,)


@dataclass(frozen=True)
class Ref:
    """A class or function of the submission."""

    file: str
    name: str  # qualified

    @property
    def place(self) -> str:
        """``file.py:Name``."""
        return f"{self.file}:{self.name}"


@dataclass(frozen=True)
class External:
    """Something of a package, or the package: ``torch.nn.ReLU``."""

    name: str


@dataclass(frozen=True)
class ModuleOf:
    """A file (or package) of the submission, as imported."""

    file: str


@dataclass(frozen=True)
class Made:
    """What calling a class of the submission or of a package gives."""

    by: Ref | External


@dataclass(frozen=True)
class Config:
    """An instance of a class of the submission that only holds settings: a dataclass or a named tuple."""

    by: Ref
    fields: Mapping[str, Any] = field(hash=False)  # the defaults among them


@dataclass(frozen=True)
class Bound:
    """A class or function with some of its arguments given, as functools.partial does."""

    target: Ref
    positional: tuple[Any, ...] = field(hash=False)
    named: Mapping[str, Any] = field(hash=False)


def is_light(value: Any) -> bool:
    """Whether a value is small enough to be kept."""
    weight, stack = 0, [value]
    while stack and weight <= MAX_WEIGHT:
        each = stack.pop()
        weight += 1
        if isinstance(each, str):
            weight += len(each) // 16
        elif isinstance(each, list | tuple):
            stack.extend(each[: MAX_WEIGHT + 1])
        elif isinstance(each, dict):
            stack.extend(each)
            stack.extend(each.values())
        elif isinstance(each, Config):
            stack.extend(each.fields.values())
    return weight <= MAX_WEIGHT


def kept(value: Any) -> Any:
    """The value, or UNKNOWN where it is too large."""
    if isinstance(value, bool | None):
        return value
    if isinstance(value, int | float):
        return value if abs(value) <= MAX_NUMBER else UNKNOWN  # also what is no number
    if isinstance(value, str):
        return value if len(value) <= MAX_STRING else UNKNOWN
    return value if is_light(value) else UNKNOWN


def distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    """The first few different values in their order, UNKNOWN left out where anything is known."""
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(repr(value), value)
        if len(found) > MAX_COMBINATIONS:
            break
    known = [value for value in found.values() if value is not UNKNOWN]
    return tuple(known[:MAX_COMBINATIONS]) or (UNKNOWN,)


def combinations(choices: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    """Every combination of one value of each, as long as they are few; else the first of each."""
    each = list(choices)
    count = 1
    for values in each:
        count *= len(values)
        if count > MAX_COMBINATIONS:
            return [tuple(values[0] for values in each)]
    return product(*each)


def plain(value: Any) -> Any:
    """The value as JSON has it, classes and functions as ``{"$ref": ...}``, settings as ``{"$new": ..., "with": {...}}``; else UNKNOWN."""
    if isinstance(value, list):
        items = [plain(each) for each in value]
        return UNKNOWN if UNKNOWN in items else items
    if isinstance(value, dict):
        table = {key: plain(each) for key, each in value.items()}
        return table if all(isinstance(key, str) for key in table) and UNKNOWN not in table.values() else UNKNOWN
    if isinstance(value, Ref):
        return {"$ref": value.place}
    if isinstance(value, Config):
        fields = {name: plain(each) for name, each in value.fields.items()}
        known = {name: each for name, each in fields.items() if each is not UNKNOWN}  # the others have a default that is computed
        return {"$new": value.by.place, "with": known}
    if isinstance(value, External):
        return _reference(value.name)
    return value if isinstance(value, bool | int | float | str | None) else UNKNOWN


def _reference(name: str) -> Any:
    """A class or function of torch; the aliases of its inner modules are public names of torch.nn."""
    module, _, attribute = name.rpartition(".")
    if module.startswith("torch.nn.modules"):
        module = "torch.nn"
    return {"$ref": f"{module}:{attribute}"} if module in REF_MODULES and name not in NOT_CLASSES else UNKNOWN


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_ERRORS = (TypeError, ValueError, ArithmeticError, KeyError, IndexError, AttributeError)


def binary(kind: type[ast.operator], left: Any, right: Any) -> Any:
    """``left kind right`` where that is quick and small."""
    if not _is_modest(kind, left, right):
        return UNKNOWN
    try:
        return kept(_BINARY[kind](left, right)) if kind in _BINARY else UNKNOWN
    except _ERRORS:
        return UNKNOWN


def _is_modest(kind: type[ast.operator], left: Any, right: Any) -> bool:
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if kind is ast.Pow:
        return numbers and abs(left) <= 10**4 and abs(right) <= 8
    if kind is ast.Mult and not numbers:
        length = next((len(each) for each in (left, right) if isinstance(each, str | list)), None)
        times = next((each for each in (left, right) if isinstance(each, int)), None)
        return length is not None and times is not None and length * times <= MAX_WEIGHT
    return numbers or (kind is ast.Add and type(left) is type(right) and isinstance(left, str | list))


def compare(kind: type[ast.cmpop], left: Any, right: Any) -> Any:
    """``left kind right``, UNKNOWN unless both sides are plain values or classes."""
    comparable = (bool, int, float, str, type(None), list, dict, Ref, External)
    if not (isinstance(left, comparable) and isinstance(right, comparable)):
        return UNKNOWN
    if kind in (ast.Is, ast.IsNot) and not (left is None or right is None or isinstance(left, bool)):
        kind = ast.Eq if kind is ast.Is else ast.NotEq
    try:
        return bool(_COMPARE[kind](left, right)) if kind in _COMPARE else UNKNOWN
    except _ERRORS:
        return UNKNOWN
