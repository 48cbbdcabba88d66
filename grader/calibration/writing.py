"""Thresholds into a rubric's file; its comments and everything else stay as they are."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel

from grader.errors import InputError
from grader.files import write_atomically
from grader.rubric import Calibration, Threshold, load_rubric


def write_thresholds(path: Path, profile: str, thresholds: Mapping[str, Mapping[str, Threshold]], calibration: Calibration) -> None:
    """Put them in; those of other kinds of images and of other roles stay. Raises InputError; then the file is as it was."""
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
    table = document["profile"][profile]
    kept = table.setdefault("thresholds", tomlkit.table(is_super_table=True))
    for kind, roles in thresholds.items():
        of_kind = kept.setdefault(kind, tomlkit.table())
        for role, threshold in roles.items():
            of_kind[role] = _inline(threshold)
    table["calibration"] = _table(calibration)
    text = tomlkit.dumps(document).encode()
    with tempfile.TemporaryDirectory(prefix="grade-rubric-") as folder:
        trial = Path(folder) / path.name
        trial.write_bytes(text)
        load_rubric(trial)
    try:
        write_atomically(path, text)
    except OSError as error:
        raise InputError(
            f"The rubric {path} cannot be written ({error.strerror}); copy it to where you may write, and name that."
        ) from error


def _inline(record: BaseModel) -> Any:
    table = tomlkit.inline_table()
    table.update(record.model_dump(exclude_defaults=True))
    return table


def _table(record: BaseModel) -> Any:
    table = tomlkit.table()
    table.update(record.model_dump())
    return table
