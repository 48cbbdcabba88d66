"""A submission that was packed and unpacked is, to grading, what it was."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from grader.errors import InputError
from grader.executors import parcel
from grader.executors.parcel import Parcel, pack, unpack
from grader.submission import open_submission
from tests.folders import write

SECRET = "what nobody may read"


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """Work with everything that a listing tells apart."""
    (tmp_path / "secret.txt").write_text(SECRET)
    deep = "/".join("d" * 14)
    root = write(tmp_path / "Übung 1", {"models/net.py": "x = 1\n", "README.md": "Ü", f"{deep}/far.py": "", "data.bin": bytes(range(256))})
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "models" / "folder").symlink_to(tmp_path)
    (root / "line\nend.py").write_text("")
    os.mkfifo(root / "pipe")
    write(root, {".git/config": SECRET, "venv/lib.py": SECRET, "mine/pyvenv.cfg": "", "mine/lib.py": SECRET})
    return root


def test_the_far_side_sees_the_same_submission(submission: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    there = unpack(pack(submission), tmp_path / "there")
    near, far = open_submission(submission), open_submission(there)
    assert far.root.name == near.root.name
    assert far.paths() == near.paths() and "models/net.py" in far.paths()
    assert far.content_hash() == near.content_hash()
    assert far.notes() == near.notes()
    for words in ("links are not followed", "pipes", "control characters", "deep"):
        assert any(words in note for note in far.notes()), words


def test_nothing_that_is_no_work_travels_and_no_link_is_followed(submission: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(pack(submission).data)) as archive:
        members = archive.getmembers()
        contents = b"".join(stream.read() for member in members if member.isfile() and (stream := archive.extractfile(member)))
    assert SECRET.encode() not in contents
    assert not any(name in member.name for member in members for name in (".git", "venv/lib", "mine/lib"))


def test_an_archive_travels_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "work.zip").write_bytes(b"PK whatever")
    (tmp_path / "there").mkdir()
    there = unpack(pack(tmp_path / "work.zip"), tmp_path / "there")
    assert (there.name, there.read_bytes()) == ("work.zip", b"PK whatever")


def test_what_is_too_large_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcel, "MAX_BYTES", 1000)
    write(tmp_path / "small", {"net.py": "x" * 900})
    write(tmp_path / "large", {"net.py": "x" * 600, "more.py": "y" * 600})
    (tmp_path / "large.zip").write_bytes(b"z" * 1001)
    assert pack(tmp_path / "small").is_folder
    for name in ("large", "large.zip"):
        with pytest.raises(InputError, match=f"{name} has more than"):
            pack(tmp_path / name)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.zip cannot be sent"):
        pack(tmp_path / "gone.zip")


@pytest.mark.parametrize("name", ["../out.py", "/out.py", "a/../../out.py"])
def test_a_path_that_leads_out_is_not_written(tmp_path: Path, name: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name))
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="leads out"):
        unpack(Parcel("work", True, stream.getvalue()), tmp_path / "there")
    assert [path.name for path in tmp_path.rglob("*")] == ["there", "work"]
