"""Unpacks the one .zip that an LMS gives for a whole cohort. What cannot be taken is left out and told; the rest goes on.

The archives in it are students' and stay packed: `grader.submission.archive` reads them, one by one, as hostile data. That
module's own limits are those of one submission, which is why this is another.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from struct import error as StructError
from zipfile import BadZipFile, ZipFile, ZipInfo

from grader.cohort.lms import canvas_names, moodle_name
from grader.cohort.records import Unmatched
from grader.errors import InputError
from grader.submission.archive import MAX_UNPACKED_BYTES
from grader.submission.listing import MAX_DEPTH, is_work
from grader.submission.names import is_unsafe, shown

MAX_ENTRIES = 1_000_000
_CHUNK_BYTES = 2**20
_SPARE_BYTES = 2**30  # of the disk, for what comes after
_ENCRYPTED = 0x1
_OF_THE_NAME = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR, errno.EISDIR, errno.ENOENT)
_DAMAGED = (BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OverflowError, zlib.error, StructError)


@dataclass(frozen=True)
class _Entry:
    info: ZipInfo
    parts: tuple[str, ...]


def unpack_export(path: Path, work: Path) -> tuple[Path, list[Unmatched]]:
    """The folder with what a Moodle or Canvas export holds, and what was left out. One archive is unpacked once.

    Raises InputError for a file that is no .zip of this kind, or where the disk has no room for it.
    """
    folder = work / f"export-{_digest(path)}"
    told = folder / "left_out.json"
    if not told.exists():
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "files").mkdir(parents=True)
        try:
            with ZipFile(path) as archive:
                left = _unpack(path, archive, folder / "files")
        except _DAMAGED as error:
            raise InputError(f"The archive {shown(path)} is damaged or no .zip ({shown(error)}); download the export again.") from error
        except OSError as error:
            raise InputError(f"The archive {shown(path)} cannot be unpacked to {shown(work)} ({error.strerror}).") from error
        told.write_text(json.dumps(left), encoding="utf-8")
    left_out = [Unmatched(name, reason) for name, reason in json.loads(told.read_text(encoding="utf-8"))]
    return _top(folder / "files"), left_out


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:24]
    except OSError as error:
        raise InputError(f"The archive {shown(path)} cannot be read ({error.strerror}); check its permissions.") from error


def _unpack(path: Path, archive: ZipFile, folder: Path) -> list[tuple[str, str]]:
    entries = list(_entries(archive))
    _check_kind(path, entries)
    _check_room(path, entries, folder)
    left = []
    for entry in entries:
        reason = _reason_to_leave(entry) or _write(archive, entry, folder)
        if reason:
            left.append((shown("/".join(entry.parts)), reason))
    return left


def _entries(archive: ZipFile) -> Iterator[_Entry]:
    """Files only: folders, and what file managers leave, are no submissions."""
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        raise BadZipFile(f"it has more than {MAX_ENTRIES:,} entries")
    for info in infos:
        name = info.orig_filename.replace("\\", "/")
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        if parts and not name.endswith("/") and all(part == ".." or is_work(part) for part in parts):
            yield _Entry(info, parts)


def _check_kind(path: Path, entries: list[_Entry]) -> None:
    """Is it an export at all? One student's work, unpacked as a cohort, would be many students."""
    folders = {part for entry in entries for part in entry.parts[:2]}
    files = {entry.parts[-1] for entry in entries if len(entry.parts) <= 2}
    if not any(map(moodle_name, folders)) and not canvas_names(files):
        raise InputError(
            f"The archive {shown(path)} is no export of Moodle or Canvas (no name in it looks like one); "
            "unpack it and give the folder, or use grade for one student's work."
        )


def _check_room(path: Path, entries: list[_Entry], folder: Path) -> None:
    needed = sum(min(entry.info.file_size, MAX_UNPACKED_BYTES) for entry in entries)
    free = shutil.disk_usage(folder).free
    if needed + _SPARE_BYTES > free:
        raise InputError(
            f"The archive {shown(path)} unpacks to {needed // 2**20:,} MiB, and the disk of {shown(folder.parent.parent)} has "
            f"{free // 2**20:,} MiB; make room there, or take another folder."
        )


def _reason_to_leave(entry: _Entry) -> str:
    if ".." in entry.parts or any(PureWindowsPath(part).drive for part in entry.parts) or entry.info.orig_filename.startswith("/"):
        return "its path leads out of the archive"
    if any(map(is_unsafe, entry.parts)):
        return "its name has control characters or reversed text; rename it"
    if stat.S_IFMT(entry.info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "it is a link or no file"
    if len(entry.parts) > MAX_DEPTH + 2:
        return f"it lies more than {MAX_DEPTH} folders deep"
    if entry.info.flag_bits & _ENCRYPTED:
        return "it is protected by a password"
    if entry.info.file_size > MAX_UNPACKED_BYTES:
        return f"it has more than {MAX_UNPACKED_BYTES // 2**20} MiB"
    return ""


def _write(archive: ZipFile, entry: _Entry, folder: Path) -> str:
    """Write one file; returns why it could not be, "" where it could. A stream never gives more than its header says."""
    target = folder.joinpath(*entry.parts)
    is_begun = False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry.info) as stream, target.open("xb") as output:
            is_begun = True
            shutil.copyfileobj(stream, output, _CHUNK_BYTES)
            return ""
    except _DAMAGED as error:
        reason = f"it is damaged ({shown(error)})"
    except FileExistsError:
        reason = "another file has this name, upper and lower case being the same"
    except OSError as error:
        if error.errno not in _OF_THE_NAME:  # a full disk is not told of a file, and not kept as what came of the archive
            raise
        reason = f"it cannot be written ({error.strerror})"
    if is_begun:
        target.unlink(missing_ok=True)
    return reason


def _top(folder: Path) -> Path:
    """Where the entries of the export lie: inside a single folder that was packed as such."""
    inner = list(folder.iterdir())
    return inner[0] if len(inner) == 1 and inner[0].is_dir() and not moodle_name(inner[0].name) else folder
