"""A submission is read as hostile data: in full where it is honest, without harm where it is not."""

from __future__ import annotations

import ast
import json
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from grader.errors import InputError
from grader.records import Fault
from grader.submission import ImageFact, Source, open_submission
from grader.submission.files import decode, parse_json
from grader.submission.listing import MAX_DEPTH
from grader.submission.pictures import MAX_PIXELS, examine
from grader.submission.prose import paragraphs, sections
from tests.folders import picture, write


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        open_submission(path)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text
    return text


def test_no_such_folder(tmp_path: Path) -> None:
    assert "There is no folder" in refusal(tmp_path / "nowhere")


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "work.zip").write_bytes(b"PK")
    assert "is a file" in refusal(tmp_path / "work.zip")


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "is empty" in refusal(tmp_path)


def test_a_folder_without_python(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "tool.py").write_text("x = 1")
    assert "no Python file" in refusal(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_texts_of_all_usual_encodings(tmp_path: Path, encoding: str) -> None:
    submission = open_submission(write(tmp_path, {"README.md": "# Точность\r\nвысокая".encode(encoding)}))
    assert submission.text("README.md") == "# Точность\nвысокая"
    assert submission.text("readme.MD") == "# Точность\nвысокая"
    assert submission.text("other.md") is None


def test_paths_leave_out_what_is_no_work(tmp_path: Path) -> None:
    files = ["models/a.py", ".git/b.py", "__pycache__/c.py", "venv/d.py", "mine/lib/e.py", ".hidden.py"]
    submission = open_submission(write(tmp_path, dict.fromkeys(files, "") | {"mine/pyvenv.cfg": ""}))
    assert submission.paths() == ("homework.py", "models/a.py")


def test_folders_are_followed_to_a_depth(tmp_path: Path) -> None:
    deep = "/".join(["d"] * (MAX_DEPTH + 1)) + "/deep.py"
    assert open_submission(write(tmp_path, {deep: ""})).paths() == ("homework.py",)


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "a/../../secret.txt", "link.txt", "folder/secret.txt", "nul\0"])
def test_nothing_outside_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    root = write(tmp_path / "work", {})
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "folder").symlink_to(tmp_path)
    submission = open_submission(root)
    assert submission.text(name) is None
    assert isinstance(submission.json(name), Fault)
    assert submission.paths() == ("homework.py",)


def test_a_link_inside_is_read_and_a_circle_is_not(tmp_path: Path) -> None:
    root = write(tmp_path, {"real.txt": "text"})
    (root / "link.txt").symlink_to("real.txt")
    (root / "circle.txt").symlink_to("circle.txt")
    submission = open_submission(root)
    assert submission.text("link.txt") == "text"
    assert submission.text("circle.txt") is None


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    root = write(tmp_path, {})
    os.mkfifo(root / "results.json")
    submission = open_submission(root)
    found = submission.json("results.json")
    assert isinstance(found, Fault)
    assert "is not a file" in found.message
    assert submission.content_hash()


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    submission = open_submission(write(tmp_path, {"README.md": b"a" * (2**21 + 1), "r.json": b" " * (2**23 + 1)}))
    assert submission.text("README.md") is None
    found = submission.json("r.json")
    assert isinstance(found, Fault)
    assert "bytes" in found.message


BAD_JSON = {
    "not a number": '{"a": NaN}',
    "infinite": '{"a": -Infinity}',
    "too large": '{"a": 1e999}',
    "an endless integer": '{"a": ' + "9" * 5000 + "}",
    "an integer that no float holds": '{"a": 1' + "0" * 400 + "}",
    "deep": '{"a": ' + "[" * 100 + "]" * 100 + "}",
    "deeper than the stack": "[" * 200_000,
    "a list": "[1, 2]",
    "cut off": '{"a": 1',
    "empty": "",
}


@pytest.mark.parametrize("text", BAD_JSON.values(), ids=BAD_JSON.keys())
def test_bad_json_is_told(text: str) -> None:
    found = parse_json(text, "results.json")
    assert isinstance(found, Fault)
    assert found.message.startswith("results.json ")
    assert len(found.message) < 200


def test_good_json_is_read_once(tmp_path: Path) -> None:
    submission = open_submission(write(tmp_path, {"r.json": {"a": [1, 2.5, None]}}))
    assert submission.json("r.json") == {"a": [1, 2.5, None]}
    (tmp_path / "r.json").unlink()
    assert submission.json("r.json") == {"a": [1, 2.5, None]}


@given(st.binary(max_size=200))
def test_any_bytes_decode(data: bytes) -> None:
    assert isinstance(decode(data), str)


# --- pictures ------------------------------------------------------------------------------------------------------


def bytes_of(image: Image.Image, kind: str = "PNG") -> bytes:
    stream = BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_measured(kind: str) -> None:
    image = Image.new("RGB", (200, 100), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 99, 99), fill="black")
    found = examine(bytes_of(image, kind), "p")
    assert isinstance(found, ImageFact)
    assert (found.format, found.width, found.height, found.blank) == (kind, 200, 100, False)
    assert found.ink == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "1", "I;16"])
def test_one_colour_is_blank_in_every_mode(mode: str) -> None:
    found = examine(bytes_of(Image.new(mode, (100, 100))), "p")
    assert isinstance(found, ImageFact)
    assert found.blank
    assert found.colours == 1


