"""What a submission is, as a digest: whatever can change its mark changes the digest, and little else does.

What the grader never reads (hidden folders, caches, virtual environments) is left out, so that looking at a clone with Git
does not make it new.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from grader.errors import InputError
from grader.submission.listing import MAX_DEPTH, MAX_FILE_BYTES, is_work, walk

_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_BINARY", "O_CLOEXEC"))
_CHUNK_BYTES = 2**20


def content_hash(source: Path) -> str:
    """SHA-256 of a folder (paths and bytes of its files, targets of its links) or of a file (its kind and bytes).

    The name of the folder or file itself does not count. What cannot be read is hashed as that; nothing is followed or raised.
    """
    parts = _of_folder(source) if source.is_dir() and not source.is_symlink() else _of_single(source)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))  # a length before each, so that no two lists of parts read the same
        digest.update(part)
    return digest.hexdigest()


def _of_single(source: Path) -> Iterator[bytes]:
    yield b"file"
    yield os.fsencode(source.suffix.casefold())
    yield _link(str(source)) if source.is_symlink() else _bytes(str(source), None)


def _of_folder(root: Path) -> Iterator[bytes]:
    """Paths are put together as text: `Path` takes longer over 200 submissions than reading them does."""
    yield b"folder"
    try:
        listing = walk(root)
    except InputError:
        yield b"too many files"
        return
    for path in listing.paths:
        yield os.fsencode(path)
        yield _bytes(f"{root}{os.sep}{path}", MAX_FILE_BYTES)
    for path in sorted(_links(str(root), "", MAX_DEPTH)):
        yield os.fsencode(path)
        yield _link(f"{root}{os.sep}{path}")
    yield from (note.encode() for note in listing.notes)


def _bytes(path: str, limit: int | None) -> bytes:
    """A digest of a regular file; of a larger one than the limit, which nothing reads, its size alone."""
    try:
        handle = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return b"unreadable"
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return b"special"
        if limit is not None and status.st_size > limit:
            return b"large %d" % status.st_size
        return b"file " + _digest(handle)
    except OSError:
        return b"unreadable"
    finally:
        os.close(handle)


def _digest(handle: int) -> bytes:
    digest = hashlib.sha256()
    while chunk := os.read(handle, _CHUNK_BYTES):
        digest.update(chunk)
    return digest.digest()


def _links(root: str, inner: str, depth: int) -> Iterator[str]:
    """The links in a folder, those to folders too; to the depth that `walk` looks at."""
    try:
        with os.scandir(f"{root}{os.sep}{inner}") as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return
    for entry in visible:
        if entry.is_symlink():
            yield inner + entry.name
        elif depth and is_work(entry.name) and entry.is_dir(follow_symlinks=False):
            yield from _links(root, f"{inner}{entry.name}/", depth - 1)


def _link(path: str) -> bytes:
    try:
        return b"link " + os.fsencode(os.readlink(path))  # noqa: PTH115
    except OSError:
        return b"unreadable"
