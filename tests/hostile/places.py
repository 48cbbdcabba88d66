"""Where things are."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
HOSTILE = PROJECT / "tests" / "submissions" / "hostile"
RUBRIC = Path(__file__).parent / "rubric.toml"
WATCHED = ("grader", "rubrics", "reference", "tests/submissions")  # no byte of these may change
