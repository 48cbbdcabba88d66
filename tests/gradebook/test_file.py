"""The file itself: who may write, who may read, and what is said where that cannot be."""

from __future__ import annotations

import sqlite3
from fractions import Fraction
from pathlib import Path

import pytest

from grader.errors import GraderFault, InputError
from grader.gradebook import Gradebook, database, schema
from tests.gradebook.conftest import Class
from tests.gradebook.made import TERMS, cohort_of, graded, row_of, tables_of

VERSION_1 = (Path(__file__).parent / "version_1.sql").read_text(encoding="utf-8")
TABLES = (
    "intakes", "students", "attempts", "unmatched", "terms", "chosen_terms", "assignments", "parts", "criteria", "results", "verdicts",
    "documents", "overrides", "comments",
)  # fmt: skip


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of version 1."""
    path = tmp_path / "old.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(f"PRAGMA synchronous = OFF;\n{VERSION_1}")
    connection.close()
    return path


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    """What another program sees, or does."""
    connection = sqlite3.connect(path)
    try:
        with connection:
            return connection.execute(sql).fetchall()
    finally:
        connection.close()


# --- one writer, many readers ----------------------------------------------------------------------------------------


def test_a_second_writer_is_told_and_the_first_goes_on(three: Class) -> None:
    with pytest.raises(InputError, match="Another command is writing in the gradebook"):
        Gradebook.open(three.path, write=True)
    three.book.record(graded("ada", three.contents["ada"]), TERMS)
    assert row_of(three.book, "ada").points == 10


def test_the_next_writer_comes_in_when_the_first_has_gone(three: Class) -> None:
    three.book.close()
    with Gradebook.open(three.path, write=True) as book:
        book.comment("ada", "second", "tutor")


def test_a_reader_sees_each_whole_result_while_another_writes(three: Class) -> None:
    with Gradebook.open(three.path, write=False) as reader:
        assert row_of(reader, "ada").status == "waiting"
        three.book.record(graded("ada", three.contents["ada"]), TERMS)
        assert row_of(reader, "ada").points == 10
        three.book.comment("ada", "seen at once", "tutor")
        assert row_of(reader, "ada").comments[0].text == "seen at once"


def test_a_reader_cannot_write(three: Class) -> None:
    with Gradebook.open(three.path, write=False) as reader, pytest.raises(InputError, match="cannot be written"):
        reader.record(graded("ada", three.contents["ada"]), TERMS)


def test_a_reader_keeps_no_writer_out(three: Class) -> None:
    three.book.close()
    with Gradebook.open(three.path, write=False), Gradebook.open(three.path, write=True) as book:
        book.comment("ada", "meanwhile", "tutor")


def test_commits_are_written_through(three: Class) -> None:
    """What a power cut must not take: SQLite's words for it are FULL (2) and WAL."""
    assert three.book._database.first("PRAGMA synchronous") == (2,)
    assert ask(three.path, "PRAGMA journal_mode") == [("wal",)]


def test_a_full_disk_is_told_and_leaves_nothing_half(three: Class) -> None:
    before = tables_of(three.path)
    connection = three.book._database._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(InputError, match=r"no room left.*goes on where it stopped"):
        three.book.comment("ada", "x" * 100_000, "tutor")
    connection.execute(f"PRAGMA max_page_count = {2**30}")
    assert tables_of(three.path) == before
    three.book.comment("ada", "x" * 100_000, "tutor")
    assert len(row_of(three.book, "ada").comments) == 1


def test_another_program_that_writes_is_told_apart(three: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    three.book.close()
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0)
    other = sqlite3.connect(three.path, isolation_level=None)
    with Gradebook.open(three.path, write=True) as book:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(InputError, match="held by another program"):
            book.comment("ada", "hello", "tutor")
        other.close()
        book.comment("ada", "hello", "tutor")


# --- it only grows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["DELETE FROM {table}", "UPDATE {table} SET {column} = {column}"])
def test_no_row_is_changed_or_removed(old: Path, table: str, change: str) -> None:
    ((column,), *_) = ask(old, f"SELECT name FROM pragma_table_info('{table}')")
    with pytest.raises(sqlite3.IntegrityError, match="the gradebook only grows"):
        ask(old, change.format(table=table, column=column))


def test_the_list_of_tables_is_complete(old: Path) -> None:
    assert set(tables_of(old)) == set(TABLES)
    assert all(tables_of(old).values()), "every table of the specimen has a row to try to change"


# --- versions --------------------------------------------------------------------------------------------------------


def test_a_file_of_version_1_is_read(old: Path) -> None:
    with Gradebook.open(old, write=True) as book:
        cohort = book.cohort(None)
        row = row_of(book, "ada")
        assert (cohort.assignment, [head.criterion for head in cohort.heads]) == ("Lesson 4", ["1.net", "1.accuracy"])
        assert (row.machine_points, row.points, row.comments[0].text) == (Fraction(11, 2), 7, "Well done")
        assert row_of(book, "bob").status == "missing"
        assert book.document("ada") == b'{"version": 1}'
        assert book.terms() is not None and book.terms().seed == 2**70 + 1  # type: ignore[union-attr]


def test_version_1_is_never_made_otherwise(old: Path, tmp_path: Path) -> None:
    """Whoever changes the tables adds a step: a file made anew is the specimen with all later steps."""
    anew, tables = tmp_path / "new.sqlite", "SELECT name, sql FROM sqlite_master ORDER BY name"
    Gradebook.open(anew, write=True).close()
    Gradebook.open(old, write=True).close()
    assert ask(anew, tables) == ask(old, tables)


def add_room(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE students ADD COLUMN room TEXT NOT NULL DEFAULT 'A1'")


def break_off(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE half (done TEXT)")
    raise RuntimeError("the power went")


def test_the_writer_brings_an_older_file_up_to_date(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_room))
    with pytest.raises(InputError, match=r"older grader.*grade batch"):
        Gradebook.open(old, write=False)
    with Gradebook.open(old, write=True) as book:
        assert row_of(book, "ada").points == 7
    assert ask(old, "SELECT student, room FROM students ORDER BY student") == [("ada", "A1"), ("bob", "A1")]
    assert ask(old, "PRAGMA user_version") == [(2,)]
    Gradebook.open(old, write=True).close()
    Gradebook.open(old, write=False).close()


def test_a_step_that_breaks_off_leaves_the_file_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ask(old, "SELECT name, sql FROM sqlite_master")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_room, break_off))
        with pytest.raises(RuntimeError, match="the power went"):
            Gradebook.open(old, write=True)
    assert ask(old, "SELECT name, sql FROM sqlite_master") == before
    with Gradebook.open(old, write=True) as book:
        assert row_of(book, "ada").points == 7


@pytest.mark.parametrize("write", [True, False])
def test_a_file_of_a_newer_grader_is_left_alone(old: Path, write: bool) -> None:
    ask(old, "PRAGMA user_version = 99")
    before = old.read_bytes()
    with pytest.raises(InputError, match=r"newer grader \(tables of version 99.*Update the grader"):
        Gradebook.open(old, write=write)
    assert old.read_bytes() == before


def test_what_nobody_can_mend_goes_to_the_maintainers(three: Class, tmp_path: Path) -> None:
    twice = cohort_of(tmp_path / "work", "ada", "ada")
    with pytest.raises(GraderFault, match="send this line to the maintainers"):
        three.book.take_in(twice)
    assert len(three.book.cohort(None).rows) == 3
