"""Files that cannot lie in a repository: links, pipes, bombs, and archives that are traps.

Each maker changes a copy of a submission; ``around`` is a folder beside it that holds what no submission may reach. It
returns what is handed in: the folder, or an archive of it.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from tests.hostile.places import HOSTILE

Maker = Callable[[Path, Path], Path]
HONEST = HOSTILE / "_honest"
MARKUP = "<script>hostile()</script>"


class Command:
    """A pickle of it runs a command when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.mark}",)


def linked_results(submission: Path, around: Path) -> Path:
    """The results, the README and the plots are links to another student's."""
    for name in ("results", "README.md", "plots"):
        path = submission / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(HONEST / name)
    return submission


def linked_code(submission: Path, around: Path) -> Path:
    """The network is a link to another student's."""
    for name in ("net.py", "layers.py", "experiment.py"):
        (submission / name).unlink()
        (submission / name).symlink_to(HONEST / name)
    (submission / "others").symlink_to(around)
    return submission


def hard_linked_secret(submission: Path, around: Path) -> Path:
    """A relative link that climbs out, and one to a device that never ends."""
    (submission / "results" / "results.json").unlink()
    (submission / "results" / "results.json").symlink_to("../../data_root/secret.txt")
    (submission / "README.md").unlink()
    (submission / "README.md").symlink_to("/dev/zero")
    return submission


def linked_to_itself(submission: Path, around: Path) -> Path:
    """Links that lead to themselves and to folders above."""
    (submission / "loop").symlink_to("loop")
    (submission / "above").symlink_to(submission, target_is_directory=True)
    (submission / "README.md").unlink()
    (submission / "README.md").symlink_to("README.md")
    return submission


def named_pipe(submission: Path, around: Path) -> Path:
    """The results are a pipe into which nobody writes; so is a module."""
    (submission / "results" / "results.json").unlink()
    os.mkfifo(submission / "results" / "results.json")
    os.mkfifo(submission / "extra.py")
    return submission


