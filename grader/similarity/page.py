"""Pairs > one page for the instructor, and a table of plain text: pure, everything escaped, no request to anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.similarity.records import Pair
from grader.submission.names import shown

TEMPLATES = Path(__file__).parent / "templates"
MAX_LABEL = 40  # characters of a name in the table


def to_page(pairs: Sequence[Pair]) -> str:
    """One HTML file: the pairs, and of each the places side by side."""
    style = (TEMPLATES / "similarity.css").read_text(encoding="utf-8")
    style_hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _environment().get_template("similarity.html.jinja").render(pairs=pairs, style=Markup(style), style_hash=style_hash)


def to_text(pairs: Sequence[Pair]) -> str:
    """A table with a line for each pair; of the largest place, where it is."""
    if not pairs:
        return "No two submissions share more than the threshold.\n"
    head = ("of left", "of right", "left", "right", "largest place")
    rows = [head, *(_row(pair) for pair in pairs)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head) - 1)]
    return "".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) + "\n" for row in rows)


def _row(pair: Pair) -> tuple[str, str, str, str, str]:
    largest = pair.places[0] if pair.places else None
    where = f"{largest.left.where} | {largest.right.where}" if largest else ""
    right = f"{_label(pair.right)}{' (earlier)' if pair.is_earlier else ''}"
    return _percent(pair.left_share).rjust(7), _percent(pair.right_share).rjust(8), _label(pair.left), right, where


def _label(name: str) -> str:
    text = shown(name)
    return text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 3]}..."


def _percent(share: float) -> str:
    """Rounded down: 100 % is all of it."""
    return f"{int(100 * share + 1e-9)} %"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": shown, "percent": _percent}
    return environment
