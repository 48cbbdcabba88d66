"""A .zip is unpacked when it is harmless; a trap is refused in one sentence, and nothing of it stays on disk."""

from __future__ import annotations

import os
import stat
import tempfile
import time
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile, ZipInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import InputError
from grader.submission import archive, open_submission, unpacked

HONEST = {"homework.py": "x = 1\n", "models/net.py": "y = 2\n", "README.md": "# 1.1"}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of our own for temporary folders, to see that nothing is left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def entry(name: str, mode: int = 0o100644, kind: int = ZIP_DEFLATED) -> ZipInfo:
    info = ZipInfo("placeholder")
    info.filename = info.orig_filename = name  # the constructor would tidy it up
    info.external_attr, info.compress_type = mode << 16, kind
    return info


def pack(path: Path, files: dict[Any, str | bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name if isinstance(name, ZipInfo) else entry(name), content)
    return path


def contents(path: Path, notes: list[str] | None = None) -> dict[str, str]:
    with unpacked(path, [].append if notes is None else notes.append) as folder:
        return {each.relative_to(folder).as_posix(): each.read_text() for each in folder.rglob("*") if each.is_file()}


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught, unpacked(path):
        pass
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and "\x1b" not in text
    return text


# --- harmless ------------------------------------------------------------------------------------------------------


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    with unpacked(tmp_path) as folder:
        assert folder == tmp_path
    assert tmp_path.is_dir()


def test_what_is_not_there_is_left_to_the_next(tmp_path: Path) -> None:
    with unpacked(tmp_path / "nowhere") as folder:
        assert folder == tmp_path / "nowhere"


@pytest.mark.parametrize("top", ["", "work/", "./work/", "Домашняя работа 4/"])
def test_an_archive_is_unpacked_and_its_single_top_folder_taken_off(tmp_path: Path, temporary: Path, top: str) -> None:
    path = pack(tmp_path / "ivanov.ZIP", {top + name: text for name, text in HONEST.items()})
    with unpacked(path) as folder:
        assert folder.name == "ivanov"
        assert open_submission(folder).paths() == ("README.md", "homework.py", "models/net.py")
    assert not list(temporary.iterdir())


def test_two_folders_at_the_top_stay(tmp_path: Path) -> None:
    assert set(contents(pack(tmp_path / "a.zip", {"a/x.py": "", "b/y.py": ""}))) == {"a/x.py", "b/y.py"}


def test_what_file_managers_and_tools_leave_is_passed_over(tmp_path: Path) -> None:
    litter = ["__MACOSX/work/._homework.py", "work/.DS_Store", "work/.git/config", "work/venv/x.py", "work/__pycache__/x.pyc"]
    notes: list[str] = []
    path = pack(tmp_path / "a.zip", {f"work/{name}": text for name, text in HONEST.items()} | dict.fromkeys(litter, "x"))
    assert contents(path, notes) == HONEST
    assert notes == []


def test_backslashes_of_old_windows_tools_are_folders(tmp_path: Path) -> None:
    assert set(contents(pack(tmp_path / "a.zip", {"homework.py": "", "models\\net.py": ""}))) == {"homework.py", "models/net.py"}


def test_the_folder_goes_when_the_grading_fails(tmp_path: Path, temporary: Path) -> None:
    with pytest.raises(ZeroDivisionError), unpacked(pack(tmp_path / "a.zip", HONEST)):
        raise ZeroDivisionError
    assert not list(temporary.iterdir())


def test_modes_of_entries_are_not_taken_over(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {entry("homework.py", 0o104000): "x = 1", entry("run.py", 0o106777): ""})
    with unpacked(path) as folder:
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
    assert all(mode & 0o400 and not mode & 0o7111 for mode in modes.values())


# --- left out, with a note -----------------------------------------------------------------------------------------

LEFT = {
    "a link": entry("link.py", stat.S_IFLNK | 0o777),
    "a pipe": entry("pipe.py", stat.S_IFIFO | 0o666),
    "a device": entry("null.py", stat.S_IFCHR | 0o666),
    "a control character": entry("evil\x1b[2J.py"),
    "a line end": entry("a\nb.py"),
    "a name cut by a null byte": entry("homework2.py\0.txt"),
    "reversed text": entry("yp\u202eexe.py"),
    "very deep": entry("d/" * 500 + "x.py"),
    "a name that is too long": entry("x" * 300 + ".py"),
    "bzip2": entry("bz.py", kind=ZIP_BZIP2),
    "lzma": entry("xz.py", kind=ZIP_LZMA),
}


@pytest.mark.parametrize("info", LEFT.values(), ids=LEFT.keys())
def test_one_odd_entry_is_left_out_and_told(tmp_path: Path, info: ZipInfo) -> None:
    notes: list[str] = []
    assert contents(pack(tmp_path / "a.zip", {info: "/etc/passwd", **HONEST}), notes) == HONEST
    assert len(notes) == 1
    assert notes[0].startswith("a.zip: ") and notes[0].endswith("it was left out") and len(notes[0]) < 500
    assert notes[0].isprintable()


def test_a_large_file_is_left_out_by_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 2**20)
    notes: list[str] = []
    assert contents(pack(tmp_path / "a.zip", {**HONEST, "weights.pt": b"\0" * (2**20 + 1)}), notes) == HONEST
    assert "weights.pt" in notes[0]


