"""Values inside a network as data: references, scalars, words from a fixed set, lists. Errors of a network as data.

NetworkError        a network cannot be used; its text is a sentence for the student's report
├── GraphError      the document is malformed, names what is not allowed, or is over a cap
└── RunError        an operator failed while the graph was run
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

from .operators import STRINGS, Argument


class NetworkError(Exception):
    """A network as data cannot be used. ``code`` is stable, ``str()`` is one sentence naming node, operator and place."""

    def __init__(self, code: str, sentence: str, *, node: str | None = None, op: str | None = None, at: str | None = None):
        place = f" ({', '.join(part for part in (node, op, at) if part)})" if node or op or at else ""
        super().__init__(sentence + place)
        self.code, self.sentence, self.node, self.op, self.at = code, sentence, node, op, at


class GraphError(NetworkError):
    """The document is no valid network, or over a cap."""


class RunError(NetworkError):
    """An operator of a valid network failed when it was run."""


@dataclass(frozen=True)
class Ref:
    """A reference to an input, a tensor or a node by its name."""

    name: str


Value: TypeAlias = (
    "bool | int | float | str | Ref | torch.dtype | torch.device | torch.layout | torch.memory_format | tuple[Value, ...] | None"
)

DTYPES = {
    name: getattr(torch, name) for name in ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
}
_MEMORY_FORMATS = {name: getattr(torch, name) for name in ("contiguous_format", "channels_last", "preserve_format")}
_EQUATION = re.compile(r"\s*[A-Za-z. ]+(,[A-Za-z. ]+){0,3}(->[A-Za-z. ]*)?\s*")
_FLOATS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
MAX_INT = 2**31
TO_THE_END = 2**63 - 1  # how torch writes an open slice
MAX_ITEMS = 4096
MAX_TEXT = 400


def parse_value(raw: Any, argument: Argument, kinds: dict[str, str]) -> Value:
    """One ARGUMENT of the wire against the type that the operator declares for it.

    ``kinds`` maps each name defined so far to "tensor", "tensors" or "int". Raises ValueError with what was expected.
    """
    if raw is None:
        if argument.optional:
            return None
        raise ValueError(f"{argument.name} may not be null")
    kind = argument.type
    if kind.startswith("List["):
        return _parse_list(raw, argument, kind[5:-1], kinds)
    return _parse_one(raw, argument.name, kind, kinds)


def _parse_list(raw: Any, argument: Argument, item: str, kinds: dict[str, str]) -> Value:
    if argument.broadcast and not isinstance(raw, list):
        return _parse_one(raw, argument.name, item, kinds)
    if item == "Tensor" and isinstance(raw, dict):
        return _parse_one(raw, argument.name, "Values", kinds)
    if not isinstance(raw, list) or len(raw) > MAX_ITEMS:
        raise ValueError(f"{argument.name} has to be a list of at most {MAX_ITEMS}")
    if item == "Optional[Tensor]":
        return tuple(None if entry is None else _parse_one(entry, argument.name, "Tensor", kinds) for entry in raw)
    return tuple(_parse_one(entry, argument.name, item, kinds) for entry in raw)


def _parse_one(raw: Any, name: str, kind: str, kinds: dict[str, str]) -> Value:
    if isinstance(raw, dict):
        return _parse_tagged(raw, name, kind, kinds)
    if kind == "bool" and isinstance(raw, bool):
        return raw
    if kind == "Tensor" and name in _SECOND:
        kind = "number"  # torch wraps a number where the second operand should be a tensor
    if kind == "number" and isinstance(raw, bool):
        return raw
    if kind in ("int", "number", "float") and type(raw) is int and (abs(raw) <= MAX_INT or raw == TO_THE_END):
        return raw
    if kind in ("number", "float") and type(raw) is float:
        return raw
    raise ValueError(f"{name} has to be {_describe(kind)}, got {_show(raw)}")


def _parse_tagged(raw: dict[Any, Any], name: str, kind: str, kinds: dict[str, str]) -> Value:
    if len(raw) != 1:
        raise ValueError(f"{name} holds an object with {len(raw)} keys")
    ((tag, word),) = raw.items()
    if not isinstance(word, str) or len(word) > MAX_TEXT:
        raise ValueError(f"{name} holds a {_show(tag)} that is no short text")
    if tag == "ref":
        return _parse_ref(word, name, kind, kinds)
    found: Value = _WORDS.get((tag, kind), {}).get(word)
    if found is not None:
        return found
    if tag == "string" and kind == "str" and (word in STRINGS or (name == "equation" and _EQUATION.fullmatch(word))):
        return word
    if tag == "device" and kind == "Device":
        return torch.device("cpu")
    raise ValueError(f"{name} has to be {_describe(kind)}, got {_show(tag)} {_show(word)}")


_WORDS: dict[tuple[Any, str], dict[str, Any]] = {
    ("float", "float"): _FLOATS,
    ("float", "number"): _FLOATS,
    ("dtype", "ScalarType"): DTYPES,
    ("memory_format", "MemoryFormat"): _MEMORY_FORMATS,
    ("layout", "Layout"): {"strided": torch.strided},
}
_SECOND = frozenset({"other", "value", "exponent"})
_FITS = {"Tensor": ("tensor",), "Values": ("tensors",), "int": ("int",), "number": ("int",), "float": ("int",)}


def _parse_ref(word: str, name: str, kind: str, kinds: dict[str, str]) -> Ref:
    if word not in kinds:
        raise ValueError(f"{name} refers to {_show(word)}, which is not defined before this node")
    if kinds[word] not in _FITS.get(kind, ()) and not (kinds[word] == "int" and kind == "Tensor" and name in _SECOND):
        raise ValueError(f"{name} has to be {_describe(kind)}, but {_show(word)} is a {kinds[word]}")
    return Ref(word)


def _describe(kind: str) -> str:
    return {"number": "a number", "Values": "several values", "ScalarType": "a dtype"}.get(kind, f"of type {kind}")


def _show(raw: Any) -> str:
    text = repr(raw) if isinstance(raw, (str, int, float, bool)) else type(raw).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def displayable(text: str) -> str:
    """Without control characters, which would reach a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