def test_a_speck_is_blank_and_a_transparent_line_plot_is_not() -> None:
    speck = Image.new("RGB", (400, 400), "white")
    speck.putpixel((3, 3), (0, 0, 0))
    assert isinstance(found := examine(bytes_of(speck), "p"), ImageFact) and found.blank
    plot = Image.new("RGBA", (400, 400), (255, 255, 255, 0))
    ImageDraw.Draw(plot).line((0, 0, 399, 399), fill=(0, 0, 0, 255), width=2)
    assert isinstance(found := examine(bytes_of(plot), "p"), ImageFact) and not found.blank


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it has side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [int(MAX_PIXELS**0.5) + 1, 2**31 - 1])
def test_a_decompression_bomb_is_not_unpacked(side: int) -> None:
    assert isinstance(examine(bomb(side), "p"), Fault)


@settings(deadline=None)
@given(st.binary(max_size=80), st.integers(0, 400))
def test_no_bytes_break_the_reading_of_pictures(noise: bytes, cut: int) -> None:
    good = bytes_of(picture(side=16))
    for data in (noise, good[:cut], good[:cut] + noise):
        assert isinstance(examine(data, "p"), Fault | ImageFact)


def test_other_formats_are_not_opened(tmp_path: Path) -> None:
    submission = open_submission(write(tmp_path, {"a.png": bytes_of(picture(), "GIF"), "b.png": b"text"}))
    for name in ("a.png", "b.png", "c.png"):
        assert isinstance(submission.image(name), Fault)


# --- prose ---------------------------------------------------------------------------------------------------------

README = """# Homework
intro

## 1.1 MNIST
first

### Accuracy
98.5

```
## 1.2 not a heading
```

2.1 Kernels
-----------
second
"""


def test_sections_reach_to_the_next_of_their_level(tmp_path: Path) -> None:
    submission = open_submission(write(tmp_path, {"ReadMe.md": README}))
    assert [(each.heading, each.level, each.line) for each in submission.sections()] == [
        ("Homework", 1, 1),
        ("1.1 MNIST", 2, 4),
        ("Accuracy", 3, 7),
        ("2.1 Kernels", 2, 14),
    ]
    assert "98.5" in submission.sections()[1].text
    assert "second" not in submission.sections()[1].text


def test_report_stands_in_for_a_readme(tmp_path: Path) -> None:
    submission = open_submission(write(tmp_path, {"REPORT.md": "# 1.1", "docs/README.md": "# 9.9"}))
    assert submission.readme() == "REPORT.md"
    assert open_submission(write(tmp_path / "none", {})).sections() == ()


@pytest.mark.parametrize("heading", ["1.1 MNIST", "Part 1.1: x", "1.1. x", "Часть 1.1"])
def test_a_heading_is_about_its_number(heading: str) -> None:
    assert sections(f"## {heading}\ntext")[0].is_about("1.1")


@pytest.mark.parametrize("heading", ["1.12", "1.1.2 x", "11.1", "MNIST"])
def test_a_heading_is_not_about_another_number(heading: str) -> None:
    assert not sections(f"## {heading}\ntext")[0].is_about("1.1")


def test_paragraphs_are_prose() -> None:
    text = "one\ntwo\n\n| a | b |\n![p](x.png)\n> quoted\n- item 1\n- item 2\n```\ncode\n```\n# heading\nlast"
    assert paragraphs(text) == ("one two", "- item 1", "- item 2", "last")


@given(st.text(alphabet="#`~|->1. \n=ab"))
def test_no_text_breaks_the_reading_of_prose(text: str) -> None:
    for section in sections(text):
        assert 1 <= section.level <= 6
        assert 1 <= section.line <= text.count("\n") + 1
    assert isinstance(paragraphs(text), tuple)


# --- sources -------------------------------------------------------------------------------------------------------


def sources(tmp_path: Path, **texts: str | bytes) -> dict[str, Source]:
    files = {f"{name}.py": text for name, text in texts.items()}
    return {source.path: source for source in open_submission(write(tmp_path, files)).sources()}


def test_sources_are_parsed_and_never_run(tmp_path: Path) -> None:
    found = sources(tmp_path, good=f"open({str(tmp_path / 'ran')!r}, 'w')", russian="x = 'ы'".encode("cp1251"))
    assert isinstance(found["good.py"].tree, ast.Module)
    assert isinstance(found["russian.py"].tree, ast.Module)
    assert not (tmp_path / "ran").exists()


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    fault = sources(tmp_path, bad="x = 1\ndef f(:\n")["bad.py"].fault
    assert fault is not None
    assert fault.place == "bad.py:2"


HOSTILE = {
    "nulls": "x\0",
    "nested": "(" * 50_000,
    "signs": "-" * 50_000 + "1",
    "number": "9" * 10_000,
    "long": "x = 1\n" * 200_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_sources_are_faults(tmp_path: Path, text: str) -> None:
    found = sources(tmp_path, bad=text)["bad.py"]
    assert found.tree is None
    assert found.fault is not None


def test_all_sources_together_are_limited(tmp_path: Path) -> None:
    many = {f"big{index}": "x = 1  # " + "a" * 1_000_000 for index in range(12)}
    found = sources(tmp_path, **many)
    assert 0 < sum(source.tree is None for source in found.values()) < 6


# --- hash ----------------------------------------------------------------------------------------------------------


def test_the_hash_knows_paths_and_bytes_and_nothing_else(tmp_path: Path) -> None:
    def digest(folder: str, **files: str) -> str:
        return open_submission(write(tmp_path / folder, dict(files))).content_hash()

    first = digest("a", x="1", y="2")
    assert first == digest("b", x="1", y="2")
    assert len({first, digest("c", x="2", y="1"), digest("d", x="12"), digest("e", xy="12"), digest("f", x="1", z="2")}) == 5


def test_documents_are_written_as_they_are_read(tmp_path: Path) -> None:
    document = {"a": {"b": [1.5, "ё"]}}
    submission = open_submission(write(tmp_path, {"r.json": json.dumps(document).encode("utf-16")}))
    assert submission.json("r.json") == document