# --- traps ---------------------------------------------------------------------------------------------------------

TRAPS: dict[str, tuple[dict[Any, str | bytes], str]] = {
    "absolute": ({"/etc/cron.d/x.py": ""}, "leads out"),
    "up": ({"../x.py": ""}, "leads out"),
    "up within": ({"a/../../x.py": ""}, "leads out"),
    "up with backslashes": ({"..\\..\\x.py": ""}, "leads out"),
    "up behind litter": ({"__MACOSX/../../x.py": ""}, "leads out"),
    "a drive": ({"C:\\windows\\x.py": ""}, "leads out"),
    "a drive further in": ({"a/c:evil.py": ""}, "leads out"),
    "a share": ({"\\\\host\\share\\x.py": ""}, "leads out"),
    "by case": ({"models/Net.py": "", "Models/net.py": ""}, "two files of one name"),
    "by composition": ({"caf\u00e9.py": "", "cafe\u0301.py": ""}, "two files of one name"),
    "file and folder": ({"models": "", "models/net.py": ""}, "as a file and as a folder"),
    "an archive in an archive": ({"work.rar": "", "readme.txt": ""}, "holds another archive"),
}


@pytest.mark.parametrize(("files", "reason"), TRAPS.values(), ids=TRAPS.keys())
def test_a_trap_is_refused_as_a_whole(tmp_path: Path, temporary: Path, files: dict[Any, str | bytes], reason: str) -> None:
    assert reason in refusal(pack(tmp_path / "a.zip", files))
    assert not list(temporary.iterdir())
    assert {each.name for each in tmp_path.iterdir()} == {"a.zip", "temporary"}


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with pytest.warns(UserWarning), ZipFile(path, "w") as made:
        made.writestr("homework.py", "good")
        made.writestr("homework.py", "evil")
    assert "two files of one name" in refusal(path)


def test_a_password_is_refused(tmp_path: Path) -> None:
    data = bytearray(pack(tmp_path / "a.zip", HONEST).read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    (tmp_path / "b.zip").write_bytes(data)
    assert "password" in refusal(tmp_path / "b.zip")


def test_an_archive_next_to_python_files_is_a_file_like_any_other(tmp_path: Path) -> None:
    assert "data.zip" in contents(pack(tmp_path / "a.zip", {**HONEST, "data.zip": "PK"}))


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 10)
    many = {f"f{index}.py": "" for index in range(10)}
    assert len(contents(pack(tmp_path / "twin.zip", many))) == 10
    assert "more than 10 files" in refusal(pack(tmp_path / "a.zip", {**many, "one_more.py": ""}))


def test_too_large_in_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 3 * 2**20)
    assert len(contents(pack(tmp_path / "twin.zip", {f"f{index}.py": b"#" * 2**20 for index in range(3)}))) == 3
    assert "more than 3 MiB" in refusal(pack(tmp_path / "a.zip", {f"f{index}.py": b"#" * 2**20 for index in range(4)}))


def test_a_bomb_is_known_by_its_ratio_and_an_empty_file_is_none(tmp_path: Path, temporary: Path) -> None:
    empty = bytes(30 * 2**20)
    assert set(contents(pack(tmp_path / "twin.zip", {"a.py": "", "zeros.txt": empty}))) == {"a.py", "zeros.txt"}
    start = time.monotonic()
    assert "100 times its size" in refusal(pack(tmp_path / "a.zip", {f"{index}.txt": empty for index in range(6)}))
    assert time.monotonic() - start < 10
    assert not list(temporary.iterdir())


