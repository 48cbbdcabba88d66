"""The schema and the documentation of the JSON report, made from its models: ``python -m grader.report.json_docs docs``."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from grader.report import json_models as models

INTRODUCTION = """\
# The report as JSON

`grade SUBMISSION --json report.json` writes this document, version 1. [report.schema.json](report.schema.json) is its JSON
Schema. Two runs over the same submission, rubric, profile, seed and kind of device write the same bytes, `timing` apart.

Points are decimals of at most four places, rounded half to even. Accuracies have four decimals; losses, norms and other measured
numbers four significant digits. A measured number that is not finite is `null`. Control characters, characters that turn the
direction of text round and invisible ones are written out (`\\u001b`); a text of more than 20,000 characters is cut and says so.
Every field is always there; one that has nothing to say is `null` or empty. Fields may be added within version 1.

This page and the schema are made from `grader/report/json_models.py` by `python -m grader.report.json_docs docs`.
"""


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the document."""
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return draft | models.ReportModel.model_json_schema(mode="serialization")


def documentation() -> str:
    """The page that names every field, in Markdown."""
    sections = [_section(model) for model in _models(models.ReportModel)]
    return "\n".join([INTRODUCTION, *sections])


def _models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The model and all that its fields hold, each once, in reading order."""
    found = [model]
    for info in model.model_fields.values():
        for inner in _parts_of(info.annotation):
            found += [one for one in _models(inner) if one not in found]
    return found


def _parts_of(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _parts_of(argument)]


def _section(model: type[BaseModel]) -> str:
    rows = [_row(info.alias or name, info) for name, info in model.model_fields.items()]
    head = "| field | type | meaning |\n|---|---|---|"
    return f"## {_heading(model)}\n\n{model.__doc__}\n\n{head}\n" + "\n".join(rows) + "\n"


def _heading(model: type[BaseModel]) -> str:
    return model.__name__.removesuffix("Model").lower()


def _row(name: str, info: FieldInfo) -> str:
    return f"| `{name}` | {_type(info.annotation)} | {info.description} |"


def _type(annotation: Any) -> str:
    """A type in words: ``list of [criterion](#criterion)``, ``number or null``."""
    words = {float: "number", int: "integer", str: "text", bool: "true or false", type(None): "null", Any: "any"}
    if annotation in words:
        return words[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{_heading(annotation)}](#{_heading(annotation)})"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{member}`" for member in annotation)
    inner = [_type(argument) if not isinstance(argument, int) else f"`{argument}`" for argument in get_args(annotation)]
    origin = getattr(annotation, "__origin__", None)
    if origin is list:
        return f"list of {inner[0]}"
    if origin is tuple:
        return f"[{', '.join(inner)}]"
    return f"object: {inner[1]} by name" if origin is dict else " or ".join(inner)


def write_documentation(folder: Path) -> None:
    """Write ``report_json.md`` and ``report.schema.json`` into the folder."""
    (folder / "report_json.md").write_text(documentation(), encoding="utf-8")
    (folder / "report.schema.json").write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_documentation(Path(sys.argv[1]))
