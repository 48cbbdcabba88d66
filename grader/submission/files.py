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
from typing import Any

from grader.records import Fault

MAX_TEXT_BYTES = 2 * 2**20
MAX_JSON_BYTES = 8 * 2**20
MAX_JSON_DEPTH = 32
MAX_HASHED_BYTES = 64 * 2**20  # of one file; of a larger one its beginning and its size count
MAX_HASHED_TOTAL_BYTES = 512 * 2**20
MAX_FILES = 5000
MAX_DEPTH = 12
# Folders that hold no work of the student.
SKIPPED = frozenset({"venv", "env", "__pycache__", "site-packages", "node_modules", "__MACOSX"})


def walk(root: Path) -> tuple[str, ...]:
    """Relative paths (forward slashes) of the regular files, sorted; links, hidden and tool folders are left out."""
    found: list[str] = []
    for folder, folders, names in os.walk(root, followlinks=False):
        here = Path(folder)
        deep = len(here.relative_to(root).parts) >= MAX_DEPTH
        folders[:] = [] if deep else sorted(name for name in folders if _is_work(here / name))
        for name in sorted(names):
            if len(found) >= MAX_FILES:
                return tuple(sorted(found))
            if not name.startswith(".") and _is_regular(here / name):
                found.append((here / name).relative_to(root).as_posix())
    return tuple(sorted(found))


def _is_work(folder: Path) -> bool:
    name = folder.name
    return not (name.startswith(".") or name in SKIPPED or folder.is_symlink() or (folder / "pyvenv.cfg").exists())


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def read(root: Path, relative: str, limit: int) -> bytes | Fault:
    """The bytes of a regular file of at most `limit` bytes that lies inside `root`, or why it cannot be had."""
    if "\0" in relative or ".." in PurePosixPath(relative).parts or PurePosixPath(relative).is_absolute():
        return Fault("missing", f"{relative!r} does not name a file of the submission", file=relative)
    try:
        path = (root / relative).resolve()
        if not path.is_relative_to(root):
            return Fault("result", f"{relative} is a link that leads out of the submission", file=relative)
        return _read_regular(path, relative, limit)
    except FileNotFoundError:
        return Fault("missing", f"there is no {relative}", file=relative)
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a link that leads to itself
        return Fault("result", f"{relative} cannot be read ({type(error).__name__})", file=relative)


def _read_regular(path: Path, relative: str, limit: int) -> bytes | Fault:
    # O_NONBLOCK: opening a named pipe must not wait for a writer; O_NOFOLLOW: the path was resolved a moment ago.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return Fault("result", f"{relative} is not a file", file=relative)
        if status.st_size > limit:
            return Fault("result", f"{relative} has {status.st_size:,} bytes; at most {limit:,} are read", file=relative)
        return file.read(limit)


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
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
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
        limit = min(left, MAX_HASHED_BYTES)
        left -= _hash_file(digest, root / relative, relative, limit)
    return digest.hexdigest()


def _hash_file(digest: hashlib._Hash, path: Path, relative: str, limit: int) -> int:
    """Feed one file to the digest; returns how many of its bytes were read."""
    name = relative.encode("utf-8", "surrogateescape")
    digest.update(len(name).to_bytes(4, "little") + name)
    read_bytes = 0
    try:
        digest.update(path.lstat().st_size.to_bytes(8, "little"))
        with path.open("rb") as file:
            while read_bytes < limit and (chunk := file.read(min(2**20, limit - read_bytes))):
                digest.update(chunk)
                read_bytes += len(chunk)
    except OSError:
        digest.update(b"unreadable")
    return read_bytes
