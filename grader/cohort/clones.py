"""A list of Git clones: one address to a line, or ``id,address``; a header, blank lines and ``#`` comments are fine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from grader.cohort.found import Found, readable
from grader.cohort.git import CloneError, clone, without_secrets
from grader.cohort.names import safe_name
from grader.cohort.records import Unmatched
from grader.cohort.table import MAX_ID, read_rows
from grader.errors import InputError
from grader.submission.names import is_unsafe, shown

ADDRESS_COLUMNS = ("url", "path", "address", "repository", "clone")
SCHEMES = ("https", "http", "ssh", "git", "file")
AT_ONCE = 8  # clones that run side by side: they wait for servers most of the time
_SCP = re.compile(r"(?:[\w.-]+@)?[\w.-]{2,}:(?![:/\\]).+", re.ASCII)


def read_list(path: Path) -> tuple[list[Found], list[Unmatched]]:
    """The clones that a list asks for, and its lines that ask for none. Raises InputError for what is no list."""
    rows = [(number, cells) for number, cells in read_rows(path) if not cells[0].startswith("#")]
    columns = _columns(path, rows[0][1]) if rows else None
    found: list[Found] = []
    unmatched: list[Unmatched] = []
    for number, cells in rows[1:] if columns else rows:
        try:
            found.append(_found(*_cells(cells, columns), path.parent))
        except ValueError as error:
            unmatched.append(Unmatched(f"line {number}: {without_secrets(shown(','.join(cells)))}", str(error)))
    if not found and not unmatched:
        raise InputError(f"The list {shown(path)} names no clone; write one address to a line, or id,address.")
    return found, unmatched


def _columns(path: Path, header: list[str]) -> tuple[int | None, int] | None:
    """Where the id and the address stand, if the first line is a header."""
    names = [cell.casefold() for cell in header]
    if "id" not in names and names[0] not in ADDRESS_COLUMNS:
        return None
    address = next((names.index(name) for name in ADDRESS_COLUMNS if name in names), None)
    if address is None:
        allowed = ", ".join(ADDRESS_COLUMNS)
        raise InputError(
            f"{shown(path)}, line 1: a list of clones needs a column for the address ({allowed}); it has {shown(', '.join(names))}."
        )
    return names.index("id") if "id" in names else None, address


def _cells(cells: list[str], columns: tuple[int | None, int] | None) -> tuple[str, str]:
    """The id ("" where there is none) and the address of a line. Raises ValueError."""
    if columns is None:
        if len(cells) > 2:
            raise ValueError(f"it has {len(cells)} values; write an address, or id,address")
        return ("", cells[0]) if len(cells) == 1 else (cells[0], cells[1])
    id, address = columns
    return (cells[id] if id is not None and id < len(cells) else ""), (cells[address] if address < len(cells) else "")


def _found(id: str, written: str, beside: Path) -> Found:
    if len(id) > MAX_ID or is_unsafe(id) or is_unsafe(written) or not written:
        raise ValueError(f"it needs an address, and an id of at most {MAX_ID} characters, without control characters")
    address = _address(written, beside)
    label, student = without_secrets(written), readable(id)
    return Found(label, (student,) if id else _ids(written), address=address, student=student, sources=(label, written))


def _address(written: str, beside: Path) -> str:
    """The address for Git. Raises ValueError for what is neither a URL of a kind that is cloned nor a folder."""
    if written.startswith("-") or "::" in written:
        raise ValueError("it is no address of a repository")
    if "://" in written:
        scheme = written.partition("://")[0].casefold()
        if scheme not in SCHEMES:
            raise ValueError(f'addresses of the kind "{scheme}" are not cloned; use {", ".join(SCHEMES)}')
        return scheme + written[len(scheme) :]
    folder = beside / Path(written).expanduser()
    if folder.is_dir():
        return folder.resolve().as_uri()
    if _SCP.fullmatch(written):
        return written
    raise ValueError("there is no such folder (paths are relative to the list)")


def _ids(written: str) -> tuple[str, ...]:
    """What the end of an address says about whose it is: owner/name, owner, name; of a folder the name."""
    is_url = "://" in written
    path = urlsplit(written).path if is_url else written.partition(":")[2] if _SCP.fullmatch(written) else ""
    parts = [part for part in re.split(r"[/\\]", path or written) if part not in ("", ".", "..", ".git")]
    last = [readable(part.removesuffix(".git") or part) for part in parts[-2:]] or [readable(written)]
    return tuple(dict.fromkeys(("/".join(last), *last))) if path else (last[-1],)


def clone_all(found: Sequence[Found], befores: Sequence[datetime | None], work: Path) -> Iterator[Found | Unmatched]:
    """Each clone with its source, or why there is none; in the order given. ``befores`` are the times after which a commit is late."""
    stop = Event()
    with ThreadPoolExecutor(AT_ONCE, "clone") as pool:
        try:
            yield from pool.map(partial(_cloned, work=work, stop=stop), found, befores)
        finally:  # Ctrl-C, too, waits for nobody's server
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _cloned(found: Found, before: datetime | None, *, work: Path, stop: Event) -> Found | Unmatched:
    folder = work / "clones" / safe_name(f"{found.student} {found.address}")
    try:
        commit = clone(found.address, folder, before=before, stop=stop)
    except CloneError as error:
        return Unmatched(found.label, f"it cannot be cloned: {error}")
    label = f"{found.label} ({commit.id[:10]})"
    return replace(found, source=folder, label=label, handed_in=found.handed_in or commit.made, sources=(*found.sources, label))
