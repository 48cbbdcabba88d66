"""Unpacks a .zip that a student handed in, as hostile data; a folder is taken as it is.

What is refused as a whole is a trap or cannot be read; what is left out, with a note, is harmless to miss.
"""

from __future__ import annotations

import stat
import tempfile
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from struct import error as StructError
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from grader.errors import InputError
from grader.submission.listing import MAX_DEPTH, MAX_FILE_BYTES, is_work
from grader.submission.names import is_unsafe, shown

MAX_ENTRIES = 20_000
MAX_DIRECTORY_BYTES = 8 * 2**20  # of the archive's table of contents: 80,000 entries with names of usual length
MAX_TAIL_BYTES = 2**17  # where the end of that table is looked for: a comment has 64 KiB at most
MAX_UNPACKED_BYTES = 512 * 2**20
MAX_RATIO, FREE_BYTES = 100, 32 * 2**20  # of all together; text comes to 10, and the first 32 MiB may be as empty as they like
CHUNK_BYTES = 2**16
_ENCRYPTED = 0x1
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz", ".gz", ".bz2", ".xz", ".zst", ".rar", ".7z")
_DAMAGED = (BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OverflowError, zlib.error, StructError)

Note = Callable[[str], None]


def silent(note: str) -> None:
    """A listener that says nothing."""


