"""Whatever lies on disk, reading it ends soon, takes little memory, follows no link out, and says what was left out.

Each trap has a harmless twin, which is read as if nothing were.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from grader.errors import InputError
from grader.records import Fault
from grader.sandbox import scratch
from grader.submission import ImageFact, Submission, files, listing, open_submission
from grader.submission.listing import walk
from grader.submission.names import is_unsafe, shown
from grader.submission.pictures import MAX_SCANS, examine
from grader.submission.prose import MAX_HEADINGS, paragraphs, sections
from tests.folders import picture, write

SECRET = "the secret of another"


@contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


def everything(root: Path) -> Submission:
    """Read all there is to read of a submission, as the grader does, and copy it for a worker."""
    submission = open_submission(root)
    for path in submission.paths():
        submission.text(path), submission.json(path), submission.image(path)
    submission.sections(), submission.sources(), submission.content_hash()
    assert not [note for note in submission.notes() if is_unsafe(note) or len(note) > 700]
    return submission


def copied(root: Path, folder: Path) -> list[str]:
    folder.mkdir()
    copy = scratch.prepare(folder, root).submission
    assert not [each for each in copy.rglob("*") if each.is_symlink()]
    return sorted(each.relative_to(copy).as_posix() for each in copy.rglob("*") if each.is_file())


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return write(tmp_path / "outside", {"secret.py": SECRET, "secret.txt": SECRET, "secret.json": {"a": 1}})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "work", {"README.md": "# 1.1", "models/net.py": "x = 1", "plots/a.png": picture()})


HONEST = ("README.md", "homework.py", "models/net.py", "plots/a.png")

# --- links and what is no file -------------------------------------------------------------------------------------

LINKS: dict[str, tuple[str, str]] = {
    "to a file outside": ("models/secret.py", "{outside}/secret.py"),
    "to the system": ("results/results.json", "/etc/passwd"),
    "to a folder outside": ("extra", "{outside}"),
    "to the folder above": ("up", ".."),
    "to the root": ("all", "/"),
    "to itself": ("circle.py", "circle.py"),
    "in a circle of folders": ("models/again", "../models"),
    "to nothing": ("gone.py", "nowhere.py"),
    "to a process": ("environ.txt", "/proc/self/environ"),
    "to an endless device": ("zero.json", "/dev/zero"),
}


@pytest.mark.parametrize(("name", "target"), LINKS.values(), ids=LINKS.keys())
def test_no_link_is_followed(tmp_path: Path, root: Path, outside: Path, name: str, target: str) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(target.format(outside=outside))
    with within(5):
        submission = everything(root)
        assert submission.paths() == HONEST
        assert submission.notes() == (f"links are not followed: {name}",)
        assert copied(root, tmp_path / "scratch") == list(HONEST)
        for path in (name, f"{name}/secret.txt", f"{name}/etc/passwd"):
            assert SECRET not in str(submission.text(path)) and "root:" not in str(submission.text(path))


def test_a_file_with_another_name_twice_is_no_link(root: Path) -> None:
    os.link(root / "models/net.py", root / "models/twin.py")
    assert "models/twin.py" in everything(root).paths()


def test_pipes_and_sockets_are_not_waited_for(tmp_path: Path, root: Path) -> None:
    os.mkfifo(root / "pipe.py")
    with socket.socket(socket.AF_UNIX) as made, within(5):
        made.bind(os.path.relpath(root / "s.py"))
        submission = everything(root)
        assert submission.paths() == HONEST
        assert "pipes, sockets and devices are not read: pipe.py and 1 more" in submission.notes()
        assert copied(root, tmp_path / "scratch") == list(HONEST)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """As a user who is not root: for root there are no unreadable files."""
    root = write(tmp_path / "work", {"locked.py": "x = 1", "results/r.json": {}, "README.md": "# 1.1"})
    script = f"""if True:
        import os, sys
        from pathlib import Path
        from grader.sandbox import scratch
        from grader.submission import open_submission
        root, folder = Path({str(root)!r}), Path({str(tmp_path / "scratch")!r})
        folder.mkdir()
        for name in ("locked.py", "README.md", "results"):
            (root / name).chmod(0)
        if os.getuid() == 0:
            for each in (root, *root.rglob("*"), folder): os.chown(each, 65534, 65534)
            os.setegid(65534), os.seteuid(65534)
        submission = open_submission(root)
        print(submission.paths(), submission.text("README.md"), len(submission.sources()), len(submission.content_hash()))
        print(*submission.notes(), sep="\\n")
        scratch.prepare(folder, root)
    """
    for folder in tmp_path.parents:
        if folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    (root / "results").chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("('README.md', 'homework.py', 'locked.py') None 2 64")
    assert "folders that cannot be read (check their permissions): results" in done.stdout
    assert "locked.py cannot be read (PermissionError)" in done.stdout
    assert "README.md cannot be read (PermissionError)" in done.stdout


# --- names ---------------------------------------------------------------------------------------------------------

DECEITFUL = ["a\x1b[31mred.py", "a\nb.py", "a\rb.py", "yp.\u202eexe.py", "a\x7f.py", "a\u2028b.py", "a\u0085b.py", b"\xff\xfe.py"]
PLAIN = [
    "<b onmouseover=alert(1)>.py",
    "[red]x[bold].py",
    "{{7*7}}.py",
    "a'\"`.py",
    "Снимок.py",
    "a\u202fb.py",
    "👩\u200d🔬.py",
    "a" * 252 + ".py",
]


@pytest.mark.parametrize("name", DECEITFUL, ids=ascii)
def test_names_that_deceive_are_left_out_and_told(tmp_path: Path, root: Path, name: str | bytes) -> None:
    (root / os.fsdecode(name)).write_text("x = 1")
    submission = everything(root)
    assert submission.paths() == HONEST
    assert len(submission.notes()) == 1 and "rename them" in submission.notes()[0]
    assert copied(root, tmp_path / "scratch") == list(HONEST)


@pytest.mark.parametrize("name", PLAIN, ids=ascii)
def test_names_that_are_only_odd_are_read(tmp_path: Path, root: Path, name: str) -> None:
    (root / name).write_text("x = (")
    submission = everything(root)
    assert set(submission.paths()) == {*HONEST, name}
    fault = next(source.fault for source in submission.sources() if source.path == name)
    assert fault and "is not valid Python" in fault.message
    assert name in copied(root, tmp_path / "scratch")


@given(st.text())
def test_a_shown_name_is_one_line_of_bounded_length(name: str) -> None:
    told = shown(name)
    assert not is_unsafe(told)
    assert len(told) <= 6 * 303
    assert told == name or is_unsafe(name) or len(name) > 300


@pytest.mark.parametrize("make", [open_submission, walk], ids=["opened", "walked"])
def test_a_hostile_place_is_told_in_one_line(tmp_path: Path, make: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_ENTRIES", 3)
    root = write(tmp_path / "evil\x1b[2J\n\u202ename", {f"{index}.py": "" for index in range(4)})
    with pytest.raises(InputError) as caught:
        make(root)
    assert str(caught.value).isprintable()


# --- too much ------------------------------------------------------------------------------------------------------


def test_a_crowded_folder_crowds_out_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_FILES", 50)
    monkeypatch.setattr(listing, "MAX_FILES_OF_FOLDER", 20)
    data = {f"data/train/{label}/{index:03}.txt": "" for label in range(5) for index in range(30)}
    submission = open_submission(write(tmp_path, {**data, "models/net.py": "", "z.py": ""}))
    assert {"homework.py", "models/net.py", "z.py"} <= set(submission.paths())
    assert len(submission.paths()) == 50
    assert submission.notes()[0].endswith("left out: data/train/0/020.txt and 102 more")


def test_a_hundred_thousand_files_are_refused_in_time(tmp_path: Path) -> None:
    folder = write(tmp_path, {}) / "many"
    folder.mkdir()
    for index in range(listing.MAX_ENTRIES):
        os.close(os.open(folder / str(index), os.O_CREAT | os.O_WRONLY))
    with within(10), pytest.raises(InputError, match="more than 100,000 files"):
        open_submission(tmp_path)
    folder.rename(tmp_path / ".hidden")  # the harmless twin: what is hidden is not even listed
    assert everything(tmp_path).paths() == ("homework.py",)


def dig(root: Path, depth: int) -> None:
    """Folders in folders, deeper than any path that the system takes."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("deep_" * 10, dir_fd=here)
        inner = os.open("deep_" * 10, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("x.py", os.O_CREAT, dir_fd=here))
    os.close(here)


