"""One SQLite file: opened for one writer or for any reader, and every error of SQLite mapped here, in one place.

The one who writes holds an exclusive lock on an empty database beside the file for as long as it is open. The operating
system gives the lock back when the process ends, however it ends, and a child of the process does not inherit it.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from grader.errors import GradeError, GraderFault, InputError
from grader.gradebook import schema

_BUSY_SECONDS = 30  # for a reader that opens the file at the same moment, or a person's own sqlite3

_ADVICE = {  # by the first words of SQLite's own names of errors
    "NOTADB": "{path} is not a gradebook: it is no SQLite file. Name the gradebook itself, or move this file away and a new one is made.",
    "CORRUPT": "The gradebook {path} is damaged ({error}). Bring it back from a copy; what is whole in it is saved by "
    "`sqlite3 {path} .recover | sqlite3 saved.sqlite`.",
    "READONLY": "The gradebook {path} cannot be written, and reading needs files beside it, too ({error}). "
    "Get the right to write in its folder, or copy it to a folder of your own.",
    "CANTOPEN": "The gradebook {path} cannot be opened ({error}). Its folder has to exist, and you need the right to write in it.",
    "BUSY": "The gradebook {path} is held by another program ({error}). Close what has it open, and run the command again.",
    "FULL": "There is no room left for the gradebook {path} ({error}). Make room and run the command again: it goes on where it stopped.",
    "IOERR": "The gradebook {path} cannot be read or written ({error}). See whether its disk is still there and whole, then run the "
    "command again: it goes on where it stopped.",
}
# ERROR: the queries here are fixed, so the tables are not those that the grader makes.
_SAME_ADVICE = {"PERM": "READONLY", "AUTH": "READONLY", "LOCKED": "BUSY", "PROTOCOL": "BUSY", "NOLFS": "FULL", "ERROR": "CORRUPT"}


class Database:
    """An open file. A text that UTF-8 cannot hold is written out on its way in."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock: sqlite3.Connection | None = None

    @classmethod
    def open(cls, path: Path, *, write: bool) -> Database:
        """Raises InputError where there is no gradebook to be had, with what to do."""
        with _Told(path):
            database = cls(path, _connect(path, write))
            try:
                database._admit(write)
            except BaseException:
                database.close()
                raise
            return database

    def _admit(self, write: bool) -> None:
        version = self._version()
        if write:
            self._lock = _writer_lock(self.path)
            self._make_ready()
        elif version != len(schema.MIGRATIONS):
            raise InputError(_unfit(self.path, version))

    def _make_ready(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")  # with less, a commit can be lost when the power goes
        self._connection.execute("PRAGMA foreign_keys = ON")
        with self.transaction():
            schema.migrate(self._connection, self._version())

    def _version(self) -> int:
        """How many steps of schema.MIGRATIONS the file has seen; 0 for an empty file. Raises InputError for a file that is not ours."""
        owner, version = self._pragma("application_id"), self._pragma("user_version")
        if owner == 0 and self.first("SELECT 1 FROM sqlite_master") is None:
            return 0
        if owner != schema.APPLICATION_ID:
            raise InputError(f"{self.path} is a database, but not a gradebook. Name the gradebook itself, or another folder with --out.")
        if version > len(schema.MIGRATIONS):
            raise InputError(_unfit(self.path, version))
        return version

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def close(self) -> None:
        """Close the file, and let the next one write."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    def rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, one at a time."""
        with _Told(self.path):
            # Not from the cursor itself: left early, `yield from` closes it, and by then the file may be closed.
            yield from iter(self._connection.execute(sql, _storable(values)).fetchone, None)

    def first(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """The first row of a query; None where there is none."""
        return next(self.rows(sql, *values), None)

    def add(self, table: str, **columns: object) -> int:
        """Add one row; returns its id."""
        self.add_all(table, tuple(columns), [tuple(columns.values())])
        return int(self._connection.execute("SELECT last_insert_rowid()").fetchone()[0])

    def add_all(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Add rows."""
        places = ", ".join("?" * len(columns))
        with _Told(self.path):
            self._connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", map(_storable, rows))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is added within it, or nothing."""
        with _Told(self.path), self._between("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read within it is of one moment. What cannot be understood is damage: only the grader writes here."""
        with _Told(self.path), self._between("BEGIN"):
            try:
                yield
            except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, zlib.error) as error:
                raise InputError(_ADVICE["CORRUPT"].format(path=self.path, error=f"{type(error).__name__}: {error}")) from error

    @contextmanager
    def _between(self, begin: str) -> Iterator[None]:
        self._connection.execute(begin)
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:  # some errors, as that of a full disk, have ended it already
                self._connection.execute("ROLLBACK")


def _connect(path: Path, write: bool) -> sqlite3.Connection:
    if write:
        return sqlite3.connect(path, isolation_level=None, timeout=_BUSY_SECONDS)
    if not path.is_file():
        raise InputError(f"There is no gradebook {path}. `grade batch SUBMISSIONS --out {path.parent}` makes one.")
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=_BUSY_SECONDS)


def _writer_lock(path: Path) -> sqlite3.Connection:
    lock = sqlite3.connect(f"{path}.lock", isolation_level=None, timeout=0)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if _kind(error) != "BUSY":
            raise
        raise InputError(
            f"Another command is writing in the gradebook {path}. Wait until it has ended, or stop it with Ctrl-C and run this one again; "
            "what is in the gradebook can be read meanwhile."
        ) from None
    return lock


def _unfit(path: Path, version: int) -> str:
    known = len(schema.MIGRATIONS)
    if version > known:
        return f"The gradebook {path} was written by a newer grader (tables of version {version}, known are {known}). Update the grader."
    if version == 0:
        return f"The gradebook {path} is empty: nothing was ever written in it. `grade batch SUBMISSIONS --out {path.parent}` fills it."
    return (
        f"The gradebook {path} was written by an older grader (tables of version {version}, now {known}). "
        f"`grade batch SUBMISSIONS --out {path.parent}` brings it up to date and grades nothing twice."
    )


class _Told:
    """Errors of SQLite as errors of ours: what a user can mend as InputError, the rest as GraderFault."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, sqlite3.Error):
            raise _in_our_words(self._path, error) from error


def _in_our_words(path: Path, error: sqlite3.Error) -> GradeError:
    kind = _kind(error)
    advice = _ADVICE.get(_SAME_ADVICE.get(kind, kind))
    if advice is None:
        return GraderFault(f"The gradebook {path} could not be used: {error}. Please send this line to the maintainers.")
    return InputError(advice.format(path=path, error=error))


def _kind(error: sqlite3.Error) -> str:
    """``CORRUPT`` of ``SQLITE_CORRUPT_INDEX``. What has no name is a text in the file that is not UTF-8."""
    name: str = getattr(error, "sqlite_errorname", "")
    if not name:
        return "CORRUPT" if isinstance(error, sqlite3.OperationalError) else "MISUSE"
    return name.split("_")[1]


def _storable(values: Sequence[object]) -> tuple[object, ...]:
    return tuple(_written_out(value) if isinstance(value, str) and not value.isascii() else value for value in values)


def _written_out(text: str) -> str:
    """Half a surrogate pair, as in names of files that are not UTF-8, is in no database."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
