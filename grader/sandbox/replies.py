"""A frame from the worker, checked: everything in it is foreign."""

from __future__ import annotations

from typing import Any

from grader.records import Fault
from grader.worker.wire import FAULTS, Frame, WireError

from .base import Answer, WorkerReply
from .tensors import read_tensors

MAX_TEXT = 2000
MAX_LINE = 10_000_000
_FAULT_KEYS = {"kind", "message", "file", "line", "construct", "remedy"}


def parse_reply(frame: Frame, identifier: int) -> WorkerReply:
    """The reply in a frame. Raises WireError when it is not the reply to this request."""
    keys = set(frame.header)
    if keys not in ({"id", "data"}, {"id", "fault"}):
        raise WireError("a reply holds an id, and data or a fault")
    if type(frame.header["id"]) is not int or frame.header["id"] != identifier:
        raise WireError("the reply belongs to another request")
    if "fault" in keys:
        return _parse_fault(frame.header["fault"])
    if not isinstance(frame.header["data"], dict):
        raise WireError("the data of a reply is not an object")
    return Answer(frame.header["data"], read_tensors(frame.body))


def _parse_fault(document: Any) -> Fault:
    if not isinstance(document, dict) or set(document) != _FAULT_KEYS or document["kind"] not in FAULTS:
        raise WireError("the fault of a reply is not one of the protocol")
    line = document["line"]
    if not (line is None or (type(line) is int and 0 < line < MAX_LINE)):
        raise WireError("the line of a fault is not a number")
    texts = {key: _text(document[key]) for key in ("message", "file", "construct", "remedy")}
    return Fault(document["kind"], texts["message"] or "", texts["file"], line, texts["construct"], texts["remedy"])


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise WireError("a text of a fault is not a text")
    return printable(value)


def printable(text: str) -> str:
    """Capped, and without control characters that would reach a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text[:MAX_TEXT])