@pytest.fixture
def deep(root: Path) -> Iterator[Path]:
    dig(root, 1000)
    yield root
    scratch.remove(root)  # pytest's own removal would fail on it


def test_a_thousand_folders_deep(tmp_path: Path, deep: Path) -> None:
    with within(5):
        submission = everything(deep)
        assert submission.paths() == HONEST
        assert submission.notes()[0].startswith("folders more than 12 deep are left out: deep_")
        assert copied(deep, tmp_path / "scratch") == list(HONEST)


def test_the_deepest_folder_that_is_read(root: Path) -> None:
    path = "/".join(["d"] * listing.MAX_DEPTH) + "/x.py"
    assert path in everything(write(root, {path: ""})).paths()


def test_a_huge_file_costs_nothing(tmp_path: Path, root: Path) -> None:
    names = ("big.py", "big.json", "big.png", "notebook.ipynb", "weights.bin")
    for name in names:
        with (root / name).open("wb") as file:
            file.truncate(2**40)  # a file with a hole: it takes no place
    with within(10):
        submission = everything(root)
        assert "files of more than 32 MiB are not given to the submission's code: big.json and 4 more" in submission.notes()
        assert any("big.py has 1,099,511,627,776 bytes" in note for note in submission.notes())
        assert copied(root, tmp_path / "scratch") == list(HONEST)


