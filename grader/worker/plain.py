"""What an experiment returned, as plain JSON with caps; a fault names the key that is not."""

from __future__ import annotations

import math
from typing import Any

from .faults import StudentFault

MAX_DEPTH = 16
MAX_VALUES = 200_000
MAX_TEXT = 20_000


def plain_document(value: Any) -> Any:
    """JSON of the same content: tuples become lists, numbers of numpy or torch Python's, NaN and infinities null.

    Raises StudentFault "result".
    """
    return _Converter().convert(value, "result", 0)


class _Converter:
    """Counts the values on the way."""

    def __init__(self) -> None:
        self._left = MAX_VALUES

    def convert(self, value: Any, key: str, depth: int) -> Any:
        """The plain form of one value; ``key`` says where it stands."""
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            limit = f"more than {MAX_VALUES} values" if self._left < 0 else f"nested more than {MAX_DEPTH} deep"
            raise _refused(key, f"is {limit}", "Return a summary.")
        if isinstance(value, dict):
            return {_name(name, key): self.convert(item, f"{key}[{name!r}]", depth + 1) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.convert(item, f"{key}[{index}]", depth + 1) for index, item in enumerate(value)]
        return _leaf(value, key)


def _leaf(value: Any, key: str) -> Any:
    if not isinstance(value, str | int | float | None) and getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value)[:MAX_TEXT].encode(errors="replace").decode()
    remedy = "Return numbers, texts, lists and dicts; a tensor or an array gives them by .tolist()."
    raise _refused(key, f"is a {type(value).__name__}, which JSON does not have", remedy)


def _name(name: Any, key: str) -> str:
    if isinstance(name, str | int | float | None):
        return str(name)[:200].encode(errors="replace").decode()
    raise _refused(key, f"has a {type(name).__name__} as a key, which JSON does not have", "Use text as keys.")


def _refused(key: str, what: str, remedy: str) -> StudentFault:
    return StudentFault("result", f"{key[:300]} {what}.", construct=key[:300], remedy=remedy)
