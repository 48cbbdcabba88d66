"""What built-in functions and methods of lists, dicts and strings give for known values: the few that settings are made with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice, product
from typing import Any

from grader.discovery.values import MAX_STRING, MAX_WEIGHT, UNKNOWN, kept

_ERRORS = (TypeError, ValueError, ArithmeticError, KeyError, IndexError, AttributeError)


def elements(value: Any) -> tuple[Any, ...]:
    """What a loop over the value sees; UNKNOWN alone where that is not known."""
    return tuple(value) if isinstance(value, list | dict) else (UNKNOWN,)


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str):
        return list(value[:MAX_WEIGHT])
    if isinstance(value, list | dict):
        return list(value)
    raise TypeError("nothing known to loop over")


def _range(*bounds: Any) -> list[int]:
    return list(range(*bounds)[:MAX_WEIGHT])


def _zip(*lists: Any) -> list[Any]:
    return [list(each) for each in zip(*map(_listed, lists), strict=False)]


def _enumerate(values: Any, start: int = 0) -> list[Any]:
    return [[number, each] for number, each in enumerate(_listed(values), start)]


def _product(*lists: Any) -> list[Any]:
    return [list(each) for each in islice(product(*map(_listed, lists)), MAX_WEIGHT)]


def _known(value: Any) -> Any:
    if value is UNKNOWN or (isinstance(value, list) and UNKNOWN in value):
        raise ValueError("not known")
    return value


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "builtins.range": _range,
    "builtins.len": lambda value: len(_listed(value)),
    **dict.fromkeys(("builtins.list", "builtins.tuple", "builtins.set"), lambda value=None: _listed(value or [])),
    "builtins.sorted": lambda value: sorted(_known(_listed(value))),
    "builtins.reversed": lambda value: _listed(value)[::-1],
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.int": lambda value=0: int(value),
    "builtins.float": lambda value=0.0: float(value),
    "builtins.str": lambda value="": str(_known(value)),
    "builtins.max": lambda *values: max(*map(_known, values)) if len(values) > 1 else max(_known(_listed(values[0]))),
    "builtins.min": lambda *values: min(*map(_known, values)) if len(values) > 1 else min(_known(_listed(values[0]))),
    "builtins.sum": lambda value: sum(_known(_listed(value))),
    "builtins.abs": abs,
    "builtins.round": lambda value, digits=None: round(value, digits),
    "builtins.bool": lambda value=False: bool(_known(value)),
    "itertools.product": _product,
}
_METHODS: dict[tuple[type, str], Callable[..., Any]] = {
    (dict, "items"): lambda table: [[key, value] for key, value in table.items()],
    (dict, "keys"): list,
    (dict, "values"): lambda table: list(table.values()),
    (dict, "copy"): dict,
    (dict, "get"): lambda table, key, default=None: table.get(key, default),
    (list, "copy"): list,
    (list, "index"): lambda values, value: values.index(value),
    (str, "lower"): str.lower,
    (str, "upper"): str.upper,
    (str, "strip"): lambda text: text.strip(),
    (str, "split"): lambda text, by=None: text.split(by),
    (str, "replace"): lambda text, old, new: text.replace(old, new) if len(text) * len(new) <= MAX_STRING else UNKNOWN,
}
NAMES = frozenset(name.removeprefix("builtins.") for name in _FUNCTIONS if name.startswith("builtins.")) | {"dict"}


def is_function(name: str) -> bool:
    """Whether `function` knows a name."""
    return name in _FUNCTIONS or name == "builtins.dict"


def function(name: str, positional: Sequence[Any], named: dict[str, Any]) -> Any:
    """What a built-in function gives."""
    if name == "builtins.dict":
        return {**(positional[0] if positional and isinstance(positional[0], dict) else {}), **named}
    return _tried(_FUNCTIONS[name], *positional)


def method(value: Any, name: str, positional: Sequence[Any]) -> Any:
    """What a method of a list, dict or string gives."""
    known = _METHODS.get((type(value), name))
    return UNKNOWN if known is None else _tried(known, value, *positional)


def chosen(container: Any, key: Any) -> tuple[Any, ...]:
    """``container[key]``; everything in the container where the key is not known."""
    if not isinstance(container, list | dict | str):
        return (UNKNOWN,)
    if key is UNKNOWN and not isinstance(container, str):
        return tuple(container.values() if isinstance(container, dict) else container) or (UNKNOWN,)
    return (_tried(lambda: container[key]),)


def _tried(work: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return kept(work(*arguments))
    except _ERRORS:
        return UNKNOWN
