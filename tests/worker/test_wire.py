"""Frames are read by their limits, and nothing that is no frame gets through."""

from __future__ import annotations

import io
import struct

import pytest

from grader.worker.wire import MAGIC, MAX_BODY_BYTES, MAX_HEADER_BYTES, Frame, WireError, read_frame, write_frame


def frame(header: bytes, body_bytes: int = 0) -> io.BytesIO:
    return io.BytesIO(MAGIC + struct.pack("<I", len(header)) + header + struct.pack("<Q", body_bytes))


def test_what_is_written_is_read() -> None:
    stream = io.BytesIO()
    write_frame(stream, Frame({"id": 1, "text": "ä\n"}, b"body"))
    stream.seek(0)
    assert read_frame(stream) == Frame({"id": 1, "text": "ä\n"}, b"body")
    assert read_frame(stream) is None


@pytest.mark.parametrize(
    "stream",
    [
        io.BytesIO(b"GET / HTTP/1.1"),
        io.BytesIO(MAGIC + b"\x01"),
        io.BytesIO(MAGIC + struct.pack("<I", MAX_HEADER_BYTES + 1)),
        frame(b"{}", MAX_BODY_BYTES + 1),
        frame(b"{}", 10),
        frame(b"[1]"),
        frame(b"{"),
        frame(b'{"a": NaN}'),
        frame(b'{"a": "\\ud800"}'),
        frame(b"[" * 100_000),
    ],
)
def test_what_is_no_frame_is_refused(stream: io.BytesIO) -> None:
    with pytest.raises(WireError):
        read_frame(stream)


def test_a_frame_over_the_limit_is_not_written() -> None:
    with pytest.raises(WireError):
        write_frame(io.BytesIO(), Frame({"text": "x" * (MAX_HEADER_BYTES + 1)}))
