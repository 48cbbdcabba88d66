"""The tensors of a reply: read as they were written, refused where their header lies."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import Tensor

from grader.sandbox.tensors import read_tensors
from grader.worker.wire import WireError

FAST = settings(max_examples=60, deadline=None, derandomize=True)
NAMES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
DTYPES = tuple(getattr(torch, name) for name in NAMES)


def file(entries: Any, data: bytes = bytes(8)) -> bytes:
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + data


def entry(dtype: Any = "F32", shape: Any = (2,), begin: Any = 0, end: Any = 8) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


TYPED_SHAPES = st.tuples(st.lists(st.integers(0, 3), max_size=4), st.sampled_from(DTYPES))


@FAST
@given(tensors=st.dictionaries(st.text("abc.01", min_size=1), TYPED_SHAPES, max_size=5), writable=st.booleans())
def test_what_is_saved_is_read(tensors: dict[str, tuple[list[int], torch.dtype]], writable: bool) -> None:
    made: dict[str, Tensor] = {name: torch.arange(torch.Size(s).numel()).reshape(s).to(dtype) for name, (s, dtype) in tensors.items()}
    body = save(made)
    found = read_tensors(bytearray(body) if writable else body)
    assert found.keys() == made.keys()
    assert all(torch.equal(found[name], made[name]) and found[name].dtype == made[name].dtype for name in made)


@pytest.mark.parametrize(
    "body",
    [
        b"\x02",
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 8) + b"{}",
        file([]),
        file({"a": entry(end=16)}),
        file({"a": entry(begin=4, end=8, shape=[1])}),
        file({"a": entry(end=4, shape=[1])}),
        file({"a": entry(), "b": entry()}),
        file({"a": entry(end=4, shape=[1]), "b": entry(begin=4, end=8, shape=[2])}),
        file({"a": entry(begin=8, end=0)}),
        file({"a": entry(end=-8)}),
        file({"a": entry(dtype="F4")}),
        file({"a": entry(dtype=["F32"])}),
        file({"a": entry(shape=[2.0])}),
        file({"a": entry(shape=[True, True])}),
        file({"a": entry(shape=[-1, -2])}),
        file({"a": entry(shape=[0, 2**40], end=0)}, b""),
        file({"a": entry(shape=[0] + [2**30] * 3, end=0)}, b""),
        file({"a": entry(shape=[1] * 9)}),
        file({"a": entry() | {"code": "x"}}),
        file({"a\x1b[2J": entry()}),
        file({"a" * 300: entry()}),
        file({"a": entry("U8", [1], 0, 1), "b": entry("F32", [1], 1, 5), "c": entry("U8", [3], 5, 8)}),
        struct.pack("<Q", 24) + b'{"a":{},"a":{},"a":{}}  ',
    ],
)
def test_a_header_that_lies_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        read_tensors(body)


@FAST
@given(place=st.integers(0, 300), byte=st.integers(0, 255), cut=st.integers(0, 300))
def test_a_damaged_file_is_read_or_refused(place: int, byte: int, cut: int) -> None:
    body = bytearray(save({"a": torch.ones(2, 3), "b": torch.arange(3), "c": torch.tensor([True])}))
    body[place % len(body)] = byte
    try:
        found = read_tensors(body[: len(body) - cut % 40])
    except WireError:
        return
    assert sum(value.numel() for value in found.values()) <= len(body)


def test_a_truth_value_is_0_or_1() -> None:
    found = read_tensors(file({"a": entry("BOOL", [8])}, bytes([0, 1, 2, 255, 128, 0, 7, 1])))
    assert found["a"].int().tolist() == [0, 1, 1, 1, 1, 0, 1, 1] and int(found["a"].sum()) == 6