def overlapping(count: int) -> bytes:
    """An archive whose entries all are the same compressed bytes: 1 MiB of zeros, as often as one likes."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as made:
        for index in range(count):
            made.writestr(entry(f"{index:04}.txt"), bytes(2**20) if index == 0 else b"")
            if index:  # its place in the table of contents is that of the first
                first, last = made.filelist[0], made.filelist[-1]
                last.header_offset, last.CRC = first.header_offset, first.CRC
                last.compress_size, last.file_size = first.compress_size, first.file_size
                last.compress_type = first.compress_type
    return stream.getvalue()


def test_entries_that_share_their_bytes_unpack_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(overlapping(2000))
    assert "damaged" in refusal(tmp_path / "a.zip")


def test_a_header_that_says_little_gets_no_more(tmp_path: Path) -> None:
    """What a header says about the size bounds what is read; the sum of bytes that does not fit is damage."""
    path = tmp_path / "a.zip"
    pack(path, {"bomb.py": bytes(2**20)})
    data = path.read_bytes().replace((2**20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("zip64", [False, True])
def test_a_table_of_contents_without_end_is_not_read(tmp_path: Path, zip64: bool) -> None:
    size = archive.MAX_DIRECTORY_BYTES + 1
    body = bytes(size)
    if zip64:
        end = b"PK\x06\x06" + (44).to_bytes(8, "little") + bytes(12) + (1).to_bytes(8, "little") * 2
        end += size.to_bytes(8, "little") + (0).to_bytes(8, "little")
        end += b"PK\x06\x07" + bytes(4) + size.to_bytes(8, "little") + (1).to_bytes(4, "little")
        end += b"PK\x05\x06" + bytes(4) + b"\xff" * 12 + bytes(2)
    else:
        end = b"PK\x05\x06" + bytes(4) + b"\1\0\1\0" + size.to_bytes(4, "little") + bytes(4) + bytes(2)
    (tmp_path / "a.zip").write_bytes(body + end)
    del body
    tracemalloc.start()
    assert "table of contents is too large" in refusal(tmp_path / "a.zip")
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


# --- what is no zip ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tgz", "a.rar", "a.7z", "A.TAR"])
def test_another_archive_is_to_be_unpacked_first(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert "unpack it first" in refusal(tmp_path / name)
    with pytest.raises(InputError, match="unpack it first"):
        open_submission(tmp_path / name)


def test_a_file_is_to_be_a_folder_or_a_zip(tmp_path: Path) -> None:
    (tmp_path / "homework.py").write_text("")
    assert "or a .zip of it" in refusal(tmp_path / "homework.py")


@pytest.mark.parametrize("data", [b"", b"PK", b"Rar!\x1a\x07", b"PK\x05\x06" + bytes(18)], ids=["empty", "cut", "rar", "no entry"])
def test_what_is_called_zip_and_is_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    if data.startswith(b"PK\x05"):
        with unpacked(path) as folder, pytest.raises(InputError, match="is empty"):
            open_submission(folder)
    else:
        assert "damaged or no .zip" in refusal(path)


def test_a_pipe_called_zip_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.zip")
    with unpacked(tmp_path / "a.zip") as folder, pytest.raises(InputError):
        open_submission(folder)


GOOD = BytesIO()
with ZipFile(GOOD, "w", ZIP_DEFLATED) as _made:
    for _name, _text in HONEST.items():
        _made.writestr(_name, _text)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, len(GOOD.getvalue()) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 3))
def test_no_bytes_break_the_unpacking(tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(GOOD.getvalue())
    for at, value in changes:
        data[at] = value
    path = tmp_path_factory.mktemp("fuzz") / "a.zip"
    path.write_bytes(data[: len(data) - cut * 40])
    try:
        with unpacked(path) as folder:
            assert folder.is_dir()
    except InputError as error:
        assert "\n" not in str(error)


def test_crc_is_checked(tmp_path: Path) -> None:
    data = pack(tmp_path / "a.zip", HONEST).read_bytes()
    wrong = data.replace(zlib.crc32(b"x = 1\n").to_bytes(4, "little"), bytes(4))
    (tmp_path / "a.zip").write_bytes(wrong)
    assert "damaged" in refusal(tmp_path / "a.zip")