def image_bomb(submission: Path, around: Path) -> Path:
    """A picture of 60,000 by 60,000 pixels in a few kilobytes, and one whose text chunk is a bomb."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    large = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(2**26), 9)
    text = b"Comment\0\0" + zlib.compress(bytes(2**28), 9)
    (submission / "plots").mkdir(exist_ok=True)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", large) + chunk(b"zTXt", text) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    (submission / "plots" / "curve.png").write_bytes(bomb)
    return submission


def deep_json(submission: Path, around: Path) -> Path:
    """Results that are nested a million deep."""
    (submission / "results" / "results.json").write_text('{"models": ' * 400_000 + "1" + "}" * 400_000)
    return submission


def giant_json(submission: Path, around: Path) -> Path:
    """Results of 60 MB, and a number of a hundred thousand digits."""
    (submission / "results" / "results.json").write_text('{"models": {"net": [' + "0," * 30_000_000 + "0]}}")
    (submission / "results" / "more.json").write_text('{"a": 1' + "0" * 100_000 + "}")
    return submission


def endless_number(submission: Path, around: Path) -> Path:
    """Results whose numbers are larger than any float, with thousands of digits."""
    digits = "9" * 4_000
    (submission / "results" / "results.json").write_text(
        f'{{"models": {{"net": {{"parameters": {digits}, "test_accuracy": {digits}, "train_seconds": -0.0}}}}}}'
    )
    return submission


def giant_notebook(submission: Path, around: Path) -> Path:
    """A notebook of 100 MB, one nested deeply, and one that is all markup."""
    cell = {"cell_type": "code", "source": [MARKUP], "outputs": [{"output_type": "display_data", "data": {"text/html": [MARKUP]}}]}
    (submission / "work.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    (submission / "deep.ipynb").write_text('{"cells": ' + "[" * 200_000 + "]" * 200_000 + "}")
    with (submission / "giant.ipynb").open("wb") as file:
        file.truncate(100 * 2**20)
    return submission


def pickled_files(submission: Path, around: Path) -> Path:
    """Pickles, a `.pt` and a `.pt2` where results and weights are looked for; each runs a command when it is read."""
    data = pickle.dumps(Command(around / "hostile-mark"))
    for name in ("results/results.json", "results/results.pkl", "model.pt", "model.pth", "weights.bin"):
        (submission / name).write_bytes(data)
    with zipfile.ZipFile(submission / "model.pt2", "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/models/model.json", f"{{\"expr\": \"__import__('os').system('touch {around / 'hostile-mark'}')\"}}")
        archive.writestr("archive/version", "1")
    return submission


def slow_readme(submission: Path, around: Path) -> Path:
    """A README that costs a careless pattern hours: long runs of blanks, hashes, digits and words."""
    runs = ["# 1.1 " + " " * 60_000 + "x", "# 1.1 " + "# " * 40_000 + "x", "## " + "1." * 40_000, "accuracy " + "1," * 200_000 + "x"]
    runs += ["accuracy " + "1 000" * 50_000, "-" * 100_000 + "x", "accuracy " + "a" * 200_000, "|" * 200_000, "`" * 200_000]
    (submission / "README.md").write_text("\n\n".join(runs) + "\n")
    return submission


def nested_code(submission: Path, around: Path) -> Path:
    """Python files that are too deep for a parser that recurses, too long, or hold a null byte."""
    (submission / "deep.py").write_text("(" * 100_000 + ")" * 100_000)
    (submission / "sum.py").write_text("x = " + "1+" * 200_000 + "1\n")
    (submission / "lists.py").write_text("x = " + "[" * 150 + "]" * 150 + "\n")
    (submission / "dots.py").write_text("x = a" + ".b" * 100_000 + "\n")
    (submission / "null.py").write_bytes(b"x = 1\0\n")
    (submission / "long.py").write_text("x = 1\n" * 400_000)
    return submission


def deep_folders(submission: Path, around: Path) -> Path:
    """Folders three hundred deep, and five thousand files in one."""
    folder = submission
    for _ in range(300):
        folder = folder / "d"
        folder.mkdir()
    (submission / "many").mkdir()
    for place in range(5_500):
        (submission / "many" / f"{place}.txt").touch()
    return submission


def markup_in_file_names(submission: Path, around: Path) -> Path:
    """Names that are markup, hold control characters, turn the direction of text round, or are not UTF-8."""
    for name in ("<script>hostile()<", "a\x1b[2J\x07.py", "‮txt.py", "{0}{points}.py", "-rf .py", "line\nbreak.py"):
        (submission / f"{name}.py").write_text("x = (\n")
    (submission / os.fsdecode(b"\xff\xfe.py")).write_text("x = (\n")
    return submission


def markup_in_the_title(submission: Path, around: Path) -> Path:
    """The folder itself has a name that is markup."""
    return submission.rename(submission.with_name("<script>hostile()<b>{0}{points}"))


def _packed(submission: Path, extra: Callable[[zipfile.ZipFile], None]) -> Path:
    path = submission.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(submission.rglob("*")):
            archive.write(file, file.relative_to(submission))
        extra(archive)
    shutil.rmtree(submission)
    return path


def zip_slip(submission: Path, around: Path) -> Path:
    """An archive whose entries lead out of the folder it is unpacked to."""

    def extra(archive: zipfile.ZipFile) -> None:
        for up in range(1, 8):
            archive.writestr("../" * up + "hostile-mark", "a mark")
        archive.writestr("..\\..\\hostile-mark", "a mark")

    return _packed(submission, extra)


def zip_absolute(submission: Path, around: Path) -> Path:
    """An archive with entries that name places of the whole machine."""

    def extra(archive: zipfile.ZipFile) -> None:
        archive.writestr(f"{around}/hostile-mark", "a mark")
        archive.writestr("/tmp/hostile-mark", "a mark")
        archive.writestr("C:\\hostile-mark", "a mark")

    return _packed(submission, extra)


def zip_link(submission: Path, around: Path) -> Path:
    """An archive with a link that leads out, and an entry that goes through it."""

    def extra(archive: zipfile.ZipFile) -> None:
        link = zipfile.ZipInfo("out")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, str(around))
        archive.writestr("out/hostile-mark", "a mark")

    return _packed(submission, extra)


def zip_bomb(submission: Path, around: Path) -> Path:
    """An archive of a few megabytes that unpacks to a gigabyte."""

    def extra(archive: zipfile.ZipFile) -> None:
        for place in range(4):
            with archive.open(f"zeros{place}.txt", "w") as file:
                for _ in range(256):
                    file.write(bytes(2**20))

    return _packed(submission, extra)


def zip_of_many(submission: Path, around: Path) -> Path:
    """An archive of thirty thousand empty files."""
    return _packed(submission, lambda archive: [archive.writestr(f"many/{place}", "") for place in range(30_000)] and None)


def zip_that_lies(submission: Path, around: Path) -> Path:
    """An archive that says its files are small, and holds others of the same name."""

    def extra(archive: zipfile.ZipFile) -> None:
        archive.writestr("net.py", (HONEST / "net.py").read_text())
        archive.writestr("NET.PY", (HONEST / "net.py").read_text())
        archive.writestr("zeros.txt", bytes(2**26))

    path = _packed(submission, extra)
    size = struct.pack("<I", 2**26)
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<I", 10)))
    return path
