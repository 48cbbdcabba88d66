"""A submission on its way to another machine: as bytes, with links as links and nothing but what grading looks at.

The far side sees the folder that the near side has, so that both give the same marks and the same notes.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.errors import InputError
from grader.submission.listing import MAX_DEPTH, MAX_ENTRIES, is_work
from grader.submission.names import shown

MAX_BYTES = 512 * 2**20  # of one submission, unpacked: as much as a .zip may unpack to


@dataclass(frozen=True)
class Parcel:
    """A folder as a tar, or a file as it is."""

    name: str
    is_folder: bool
    data: bytes


def pack(source: Path) -> Parcel:
    """A folder or a file as bytes; no link is followed. Raises InputError where it can't be read or is too large."""
    try:
        if source.is_dir():
            return Parcel(source.resolve().name, True, _packed(source))
        _refuse_large(source, source.stat().st_size)
        return Parcel(source.name, False, source.read_bytes())
    except OSError as error:
        raise InputError(f"{shown(source.name)} cannot be sent to another machine ({error.strerror}).") from error


def unpack(parcel: Parcel, folder: Path) -> Path:
    """Write a parcel below an empty folder; returns what grading takes."""
    place = folder / parcel.name
    if not parcel.is_folder:
        place.write_bytes(parcel.data)
        return place
    place.mkdir()
    with tarfile.open(fileobj=io.BytesIO(parcel.data), mode="r:gz") as archive:
        for member in archive:
            _write(archive, member, place)
    return place


def _packed(root: Path) -> bytes:
    stream, total = io.BytesIO(), 0
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as archive:
        for count, entry in enumerate(_entries(root)):
            total += _add(archive, entry, os.path.relpath(entry.path, root))
            _refuse_large(root, total)
            if count > MAX_ENTRIES:  # grading refuses so many, and says why
                break
    return stream.getvalue()


def _refuse_large(source: Path, size: int) -> None:
    if size > MAX_BYTES:
        raise InputError(
            f"{shown(source.name)} has more than {MAX_BYTES // 2**20} MiB, too much to send to another machine; "
            f"take out data sets and weights, or grade it without a cluster."
        )


def _entries(root: Path) -> Iterator[os.DirEntry[str]]:
    """All that a listing of the submission looks at, folders before what is in them."""
    waiting: list[tuple[str, int]] = [(str(root), 0)]
    for folder, depth in waiting:  # grows while it is read
        for entry in _inside(folder, is_root=depth == 0):
            yield entry
            if entry.is_dir(follow_symlinks=False) and depth < MAX_DEPTH:
                waiting.append((entry.path, depth + 1))


def _inside(folder: str, *, is_root: bool) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
    if not is_root and any(entry.name == "pyvenv.cfg" for entry in entries):
        return [entry for entry in entries if entry.name == "pyvenv.cfg"]  # a virtual environment: its mark is enough
    return [e for e in entries if not e.name.startswith(".") and (is_work(e.name) or not e.is_dir(follow_symlinks=False))]


def _add(archive: tarfile.TarFile, entry: os.DirEntry[str], name: str) -> int:
    """Add one entry; returns its bytes. What can't be read, or isn't there any more, is missing."""
    member = tarfile.TarInfo(PurePosixPath(*Path(name).parts).as_posix())
    try:
        status = entry.stat(follow_symlinks=False)
        if entry.is_symlink():
            member.type, member.linkname = tarfile.SYMTYPE, os.readlink(entry.path)  # noqa: PTH115 - as it is written
        elif stat.S_ISDIR(status.st_mode):
            member.type = tarfile.DIRTYPE
        elif stat.S_ISREG(status.st_mode):
            return _add_file(archive, member, entry.path)
        else:
            member.type = tarfile.FIFOTYPE  # for whatever is no file: it is noted, and not opened
    except OSError:
        return 0
    archive.addfile(member)
    return 0


def _add_file(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> int:
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb") as stream:
        member.size = os.fstat(stream.fileno()).st_size
        if member.size <= MAX_BYTES:
            archive.addfile(member, stream)
    return member.size


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, root: Path) -> None:
    parts = PurePosixPath(member.name).parts
    if not parts or ".." in parts or member.name.startswith("/"):
        raise InputError("A submission came with a path that leads out of it; it was not unpacked.")
    place = root.joinpath(*parts)
    if member.isdir():
        place.mkdir()
    elif member.issym():
        place.symlink_to(member.linkname)
    elif member.isfifo():
        os.mkfifo(place)
    elif content := archive.extractfile(member):
        with place.open("xb") as output:
            output.write(content.read())