@contextmanager
def unpacked(path: Path, note: Note = silent) -> Iterator[Path]:
    """The folder of a submission: ``path`` itself, or where a .zip was unpacked for as long as the context lasts.

    The folder has the archive's name; a single folder at the archive's top is taken off. ``note`` hears what was left out.
    Raises InputError, in one sentence, for an archive that is a trap, damaged or of another kind.
    """
    if not path.is_file():
        yield path
        return
    if path.suffix.casefold() != ".zip":
        raise InputError(refusal(path))
    with tempfile.TemporaryDirectory(prefix="grade-zip-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary).resolve() / (path.stem.strip(". ") or "submission")
        folder.mkdir()
        try:
            with path.open("rb") as stream, ZipFile(_Capped(stream)) as archive:
                _Unpacking(path, folder, note).unpack(archive)
        except _DAMAGED as error:
            raise InputError(f"The archive {shown(path)} is damaged or no .zip ({shown(error)}); pack the homework again.") from error
        except OSError as error:
            raise InputError(f"The archive {shown(path)} cannot be unpacked ({error.strerror}).") from error
        yield folder


def refusal(path: Path) -> str:
    """Why a file is no submission, and what to do about it."""
    name = shown(path)
    if path.name.casefold().endswith(".zip"):
        return f"{name} is a file; give the folder that holds the homework files (unpack the archive first)."
    if kind := next((each for each in reversed(ARCHIVES) if path.name.casefold().endswith(each)), None):
        return f"{name} is a {kind} archive; unpack it first and give the folder, or hand in a .zip."
    return f"{name} is a file; give the folder that holds the homework files, or a .zip of it."


class _Capped:
    """A file of which no more than the largest table of contents is ever read at once, whatever a header asks for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek, self.tell, self.seekable, self.close = stream.seek, stream.tell, stream.seekable, stream.close

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY_BYTES:
            raise BadZipFile("its table of contents is too large")
        return self._stream.read(MAX_TAIL_BYTES if size < 0 else size)


@dataclass(frozen=True)
class _Entry:
    info: ZipInfo
    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        return shown("/".join(self.parts))


@dataclass
class _Unpacking:
    """One archive on its way to a folder."""

    path: Path
    folder: Path
    note: Note
    written: int = 0

    def unpack(self, archive: ZipFile) -> None:
        files = [entry for info in archive.infolist() if (entry := self._checked(info))]
        if len(files) > MAX_ENTRIES:
            self._refuse(f"holds more than {MAX_ENTRIES:,} files", "take out what is not the student's work")
        self._refuse_collisions(files)
        self._refuse_nothing_but_archives(files)
        if len({entry.parts[0] for entry in files}) == 1 and all(len(entry.parts) > 1 for entry in files):
            files = [_Entry(entry.info, entry.parts[1:]) for entry in files]
        for entry in files:
            self._write(archive, entry)

    def _refuse(self, what: str, remedy: str = "pack the homework folder again") -> None:
        raise InputError(f"The archive {shown(self.path)} {what}; {remedy}.")

    def _checked(self, info: ZipInfo) -> _Entry | None:
        """The entry of a file to unpack; None where it is a folder or is left out. Raises InputError for a trap."""
        name = info.orig_filename.replace("\\", "/")
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        if name.startswith("/") or ".." in parts or any(PureWindowsPath(part).drive for part in parts):
            self._refuse(f"holds a path that leads out of it ({shown(name)})")
        if not parts or name.endswith("/") or not all(map(is_work, parts[:-1])) or parts[-1].startswith("."):
            return None  # folders, caches, repositories and what file managers leave
        if info.flag_bits & _ENCRYPTED:
            self._refuse("is protected by a password", "pack it without one")
        entry = _Entry(info, parts)
        if reason := _reason_to_leave(entry):
            self._leave(entry, reason)
            return None
        return entry

    def _leave(self, entry: _Entry, why: str) -> None:
        self.note(f"{shown(self.path.name)}: {entry.name} {why}; it was left out")

    def _refuse_collisions(self, files: list[_Entry]) -> None:
        """Two entries that are one file to some system would let what is graded differ from what is looked at."""
        keys: dict[tuple[str, ...], str] = {}
        for entry in files:
            key = tuple(unicodedata.normalize("NFC", part).casefold() for part in entry.parts)
            if key in keys:
                self._refuse(f"holds two files of one name, upper and lower case being the same: {keys[key]} and {entry.name}")
            keys[key] = entry.name
        for key in keys:
            if outer := next((key[:length] for length in range(1, len(key)) if key[:length] in keys), None):
                self._refuse(f"holds {keys[outer]} as a file and as a folder")

    def _refuse_nothing_but_archives(self, files: list[_Entry]) -> None:
        inner = next((entry for entry in files if entry.parts[-1].casefold().endswith(ARCHIVES)), None)
        if inner and not any(entry.parts[-1].casefold().endswith(".py") for entry in files):
            self._refuse(f"holds another archive ({inner.name}) and no Python file", "unpack that one and pack its files")

    def _write(self, archive: ZipFile, entry: _Entry) -> None:
        target = self.folder.joinpath(*entry.parts)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            output = target.open("xb")
        except OSError as error:  # a name that this system does not take
            self._leave(entry, f"cannot be written ({error.strerror})")
            return
        size = 0
        with output, archive.open(entry.info) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                size, self.written = size + len(chunk), self.written + len(chunk)
                self._refuse_bombs(entry, size)
                output.write(chunk)

    def _refuse_bombs(self, entry: _Entry, size: int) -> None:
        """By the bytes that really came out: what a header says is the student's word."""
        if size > MAX_FILE_BYTES or self.written > MAX_UNPACKED_BYTES:
            limit = MAX_FILE_BYTES if size > MAX_FILE_BYTES else MAX_UNPACKED_BYTES
            self._refuse(f"unpacks to more than {limit // 2**20} MiB (at {entry.name})", "take out data sets and weights")
        if self.written > FREE_BYTES and self.written > MAX_RATIO * self.path.stat().st_size:
            self._refuse(f"unpacks to more than {MAX_RATIO} times its size (at {entry.name})", "pack the homework files and nothing else")


def _reason_to_leave(entry: _Entry) -> str | None:
    info = entry.info
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "is a link or no file"
    if any(map(is_unsafe, entry.parts)):
        return "has a name with control characters or reversed text"
    if len(entry.parts) > MAX_DEPTH + 2:  # the archive's top folder and the file
        return f"lies more than {MAX_DEPTH} folders deep"
    if info.file_size > MAX_FILE_BYTES:
        return f"has more than {MAX_FILE_BYTES // 2**20} MiB"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "is packed in a way that few tools read (use deflate, the usual one)"
    return None
