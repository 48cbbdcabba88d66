"""Whatever bytes come out of a worker's pipe: a frame, or a WireError, and memory for what came, not for what was said."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.worker.wire import (
    MAGIC,
    MAX_BODY_BYTES,
    MAX_CONTAINERS,
    MAX_DEPTH,
    MAX_HEADER_BYTES,
    MAX_VALUES,
    Frame,
    WireError,
    read_frame,
    write_frame,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
FAST = settings(max_examples=80, deadline=None, derandomize=True)


def written(frame: Frame) -> bytes:
    stream = io.BytesIO()
    write_frame(stream, frame)
    return stream.getvalue()


def framed(header: bytes, body: bytes = b"") -> io.BytesIO:
    return io.BytesIO(MAGIC + struct.pack("<I", len(header)) + header + struct.pack("<Q", len(body)) + body)


@FAST
@given(header=st.dictionaries(TEXT, JSON, max_size=5), body=st.binary(max_size=200))
def test_what_is_written_is_read(header: dict[str, Any], body: bytes) -> None:
    assert read_frame(io.BytesIO(written(Frame(header, body)))) == Frame(header, body)


@FAST
@given(data=st.binary(max_size=200), begins=st.booleans())
def test_any_bytes_are_a_frame_or_refused(data: bytes, begins: bool) -> None:
    try:
        frame = read_frame(io.BytesIO(MAGIC + data if begins else data))
    except WireError:
        return
    assert frame is None or isinstance(frame.header, dict)


@FAST
@given(header=st.dictionaries(TEXT, JSON, max_size=2), body=st.binary(max_size=20), share=st.floats(0, 1, exclude_max=True))
def test_a_frame_that_ends_early_is_refused(header: dict[str, Any], body: bytes, share: float) -> None:
    whole = written(Frame(header, body))
    cut = whole[: max(1, int(share * len(whole)))]
    with pytest.raises(WireError):
        read_frame(io.BytesIO(cut))


@FAST
@given(data=st.binary(max_size=60))
def test_a_header_of_any_bytes_is_an_object_or_refused(data: bytes) -> None:
    try:
        frame = read_frame(framed(data))
    except WireError:
        return
    assert frame is not None and json.loads(data.decode()) == frame.header


@pytest.mark.parametrize(
    "header",
    [
        b'{"a": 1e999}',
        b'{"a": -1e999}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\\uD800"}',
        '{"a": 1}'.encode("utf-16"),
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
        b'{"a": [' + b"[]," * MAX_CONTAINERS + b"1]}",
    ],
)
def test_json_that_says_more_than_json_may_is_refused(header: bytes) -> None:
    with pytest.raises(WireError):
        read_frame(framed(header))


class Announced(io.RawIOBase):
    """A stream that says how much is coming, and stops."""

    def __init__(self, data: bytes) -> None:
        self.data, self.largest = io.BytesIO(data), 0

    def read(self, size: int = -1, /) -> bytes:
        self.largest = max(self.largest, size)
        return self.data.read(size)


@pytest.mark.parametrize(
    "data",
    [
        MAGIC + struct.pack("<I", MAX_HEADER_BYTES) + b"{}",
        MAGIC + struct.pack("<I", 2) + b"{}" + struct.pack("<Q", MAX_BODY_BYTES) + b"x",
        MAGIC + struct.pack("<I", 2) + b"{}" + struct.pack("<Q", 2**60),
        MAGIC + struct.pack("<I", 2**32 - 1),
    ],
)
def test_a_size_that_is_only_announced_costs_nothing(data: bytes) -> None:
    stream = Announced(data)
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            read_frame(stream)  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 2**20 and stream.largest <= 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("piece", [b"{},", b'{"":0},', b"[0],", b"1.5,", b'"ab",'])
def test_the_costliest_header_costs_little(piece: bytes) -> None:
    """A tenth of what a header may hold, at a tenth of what it may cost."""
    count = (MAX_CONTAINERS if piece[:1] in b"{[" else MAX_VALUES) // 10 - 2
    stream = framed(b'{"a": [' + piece * count + b"0]}")
    tracemalloc.start()
    try:
        assert read_frame(stream) is not None
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()
