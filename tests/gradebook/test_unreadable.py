"""What is no gradebook, cannot be reached or is damaged: one kind sentence with the way out, and the file is left alone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import GradeError, InputError
from grader.gradebook import Gradebook
from tests.gradebook.made import TERMS, cohort_of, graded


def text_file(path: Path) -> None:
    path.write_text("student,points\nada,10\n" * 500)


def other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE people (name TEXT)")
    connection.close()


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize(
    "make, words", [(text_file, "no SQLite file"), (other_database, "not a gradebook"), (folder, "cannot be opened|is no gradebook")]
)
def test_what_is_no_gradebook_is_named_and_left_alone(tmp_path: Path, make: Callable[[Path], None], words: str, write: bool) -> None:
    path = tmp_path / "gradebook.sqlite"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(InputError, match=words) as told:
        Gradebook.open(path, write=write)
    assert str(path) in str(told.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_reader_is_told_of_a_missing_and_of_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a folder, 100% of ours #1?" / "gradebook.sqlite"
    with pytest.raises(InputError, match="There is no gradebook"):
        Gradebook.open(path, write=False)
    path.parent.mkdir()
    path.touch()
    with pytest.raises(InputError, match="is empty"):
        Gradebook.open(path, write=False)
    Gradebook.open(path, write=True).close()
    Gradebook.open(path, write=False).close()


def test_a_writer_is_told_of_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Its folder has to exist"):
        Gradebook.open(tmp_path / "nowhere" / "gradebook.sqlite", write=True)


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not write-protected there")
@pytest.mark.parametrize("write", [True, False])
def test_a_folder_that_cannot_be_written_to(readable: Path, write: bool) -> None:
    book = readable / "gradebook.sqlite"
    Gradebook.open(book, write=True).close()
    for path in (readable, *readable.iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert "copy it to a folder of your own" in told_without_rights(book, write)


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that other users can reach."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


def told_without_rights(path: Path, write: bool) -> str:
    """What a process is told that is not root's: root may write anywhere."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            Gradebook.open(path, write=write)
        except GradeError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    os.wait()
    return text


# --- damage ----------------------------------------------------------------------------------------------------------


def read_all(path: Path) -> None:
    with Gradebook.open(path, write=False) as book:
        for row in book.cohort(None).rows:
            if row.status == "graded":
                book.document(row.student.id)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a gradebook with results."""
    folder = tmp_path_factory.mktemp("filled")
    with Gradebook.open(folder / "whole.sqlite", write=True) as book:
        contents = book.take_in(cohort_of(folder / "work", *"abcdefgh"))
        for student, content in contents.items():
            book.record(graded(student, content), TERMS)
    read_all(folder / "whole.sqlite")
    return (folder / "whole.sqlite").read_bytes()


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("harm", [lambda whole: whole[: len(whole) // 2], lambda whole: whole[:4096] + b"\xa5" * (len(whole) - 4096)])
def test_a_damaged_file_is_named_with_a_way_out(filled: bytes, tmp_path: Path, harm: Callable[[bytes], bytes], write: bool) -> None:
    path = tmp_path / "gradebook.sqlite"
    path.write_bytes(harm(filled))
    with pytest.raises(InputError, match=r"damaged.*\.recover"), Gradebook.open(path, write=write) as book:
        book.cohort(None)


@settings(max_examples=60, deadline=None)
@given(harm=st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=40))
def test_whatever_bytes_are_wrong_nothing_but_a_kind_sentence_comes(
    filled: bytes, harm: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    harmed, written = bytearray(filled), [place for place, byte in enumerate(filled) if byte]
    for place, byte in harm:
        harmed[written[place % len(written)]] = byte
    path = tmp_path_factory.mktemp("harmed") / "gradebook.sqlite"
    path.write_bytes(harmed)
    try:
        read_all(path)
    except InputError as error:
        assert str(path) in str(error)