def test_a_readme_that_is_too_large_is_told(root: Path) -> None:
    write(root, {"README.md": "# 1.1\n" + "a" * files.MAX_TEXT_BYTES})
    assert any("README.md has" in note for note in everything(root).notes())


def test_files_that_change_while_they_are_read(root: Path, outside: Path) -> None:
    """One that grows is read to its limit; one that is swapped for a link is not read at all."""
    stop = Event()
    models, moved = root / "models", root / "moved"

    def change() -> None:
        while not stop.is_set():
            models.rename(moved)
            models.symlink_to(outside)
            models.unlink()
            moved.rename(models)

    thread = Thread(target=change)
    thread.start()
    try:
        with within(60):
            for _ in range(1500):
                found = files.read(root.resolve(), "models/secret.py", 2**20)
                assert isinstance(found, Fault)
            assert len(Submission(root.resolve()).content_hash()) == 64
    finally:
        stop.set()
        thread.join()


def test_a_file_that_grows_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, {"r.json": "x" * 100})
    real = os.fstat

    def before_it_grew(descriptor: int) -> os.stat_result:
        status = list(real(descriptor))
        status[6] = min(status[6], 5)
        return os.stat_result(status)

    monkeypatch.setattr(os, "fstat", before_it_grew)
    found = files.read(root.resolve(), "r.json", 10)
    assert isinstance(found, Fault) and "at most 10 are read" in found.message


def test_a_folder_that_code_wrote_in_is_removed(tmp_path: Path, outside: Path) -> None:
    root = write(tmp_path / "scratch", {"a/b/c.py": "", ".hidden/x": ""})
    dig(root, 3000)
    (root / "link").symlink_to(outside)
    os.mkfifo(root / "pipe")
    (root / "a").chmod(0)
    with within(10):
        scratch.remove(root)
    assert not root.exists()
    assert (outside / "secret.txt").read_text() == SECRET
    scratch.remove(root)  # what is gone is gone


# --- contents ------------------------------------------------------------------------------------------------------

SOURCES = {
    "statements": "a;" * 400_000,
    "lines": "a\n" * 400_000,
    "calls": "x" + "()" * 300_000,
    "attributes": "x" + ".a" * 300_000,
    "sum": "+".join("a" * 300_000),
    "chained": "<".join("a" * 300_000),
    "open brackets": "[" * 190 + "x for",
    "open dictionaries": "{1:" * 90,
    "nested formats": "f'{" * 60,
    "lambdas": "lambda:" * 90_000,
    "branches": "if a:pass\n" + "elif a:pass\n" * 60_000,
    "functions": "def f(x):0\n" * 60_000,
    "null bytes": "\0" * 2**20,
    "one name": "a" * 2**20,
}


@pytest.mark.parametrize("text", SOURCES.values(), ids=SOURCES.keys())
def test_no_source_takes_long_to_parse(root: Path, text: str) -> None:
    with within(10):
        submission = everything(write(root, {"bad.py": text}))
    trees = {source.path: source.tree for source in submission.sources()}
    assert trees["models/net.py"] is not None
    assert any("bad.py" in note for note in submission.notes()) == (trees["bad.py"] is None)


def test_one_file_full_of_statements_costs_the_others_nothing(root: Path) -> None:
    submission = everything(write(root, {"aaa.py": "a;" * 400_000, "zzz.py": "z = 1\n" * 10_000}))
    assert {source.path for source in submission.sources() if source.tree is None} == {"aaa.py"}
    assert any("aaa.py is not read: the Python files come to more than" in note for note in submission.notes())


