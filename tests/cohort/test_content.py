"""The digest of a submission: it changes with whatever a mark can hang on, follows nothing, and never fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cohort.content import content_hash
from grader.submission.listing import MAX_FILE_BYTES
from tests.cohort.shelf import fill, pack

FILES: dict[str, str | bytes] = {"homework.py": "x = 1\n", "models/net.py": "y = 2\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "work", FILES)


def test_equal_folders_have_one_digest_whatever_they_are_called(tmp_path: Path, folder: Path) -> None:
    assert content_hash(folder) == content_hash(fill(tmp_path / "other", dict(reversed(FILES.items()))))
    assert len(content_hash(folder)) == 64


@pytest.mark.parametrize(
    "change",
    [{"homework.py": "x = 2\n"}, {"new.py": ""}, {"results/log.json": "{}"}, {"models/net.py": ""}],
    ids=["text", "empty file", "other file", "emptied"],
)
def test_another_byte_is_another_digest(folder: Path, change: dict[str, str | bytes]) -> None:
    before = content_hash(folder)
    assert content_hash(fill(folder, change)) != before


def test_moved_and_renamed_files_are_another_digest(folder: Path) -> None:
    before = content_hash(folder)
    (folder / "models" / "net.py").rename(folder / "net.py")
    assert content_hash(folder) != before


def test_where_one_file_ends_and_the_next_begins_counts(tmp_path: Path) -> None:
    assert content_hash(fill(tmp_path / "a", {"a": "xb", "b": "y"})) != content_hash(fill(tmp_path / "b", {"a": "x", "b": "by"}))
    assert content_hash(fill(tmp_path / "c", {"ab": "c"})) != content_hash(fill(tmp_path / "d", {"a": "bc"}))


@pytest.mark.parametrize("name", [".git/index", "__pycache__/net.pyc", ".ipynb_checkpoints/a.ipynb", "venv/lib/a.py", "models/.DS_Store"])
def test_what_is_never_read_does_not_count(folder: Path, name: str) -> None:
    before = content_hash(folder)
    assert content_hash(fill(folder, {name: "other"})) == before


def test_times_and_modes_do_not_count(folder: Path) -> None:
    before = content_hash(folder)
    os.utime(folder / "homework.py", (1, 1))
    (folder / "homework.py").chmod(0o755)
    assert content_hash(folder) == before


def test_a_link_counts_as_its_target_and_is_not_followed(tmp_path: Path, folder: Path) -> None:
    outside = fill(tmp_path / "outside", {"secret.txt": "1"})
    plain = content_hash(folder)
    (folder / "link").symlink_to(outside / "secret.txt")
    (folder / "models" / "all").symlink_to(outside)
    linked = content_hash(folder)
    fill(outside, {"secret.txt": "2", "more.py": ""})
    assert content_hash(folder) == linked != plain
    (folder / "link").unlink()
    (folder / "link").symlink_to(outside / "secret2.txt")
    assert content_hash(folder) != linked


def test_links_in_circles_end(folder: Path) -> None:
    (folder / "me").symlink_to(folder)
    (folder / "loop").symlink_to("loop")
    assert content_hash(folder) == content_hash(folder)


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    before = content_hash(folder)
    os.mkfifo(folder / "pipe")
    started = time.monotonic()
    assert content_hash(folder) != before
    os.mkfifo(folder.parent / "pipe.zip")
    assert content_hash(folder.parent / "pipe.zip") and time.monotonic() - started < 5


def test_a_large_file_counts_by_its_size_alone(folder: Path) -> None:
    data = folder / "data.bin"
    with data.open("wb") as stream:
        stream.truncate(MAX_FILE_BYTES + 1)
    first, started = content_hash(folder), time.process_time()
    with data.open("r+b") as stream:
        stream.write(b"other")
    assert content_hash(folder) == first
    with data.open("r+b") as stream:
        stream.truncate(200 * MAX_FILE_BYTES)
    assert content_hash(folder) != first and time.process_time() - started < 2


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that this process may not read all of, even where root runs the tests."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    fill(place / "work", FILES)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield place / "work"
    os.seteuid(user)
    shutil.rmtree(place)


def test_what_cannot_be_read_is_hashed_as_that(closed: Path) -> None:
    user, readable = os.geteuid(), content_hash(closed)
    os.seteuid(os.getuid())
    (closed / "homework.py").chmod(0)
    os.seteuid(user)
    closed_file = content_hash(closed)
    os.seteuid(os.getuid())
    closed.chmod(0)
    os.seteuid(user)
    assert len({readable, closed_file, content_hash(closed)}) == 3
    os.seteuid(os.getuid())
    closed.chmod(0o755)


def test_an_archive_counts_by_its_bytes_and_kind(tmp_path: Path, folder: Path) -> None:
    one = pack(tmp_path / "a.zip", FILES)
    same = tmp_path / "renamed.ZIP"
    same.write_bytes(one.read_bytes())
    (tmp_path / "a.rar").write_bytes(one.read_bytes())
    (tmp_path / "b.zip").write_bytes(one.read_bytes() + b" ")
    assert content_hash(one) == content_hash(same)
    assert len({content_hash(path) for path in (one, tmp_path / "a.rar", tmp_path / "b.zip", folder)}) == 4


@pytest.mark.parametrize("name", ["nowhere", "nowhere.zip", "a\0b"])
def test_what_is_not_there_has_a_digest(tmp_path: Path, name: str) -> None:
    if "\0" not in name:
        assert content_hash(tmp_path / name) != content_hash(tmp_path)


def test_names_that_are_no_text(folder: Path) -> None:
    before = content_hash(folder)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n.py")).write_text("")
    assert content_hash(folder) != before


NAMES = st.text("ab/.", min_size=1, max_size=5).filter(lambda name: name.strip("/.") == name and "//" not in name and "/." not in name)
TREES = st.dictionaries(NAMES, st.binary(max_size=4), max_size=4).filter(
    lambda tree: not any(outer != inner and inner.startswith(f"{outer}/") for outer in tree for inner in tree)
)


@settings(max_examples=60, deadline=None)
@given(TREES, TREES)
def test_digests_agree_exactly_where_trees_do(tree: dict[str, bytes], other: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as place:
        one, two = (fill(Path(place) / name, dict(files)) for name, files in (("1", tree), ("2", other)))
        assert (content_hash(one) == content_hash(two)) == (tree == other)


def test_two_hundred_are_recognised_at_once_and_without_torch(tmp_path: Path) -> None:
    reference = Path(__file__).resolve().parents[2] / "reference"
    for number in range(200):
        shutil.copytree(reference, tmp_path / "all" / f"s{number}")
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom grader.cohort.content import content_hash\n"
        "from grader.cohort.intake import read_intake\nhere = Path(sys.argv[1])\nstarted = time.process_time()\n"
        "intake = read_intake(here / 'all', roster=None, late=None, work=here / 'work')\n"
        "digests = {content_hash(attempt.source) for attempt in intake.attempts}\n"
        "print(len(intake.attempts), len(digests), 'torch' in sys.modules, time.process_time() - started)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, cwd=reference.parent)
    count, digests, has_torch, seconds = done.stdout.split()
    assert (count, digests, has_torch) == ("200", "1", "False")
    print(f"intake and digests of 200: {float(seconds):.2f} s of processor time")
    assert float(seconds) < 2  # 0.6 s on an idle core; the machines that test are slower and busy
