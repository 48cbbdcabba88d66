"""A frame from the worker is foreign: what is not the protocol's is refused, what is kept is safe to show."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from safetensors.torch import save

from grader.records import Fault
from grader.sandbox.base import Answer
from grader.sandbox.replies import parse_reply
from grader.worker.wire import Frame, WireError

FAULT = {"kind": "import", "message": "m", "file": "a.py", "line": 3, "construct": None, "remedy": "r"}


def test_an_answer_brings_its_tensors() -> None:
    reply = parse_reply(Frame({"id": 2, "data": {"a": [1]}}, save({"t": torch.ones(2)})), 2)
    assert isinstance(reply, Answer)
    assert reply.data == {"a": [1]} and reply.tensors["t"].tolist() == [1, 1]


def test_a_fault_becomes_a_record() -> None:
    assert parse_reply(Frame({"id": 2, "fault": FAULT}), 2) == Fault("import", "m", "a.py", 3, None, "r")


def test_what_could_move_a_terminals_cursor_is_taken_out() -> None:
    reply = parse_reply(Frame({"id": 1, "fault": FAULT | {"message": "a\x1b[2Jb" + "c" * 9000}}), 1)
    assert isinstance(reply, Fault)
    assert reply.message.startswith("a?[2Jb") and len(reply.message) <= 2000


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"id": 1},
        {"id": 2, "data": {}},
        {"id": True, "data": {}},
        {"id": 1, "data": []},
        {"id": 1, "data": {}, "score": 100},
        {"id": 1, "data": {}, "fault": FAULT},
        {"id": 1, "fault": "import"},
        {"id": 1, "fault": FAULT | {"kind": "passed"}},
        {"id": 1, "fault": FAULT | {"line": "3"}},
        {"id": 1, "fault": FAULT | {"line": True}},
        {"id": 1, "fault": FAULT | {"message": 3}},
        {"id": 1, "fault": FAULT | {"points": 3}},
    ],
)
def test_other_headers_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        parse_reply(Frame(header), 1)


@pytest.mark.parametrize("body", [b"x", b"\x80\x04K\x01.", b"\xff" * 64, save({"n" * 300: torch.ones(1)})])
def test_other_bodies_are_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        parse_reply(Frame({"id": 1, "data": {}}, body), 1)
