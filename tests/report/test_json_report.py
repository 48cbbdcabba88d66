"""The JSON document: valid by its schema, exact, and documented."""

import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema

from grader.records import Report
from grader.report.json_docs import documentation, schema
from grader.report.json_report import to_json

DOCS = Path(__file__).parents[2] / "docs"


def loaded(report: Report) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(to_json(report), parse_constant=refuse)


def test_every_report_follows_the_schema(any_report: Report) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.Draft202012Validator(schema()).validate(loaded(any_report))


def test_committed_schema_and_page_are_current() -> None:
    message = "run: python -m grader.report.json_docs docs"
    assert json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8")) == schema(), message
    assert (DOCS / "report_json.md").read_text(encoding="utf-8") == documentation(), message


def test_page_and_schema_name_the_same_fields() -> None:
    page = (DOCS / "report_json.md").read_text(encoding="utf-8")
    definitions = {name.removesuffix("Model").lower(): one for name, one in schema()["$defs"].items()}
    objects = {"report": schema()} | {name: one for name, one in definitions.items() if "properties" in one}
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}
    assert set(sections) == set(objects)
    for name, section in sections.items():
        assert re.findall(r"^\| `(\w+)` \|", section, flags=re.M) == list(objects[name]["properties"])
        assert all(one["description"] in section for one in objects[name]["properties"].values())


def test_fields_that_readers_rely_on(full: Report) -> None:
    document = loaded(full)
    assert document["version"] == 1
    assert document["score"] == {"points": 70.5, "max": 100.0, "lowest": 70.5, "highest": 72.5}
    assert document["parts"][2] == {"id": "2.1", "title": "Kernel size", "points": 11.0, "max": 15.0}
    assert document["criteria"][8] | {"found": ""} == {
        "id": "1.1.readme", "part": "1.1", "title": "The README says what the numbers show", "points": 0.0, "max": 2.0,
        "outcome": "skipped", "basis": "measured", "review": "none", "look_at": None,
        "expected": "3 or 4 fully connected layers, counted once per weight", "found": "",
        "why": "The output depends on 2 of the 3 layers that `__init__` makes; `fc3` is never called.", "hint": None,
        "role": "fc_mnist", "roles": ["fc_mnist"], "depends_on": "1.1.hyperparameters", "alternatives": [],
    }  # fmt: skip
    assert len(document["criteria"]) == len(full.verdicts)
    assert document["roles"][0]["training"]["accuracy"] == 0.6


def test_points_are_decimals_of_four_places_half_to_even(full: Report) -> None:
    points = [Fraction(1, 3), Fraction(12345, 100000), Fraction(12355, 100000), Fraction(200005, 100000)]
    verdicts = [replace(full.verdicts[0], points=one) for one in points]
    text = to_json(replace(full, verdicts=tuple(verdicts)))
    assert re.findall(r'"points": ([\d.]+),\n   "max": 2.0,\n   "outcome"', text) == ["0.3333", "0.1234", "0.1236", "2.0"]


def test_same_report_gives_same_bytes_timing_apart(full: Report) -> None:
    slow = replace(full, timing=dict.fromkeys(full.timing, 7.0))
    assert to_json(full) == to_json(full)
    assert to_json(full) != to_json(slow)
    assert loaded(full) | {"timing": 0} == loaded(slow) | {"timing": 0}
    assert list(loaded(full))[-1] == "timing"


def test_long_texts_are_whole_and_clean(hostile: Report) -> None:
    text = to_json(hostile)
    assert "x" * 10_000 in text
    assert text.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e]", text)


def test_arguments_keep_their_values_and_what_json_lacks_becomes_text(full: Report) -> None:
    nested: list[Any] = []
    for _ in range(50):
        nested = [nested]
    arguments = {"rate": 0.123456789, "wide": True, "kernel": (3, 3), "big": 2**70, "odd": {1}, "deep": nested}
    role = loaded(replace(full, roles=(replace(full.roles[0], arguments=arguments),)))["roles"][0]["arguments"]
    assert (role["rate"], role["wide"], role["kernel"]) == (0.123456789, True, [3, 3])
    assert (role["big"], role["odd"]) == (hex(2**70), "{1}")
