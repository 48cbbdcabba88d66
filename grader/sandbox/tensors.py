"""A safetensors file from the worker, read without a copy: nothing in its header is believed before it is checked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from grader.worker.wire import WireError, parse_object

if TYPE_CHECKING:
    from torch import Tensor

MAX_TENSORS = 4096
MAX_NAME = 256
MAX_SIDES = 8
MAX_NUMBERS = 2**31  # of a shape without its zeros: strides are computed from it
MAX_HEADER_BYTES = 2 * 2**20
_ALIGNMENT = 8
_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}


def read_tensors(body: bytes | bytearray) -> dict[str, Tensor]:
    """The tensors of a safetensors file; they share the memory of ``body`` where it can be written.

    Raises WireError where the header lies: sizes, offsets, overlaps, gaps, types, names.
    """
    if not body:
        return {}
    header_bytes = int.from_bytes(body[:8], "little")
    start = 8 + header_bytes
    if len(body) < 8 or header_bytes > MAX_HEADER_BYTES or start > len(body) or start % _ALIGNMENT:
        raise WireError("the body is not a safetensors file")
    entries = parse_object(bytearray(body[8:start]), "header of the tensors")
    entries.pop("__metadata__", None)
    if len(entries) > MAX_TENSORS or any(len(name) > MAX_NAME or not name.isprintable() for name in entries):
        raise WireError("too many tensors, or a name that is too long")
    found = {name: _entry(name, entry) for name, entry in entries.items()}
    _check_cover(((begin, end) for _, _, begin, end in found.values()), len(body) - start)
    data = memoryview(body if isinstance(body, bytearray) else bytearray(body))[start:]
    return {name: _tensor(data[begin:end], word, shape) for name, (word, shape, begin, end) in found.items()}


def _entry(name: str, entry: Any) -> tuple[str, list[int], int, int]:
    """Type, shape, and the bytes from and to which a tensor reaches."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise WireError(f"the tensor {name!r} is not described by dtype, shape and offsets")
    word, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(word, str) or word not in _DTYPES or not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise WireError(f"the tensor {name!r} has another type, shape or place than there can be")
    if len(shape) > MAX_SIDES or math.prod(max(side, 1) for side in shape) > MAX_NUMBERS:
        raise WireError(f"the shape of the tensor {name!r} is too large")
    return word, shape, offsets[0], offsets[1]


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 2**48 for value in values)


def _check_cover(places: Iterator[tuple[int, int]], size: int) -> None:
    """Each byte belongs to one tensor."""
    reached = 0
    for begin, end in sorted(places):
        if begin != reached or end < begin:
            raise WireError("the tensors overlap, or leave a gap")
        reached = end
    if reached != size:
        raise WireError("the tensors do not fill the body")


def _tensor(data: memoryview, word: str, shape: list[int]) -> Tensor:
    import torch  # a worker's start does not wait for it

    dtype: torch.dtype = getattr(torch, _DTYPES[word])
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise WireError("the shape of a tensor does not fit its bytes")
    if not len(data):
        return torch.empty(shape, dtype=dtype)
    if dtype is torch.bool:  # a byte that is neither 0 nor 1 is no truth value to torch
        return torch.frombuffer(data, dtype=torch.uint8).reshape(shape) != 0
    flat = torch.frombuffer(data, dtype=torch.uint8)
    if flat.data_ptr() % dtype.itemsize:
        raise WireError("a tensor does not begin where its type may")
    value: Tensor = flat.view(dtype).reshape(shape)
    return value
