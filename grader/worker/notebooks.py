"""The Python of a Jupyter notebook: its code cells as one text, in which what only a notebook understands is a comment.

The lines of a cell keep their number. Nothing is executed and nothing is imported but the standard library; the examiner's
side reads notebooks with it too, so its work is bounded.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

MAX_BYTES = 64 * 2**20  # with pictures in its outputs
MAX_TEXT = 2**20
MAX_CELLS = 2000
_HEAD = re.compile(r"# cell \d+$")
_MAGIC = re.compile(r"\s*(?:[%!?]|[\w.]+\?{1,2}\s*$)")
_ASSIGNED_MAGIC = re.compile(r"\s*[\w.,\s]+=\s*(?:!|%\w)")
_PYTHON_MAGICS = re.compile(r"%%(?:time|timeit|capture|prun|writefile\s+\S+\.py|python3?|skip\w*)(?=\s|$)")


def source(data: bytes) -> str:
    """The code cells as one text, each under a line ``# cell N``. Raises ValueError for what is no notebook."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"the notebook has more than {MAX_BYTES:,} bytes")
    try:
        document = json.loads(data)
    except RecursionError:
        raise ValueError("the notebook is nested too deeply") from None
    texts: list[str] = []
    left = MAX_TEXT
    for number, cell in enumerate(_code_cells(document), start=1):
        left -= len(cell)
        if number > MAX_CELLS or left < 0:
            texts.append(f"# cell {number} and those after it are left out: there is too much")
            break
        texts += [f"# cell {number}", _python(cell)]
    return "\n".join(texts) + "\n" if texts else ""


def place(text: str, line: int) -> str:
    """Where a line of such a text stands in the notebook: ``cell 3, line 2``."""
    before = text.split("\n")[: max(line, 0)]
    heads = [number for number, each in enumerate(before) if _HEAD.match(each)]
    return f"{before[heads[-1]][2:]}, line {max(line - heads[-1] - 1, 1)}" if heads else f"line {line}"


def _code_cells(document: Any) -> Iterator[str]:
    """The texts of the code cells of a notebook of format 4, or of its predecessor."""
    if not isinstance(document, dict):
        raise ValueError("a notebook is a JSON object")
    sheets = document.get("worksheets") if "cells" not in document else [document]
    cells = [cell for sheet in _items(sheets) if isinstance(sheet, dict) for cell in _items(sheet.get("cells"))]
    if not cells and "cells" not in document:
        raise ValueError("the notebook has no cells")
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            text = cell.get("source", cell.get("input", ""))
            joined = text if isinstance(text, str) else "".join(line for line in _items(text) if isinstance(line, str))
            yield joined.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _python(cell: str) -> str:
    """A cell with the lines that are no Python as comments; what is Python as it stands stays as it is."""
    lines = cell.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not _PYTHON_MAGICS.match(first):
        return "\n".join(f"# {line}" for line in lines)
    if _parses(cell):
        return cell
    return "\n".join(_without_magics(lines))


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _without_magics(lines: list[str]) -> Iterator[str]:
    """A magic may go on over several lines; one inside a block leaves a ``pass`` there."""
    goes_on = False
    for line in lines:
        if not goes_on and not _MAGIC.match(line) and not _ASSIGNED_MAGIC.match(line):
            yield line
            continue
        indent = line[: len(line) - len(line.lstrip())]
        yield f"# {line}" if goes_on or not indent else f"{indent}pass  # {line.lstrip()}"
        goes_on = line.rstrip().endswith("\\")