def test_parsing_takes_bounded_memory(tmp_path: Path) -> None:
    """The worst that was found, 2 KB of tree for a statement of two signs, in as many files as are read."""
    write(tmp_path, {f"{index}.py": "a;" * 60_000 for index in range(60)})
    script = f"""if True:
        import resource
        from grader.submission import open_submission
        submission = open_submission({str(tmp_path)!r})
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        submission.sources()
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert int(done.stdout) < 400


READMES = {
    "spaces in a heading": "# " + " " * 900_000 + "x",
    "hashes in a heading": "# a" + " #" * 450_000 + "x",
    "headings": "# 1.1 a\n" * 120_000,
    "nested headings": "".join("#" * (6 - index % 6) + " a\n" for index in range(170_000)),
    "underlines": "a\n==\n" * 200_000,
    "lines": "a\n" * 500_000,
    "one line": "accuracy 0.5 " * 80_000,
    "fences": "```\n" * 250_000,
}


@pytest.mark.parametrize("text", READMES.values(), ids=READMES.keys())
def test_no_readme_takes_long_to_read(text: str) -> None:
    with within(5):
        found = sections(text)
        assert len(found) <= MAX_HEADINGS
        paragraphs(text)


def test_deep_and_wide_documents(root: Path) -> None:
    deep = "[" * 10**6 + "]" * 10**6
    wide = '{"a":[' + "[]," * 10**6 + "[]]}"
    with within(20):
        submission = everything(write(root, {"deep.json": deep, "deep.ipynb": deep, "wide.json": wide, "flat.json": {"a": [[1]]}}))
        assert isinstance(submission.json("deep.json"), Fault)
        assert isinstance(submission.json("deep.ipynb"), Fault)
        assert isinstance(submission.json("wide.json"), dict)
        assert submission.json("flat.json") == {"a": [[1]]}


# --- pictures ------------------------------------------------------------------------------------------------------


def bytes_of(image: Image.Image, kind: str, **options: bool) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def with_chunks(chunks: bytes) -> bytes:
    png = bytes_of(picture(), "PNG")
    return png[:33] + chunks + png[33:]


def with_segments(segments: bytes) -> bytes:
    jpeg = bytes_of(picture(), "JPEG")
    return jpeg[:2] + segments + jpeg[2:]


def with_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: each costs 16 bytes, and time for every pixel."""
    jpeg = bytes_of(Image.new("L", (2000, 2000)), "JPEG", progressive=True)
    return jpeg[:-2] + jpeg[jpeg.rindex(b"\xff\xda") : -2] * count + b"\xff\xd9"


ICC, TEXT = (chunk(kind, b"a\0\0" + zlib.compress(bytes(10**6))) for kind in (b"iCCP", b"zTXt"))
PICTURES: dict[str, tuple[bytes, bytes]] = {
    "scans": (with_scans(10_000), with_scans(5)),
    "chunks": (with_chunks(chunk(b"prVt") * 10**5), with_chunks(chunk(b"prVt") * 10)),
    "texts": (with_chunks(TEXT * 1000), with_chunks(TEXT)),
    "profiles": (with_chunks(ICC * 1000), with_chunks(ICC)),
    "empty data": (with_chunks(chunk(b"IDAT") * 10**5), with_chunks(chunk(b"tEXt", b"a\0b"))),
    "comments": (with_segments(b"\xff\xfe\0\2" * 10**6), with_segments(b"\xff\xfe\0\2" * 10)),
    "filling": (with_segments(b"\xff" * 10**6), with_segments(b"\xff" * 10)),
}


@pytest.mark.parametrize(("hostile", "harmless"), PICTURES.values(), ids=PICTURES.keys())
def test_no_picture_takes_long_to_decode(hostile: bytes, harmless: bytes) -> None:
    with within(3):
        assert isinstance(examine(hostile, "p"), Fault)
    assert isinstance(examine(harmless, "p"), ImageFact)


def test_the_largest_pictures_that_are_read_take_bounded_memory(tmp_path: Path) -> None:
    script = """if True:
        import resource, sys
        from pathlib import Path
        from grader.submission.pictures import examine
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        examine(Path(sys.argv[1]).read_bytes(), "p").width
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
    """
    for mode, kind in (("RGBA", "PNG"), ("P", "PNG"), ("RGB", "JPEG")):
        (tmp_path / "p").write_bytes(bytes_of(Image.new(mode, (5000, 5000)), kind))
        command = [sys.executable, "-c", script, str(tmp_path / "p")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        assert int(done.stdout) < 300


def test_the_usual_progressive_picture_is_far_from_the_limit() -> None:
    data = bytes_of(picture(side=500), "JPEG", progressive=True)
    assert data.count(b"\xff\xda") <= MAX_SCANS // 2
    assert isinstance(examine(data, "p"), ImageFact)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    name=st.text(st.characters(exclude_characters="/\0", exclude_categories=()), min_size=1, max_size=60), content=st.binary(max_size=300)
)
def test_no_name_and_no_bytes_break_the_reading(tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes) -> None:
    root = write(tmp_path_factory.mktemp("fuzz"), {})
    try:
        (root / name).write_bytes(content)
    except (OSError, UnicodeEncodeError):
        return  # not a name on this system
    everything(root)
