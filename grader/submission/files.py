"""Reads the files of a submission as hostile data: sizes capped, links kept inside, nothing imported or executed."""

from __future__ import annotations

import codecs
import hashlib
import json
import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from grader.records import Fault
from grader.submission.names import shown

MAX_TEXT_BYTES = 2**20
MAX_JSON_BYTES = 4 * 2**20
MAX_JSON_DEPTH = 32
MAX_DIGITS = 18
MAX_HASHED_BYTES = 64 * 2**20  # of one file; of a larger one its beginning and its size count
MAX_HASHED_TOTAL_BYTES = 512 * 2**20


def read(root: Path, relative: str, limit: int) -> bytes | Fault:
    """The bytes of a regular file of at most `limit` bytes that lies inside `root`, or why it cannot be had."""
    name = shown(relative)
    if "\0" in relative or ".." in PurePosixPath(relative).parts or PurePosixPath(relative).is_absolute():
        return Fault("missing", f"{name!r} does not name a file of the submission", file=name)
    try:
        path = (root / relative).resolve()
        if not path.is_relative_to(root):
            return Fault("result", f"{name} is a link that leads out of the submission", file=name)
        with os.fdopen(_open(root, path.relative_to(root).parts), "rb") as file:
            return _read_regular(file, name, limit)
    except FileNotFoundError:
        return Fault("missing", f"there is no {name}", file=name)
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a link that leads to itself
        return Fault("result", f"{name} cannot be read ({type(error).__name__})", file=name)


def _open(root: Path, parts: tuple[str, ...]) -> int:
    """Open a resolved path from folder to folder, so that none of them can be swapped for a link in between."""
    # O_NONBLOCK: opening a named pipe must not wait for a writer.
    names = ("O_NONBLOCK", "O_NOFOLLOW", "O_NOCTTY", "O_BINARY", "O_CLOEXEC")
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in names)
    if os.open not in os.supports_dir_fd or not parts:
        return os.open(root.joinpath(*parts), flags)
    folder = os.open(root, flags | os.O_DIRECTORY)
    try:
        for name in parts[:-1]:
            outer, folder = folder, os.open(name, flags | os.O_DIRECTORY, dir_fd=folder)
            os.close(outer)
        return os.open(parts[-1], flags, dir_fd=folder)
    finally:
        os.close(folder)


def _read_regular(file: BinaryIO, name: str, limit: int) -> bytes | Fault:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        return Fault("result", f"{name} is not a file", file=name)
    data = file.read(limit + 1) if status.st_size <= limit else b""
    if status.st_size > limit or len(data) > limit:  # it may have grown since
        size = max(status.st_size, len(data))
        return Fault("result", f"{name} has {size:,} bytes; at most {limit:,} are read", file=name)
    return data


def decode(data: bytes) -> str:
    """Text of UTF-8 (with or without mark), UTF-16 (with mark), else Windows-1251; line ends as one newline."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1251", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_json(text: str, relative: str) -> dict[str, Any] | Fault:
    """A JSON object of finite numbers and bounded depth, or why it is none."""
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)
    except RecursionError:
        return Fault("result", f"{relative} is nested too deeply", file=relative)
    except ValueError as error:
        remedy = "write it with json.dump(document, file, allow_nan=False), and null where a number is not finite"
        return Fault("result", f"{relative} is not valid JSON: {error}", file=relative, remedy=remedy)
    if not isinstance(document, dict):
        return Fault("result", f"{relative} holds no JSON object ({{...}})", file=relative)
    if is_deep(document):
        return Fault("result", f"{relative} is nested more than {MAX_JSON_DEPTH} deep", file=relative)
    return document


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _finite(word: str) -> float:
    value = float(word)
    if not math.isfinite(value):
        raise ValueError(f"{word[:20]} is too large")
    return value


def _whole(word: str) -> int:
    if len(word) > MAX_DIGITS:  # no count is as large, and arithmetic with floats would fail on it
        raise ValueError(f"{word[:20]}... is too large")
    return int(word)


def is_deep(document: Any) -> bool:
    """Is a JSON value nested deeper than `MAX_JSON_DEPTH`? (Python's own repr and == recurse, and would fail.)"""
    level = [document]
    for _ in range(MAX_JSON_DEPTH + 1):
        level = [child for value in level for child in _children(value)]
    return bool(level)


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def content_hash(root: Path, paths: tuple[str, ...]) -> str:
    """SHA-256 over path, size and bytes of the files in order; of very large ones the beginning."""
    digest, left = hashlib.sha256(), MAX_HASHED_TOTAL_BYTES
    for relative in paths:
        name = relative.encode("utf-8", "surrogateescape")
        digest.update(len(name).to_bytes(4, "little") + name)
        left -= _hash_file(digest, root, relative, min(left, MAX_HASHED_BYTES))
    return digest.hexdigest()


def _hash_file(digest: hashlib._Hash, root: Path, relative: str, limit: int) -> int:
    """Feed one file to the digest; returns how many of its bytes were read."""
    read_bytes = 0
    try:
        with os.fdopen(_open(root, PurePosixPath(relative).parts), "rb") as file:
            status = os.fstat(file.fileno())
            digest.update(status.st_size.to_bytes(8, "little"))
            while stat.S_ISREG(status.st_mode) and read_bytes < limit and (chunk := file.read(min(2**20, limit - read_bytes))):
                digest.update(chunk)
                read_bytes += len(chunk)
    except OSError:
        digest.update(b"unreadable")
    return read_bytes
