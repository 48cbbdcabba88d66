"""Which files of a folder are looked at: regular ones, to a depth and a number; what is left out is told.

Breadth first: a data set that lies in a folder of its own crowds out nothing that lies beside or above it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import InputError
from grader.submission.names import is_unsafe, shown

MAX_ENTRIES = 100_000  # files, folders and whatever else, seen before the folder is refused
MAX_FILES = 5000
MAX_FILES_OF_FOLDER = 1000
MAX_DEPTH = 12
MAX_FILE_BYTES = 32 * 2**20  # larger ones are data sets and weights, which no import needs
# Folders that hold no work of the student.
SKIPPED = frozenset({"venv", "env", "__pycache__", "site-packages", "node_modules", "__MACOSX"})
_JUNCTION = 0xA0000003  # Windows: IO_REPARSE_TAG_MOUNT_POINT, a link that does not say that it is one

_REASONS = {
    "link": "links are not followed",
    "special": "pipes, sockets and devices are not read",
    "name": "names with control characters or reversed text are left out (rename them)",
    "depth": f"folders more than {MAX_DEPTH} deep are left out",
    "number": f"at most {MAX_FILES_OF_FOLDER:,} files of a folder and {MAX_FILES:,} in all are looked at; left out",
    "folder": "folders that cannot be read (check their permissions)",
    "size": f"files of more than {MAX_FILE_BYTES // 2**20} MiB are not given to the submission's code",
}


@dataclass(frozen=True)
class Listing:
    """Relative paths (forward slashes) in the order of their names, and sentences on what was left out."""

    paths: tuple[str, ...]
    notes: tuple[str, ...]


def walk(root: Path) -> Listing:
    """The files of a submission; hidden and tool folders are left out silently. Raises InputError where there are far too many."""
    found = _Found(root)
    level = [""]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for folder in level for inner in found.look_into(folder)]
    for folder in level:
        found.leave("depth", folder)
    return Listing(tuple(sorted(found.files)), tuple(found.notes()))


def is_work(folder: str) -> bool:
    """Can a folder of this name hold work of the student?"""
    return not folder.startswith(".") and folder not in SKIPPED


@dataclass
class _Found:
    root: Path
    files: list[str] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=dict)
    seen: int = 0

    def look_into(self, folder: str) -> list[str]:
        """Take the files of one folder; returns the folders in it."""
        entries = self._entries(folder)
        if folder and any(entry.name == "pyvenv.cfg" for entry in entries):
            return []
        files: list[str] = []
        folders: list[str] = []
        for entry in sorted(entries, key=lambda entry: entry.name):
            kind = _kind(entry)
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name.startswith(".") or (kind == "folder" and not is_work(entry.name)):
                continue
            if kind in _REASONS and kind != "folder":
                self.leave(kind, path)
            elif is_unsafe(entry.name):
                self.leave("name", path)
            else:
                (folders if kind == "folder" else files).append(path)
        self._take(files)
        return folders

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / folder) as entries:
                return list(self._counted(entries))
        except OSError:
            self.leave("folder", folder)
            return []

    def _counted(self, entries: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        for entry in entries:
            self.seen += 1
            if self.seen > MAX_ENTRIES:
                raise InputError(f"{shown(self.root)} holds more than {MAX_ENTRIES:,} files; take out what is not the student's work.")
            yield entry

    def _take(self, files: list[str]) -> None:
        room = min(MAX_FILES_OF_FOLDER, MAX_FILES - len(self.files))
        self.files += files[:room]
        for path in files[room:]:
            self.leave("number", path)
        for path in files[:room]:
            if _size(self.root / path) > MAX_FILE_BYTES:
                self.leave("size", path)

    def leave(self, reason: str, path: str) -> None:
        self.left.setdefault(reason, []).append(path)

    def notes(self) -> Iterator[str]:
        """One sentence for each reason."""
        for reason, words in _REASONS.items():
            if paths := self.left.get(reason):
                more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
                yield f"{words}: {shown(paths[0] or '.')}{more}"


def _kind(entry: os.DirEntry[str]) -> str:
    """folder, file, link or special."""
    try:
        status = entry.stat(follow_symlinks=False)
        if entry.is_symlink() or getattr(status, "st_reparse_tag", 0) == _JUNCTION:
            return "link"
        if entry.is_dir(follow_symlinks=False):
            return "folder"
        return "file" if entry.is_file(follow_symlinks=False) else "special"
    except OSError:  # it went away
        return "special"


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
