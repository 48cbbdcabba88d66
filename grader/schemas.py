"""Writes the JSON Schemas of the rubric (editors complete and check a rubric by it) and of the report.

``python -m grader.schemas docs`` (or ``make schemas``); tests hold what stands in ``docs/`` against the code.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from grader.files import write_atomically
from grader.report.json_docs import write_documentation
from grader.rubric import Rubric


def rubric_schema() -> str:
    """The rubric's JSON Schema as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Rubric.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    write_atomically(folder / "rubric.schema.json", rubric_schema().encode())
    write_documentation(folder)
