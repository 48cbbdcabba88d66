"""Arguments that came as JSON, and how a class or function of the student's takes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from .faults import StudentFault

REFERENCE = "$ref"
NEW, FIELDS = "$new", "with"
_MODULES: dict[str, Any] = {"torch.nn": torch.nn, "torch.nn.functional": torch.nn.functional, "torch": torch}


def resolve(value: Any, find: Callable[[str, str], Any]) -> Any:
    """The value with every ``{"$ref": "file.py:Name"}`` or ``{"$ref": "torch.nn:ReLU"}`` replaced by what it names.

    ``{"$new": "file.py:Name", "with": {"kernel": 5}}`` is replaced by what the class gives when it is called so: settings that
    a student keeps in a dataclass. Raises StudentFault.
    """
    if isinstance(value, dict):
        if set(value) == {REFERENCE}:
            return _referenced(str(value[REFERENCE]), find)
        if set(value) == {NEW, FIELDS}:
            return _made(str(value[NEW]), resolve(value[FIELDS], find), find)
        return {key: resolve(item, find) for key, item in value.items()}
    return [resolve(item, find) for item in value] if isinstance(value, list) else value


def _referenced(place: str, find: Callable[[str, str], Any]) -> Any:
    where, _, name = place.rpartition(":")
    if where not in _MODULES:
        return find(where, name)
    found = None if name.startswith("_") else getattr(_MODULES[where], name, None)
    if not callable(found):
        raise StudentFault("missing", f"{where} has no {name[:100]}.", construct=name[:100])
    return found


def _made(place: str, fields: Any, find: Callable[[str, str], Any]) -> Any:
    thing, name = _referenced(place, find), place.rpartition(":")[2]
    if not inspect.isclass(thing) or not isinstance(fields, dict):
        raise StudentFault("build", f"{name[:100]} is no class that holds settings.", construct=name[:100])
    try:
        return thing(**fields)
    except Exception as error:
        raise StudentFault("build", f"{name[:100]} fails: {type(error).__name__}.", construct=name[:100]) from None


def shown(value: Any) -> str:
    """An argument as a student would write it."""
    if isinstance(value, dict) and set(value) == {REFERENCE}:
        return str(value[REFERENCE]).rpartition(":")[2]
    if isinstance(value, dict) and set(value) == {NEW, FIELDS}:
        fields = ", ".join(f"{key}={shown(each)}" for key, each in value[FIELDS].items())
        return f"{str(value[NEW]).rpartition(':')[2]}({fields})"
    return f"[{', '.join(map(shown, value))}]" if isinstance(value, list) else repr(value)


def has_lists(value: Any) -> bool:
    """Whether there is a list anywhere."""
    return isinstance(value, list) or (isinstance(value, dict) and any(map(has_lists, value.values())))


def with_tuples(value: Any) -> Any:
    """The value with tuples for lists."""
    if isinstance(value, list):
        return tuple(map(with_tuples, value))
    return {key: with_tuples(item) for key, item in value.items()} if isinstance(value, dict) else value


def called(thing: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """The thing called by keywords; what is given for ``*layers``, or may not be named, is put by position."""
    parameters = _parameters(thing)
    last = next((at for at, each in enumerate(parameters) if _is_unnamed(each) and each.name in arguments), None)
    if last is None:
        return thing(**arguments)
    named = dict(arguments)
    positional: list[Any] = []
    for parameter in parameters[: last + 1]:
        value = named.pop(parameter.name, parameter.default)
        if value is inspect.Parameter.empty:
            break
        positional += value if parameter.kind is parameter.VAR_POSITIONAL and isinstance(value, list | tuple) else [value]
    return thing(*positional, **named)


def in_order(forward: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments in the order of a signature, with the defaults of those between them: ``apply`` takes no names."""
    parameters = _parameters(forward)
    given = [at for at, each in enumerate(parameters) if each.name in arguments]
    if not given or len(given) < len(arguments):
        return arguments
    between = {each.name: arguments.get(each.name, each.default) for each in parameters[given[0] : given[-1] + 1]}
    first = next((at for at, each in enumerate(parameters) if each.default is not inspect.Parameter.empty), given[0])
    before = {each.name: each.default for each in parameters[first : given[0]]} if first < given[0] else {}
    found = before | between
    return arguments if inspect.Parameter.empty in found.values() else found


def _is_unnamed(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY)


def _parameters(thing: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(thing).parameters.values())
    except (TypeError, ValueError):
        return []
