"""What a notebook shows: the text that its cells printed, its prose, and the pictures that it drew.

A notebook is JSON that a student can write by hand: bounded in size, in cells and in pictures, and nothing is run.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from grader.records import Fault
from grader.submission import files

MAX_NOTEBOOKS = 40
MAX_NOTEBOOK_BYTES = 16 * 2**20
MAX_BYTES = 48 * 2**20  # of all together
MAX_CELLS = 500
MAX_OUTPUTS = 50  # of a cell
MAX_PRINTED = 200_000  # characters of a cell's output
MAX_PICTURES = 100
MAX_PICTURE = 8 * 2**20  # bytes as they stand in the file
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Drawing:
    """A picture in a notebook: its bytes, the prose before it, and the cell that drew it."""

    cell: int  # from 1
    heading: str
    source: str
    data: bytes


@dataclass(frozen=True)
class Notebook:
    """What a notebook shows."""

    path: str
    printed: str  # what its cells printed, in order, under the headings of its prose
    prose: str  # its Markdown
    drawings: tuple[Drawing, ...]


def notebooks(root: Path, paths: tuple[str, ...]) -> tuple[Notebook, ...]:
    """The notebooks among the files of a folder that can be read, as far as all of them together stay in bounds."""
    found: list[Notebook] = []
    left = MAX_BYTES
    for path in [each for each in paths if each.casefold().endswith(".ipynb")][:MAX_NOTEBOOKS]:
        data = files.read(root, path, min(left, MAX_NOTEBOOK_BYTES))
        if not isinstance(data, Fault):
            left -= len(data)
            found.append(_notebook(path, _cells(files.decode(data))))
    return tuple(found)


def _notebook(path: str, cells: list[dict[str, Any]]) -> Notebook:
    printed = "\n".join(part for cell in cells for part in _shown(cell))
    prose = "\n\n".join(_joined(cell.get("source")) for cell in cells if cell.get("cell_type") == "markdown")
    return Notebook(path, printed, prose, tuple(_drawings(cells)))


def _drawings(cells: list[dict[str, Any]]) -> Iterator[Drawing]:
    """The pictures of a notebook, in order."""
    heading = ""
    left = MAX_PICTURES
    for number, cell in enumerate(cells, 1):
        source = _joined(cell.get("source"))
        if cell.get("cell_type") == "markdown":
            heading = source[:2000]
            continue
        for output in _outputs(cell):
            data = output.get("data")
            coded = _joined(data.get("image/png") or data.get("image/jpeg")) if isinstance(data, dict) else ""
            if coded and left and len(coded) <= MAX_PICTURE:
                left -= 1
                yield Drawing(number, heading, source[:20_000], _decoded(coded))


def _decoded(coded: str) -> bytes:
    try:
        return base64.b64decode(coded, validate=False)
    except (binascii.Error, ValueError):
        return b""


def _cells(text: str) -> list[dict[str, Any]]:
    document = files.parse_json(text, "notebook") if text.strip() else Fault("missing", "")
    cells = document.get("cells") if not isinstance(document, Fault) else None
    return [cell for cell in islice(cells, MAX_CELLS) if isinstance(cell, dict)] if isinstance(cells, list) else []


def _outputs(cell: dict[str, Any]) -> list[dict[str, Any]]:
    outputs = cell.get("outputs")
    return [each for each in islice(outputs, MAX_OUTPUTS) if isinstance(each, dict)] if isinstance(outputs, list) else []


def _shown(cell: dict[str, Any]) -> Iterator[str]:
    """A cell's headings (they say what the following is about), or what it printed."""
    if cell.get("cell_type") == "markdown":
        yield from (line for line in _joined(cell.get("source")).split("\n") if line.startswith("#"))
        return
    for output in _outputs(cell):
        data = output.get("data")
        plain = data.get("text/plain") if isinstance(data, dict) else None
        printed = output.get("text") if output.get("output_type") == "stream" else plain
        text = _COLOUR.sub("", _joined(printed))
        if text and not re.fullmatch(r"\s*<[^>]*>\s*", text):
            yield text[:MAX_PRINTED]


def _joined(source: Any) -> str:
    """Text as notebooks keep it: a string, or a list of lines."""
    if isinstance(source, list):
        return "".join(each for each in source if isinstance(each, str))
    return source if isinstance(source, str) else ""
