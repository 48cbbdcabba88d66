"""Arguments that come as JSON: classes by name, and settings that a student keeps in a class of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from torch import nn

from grader.worker.arguments import resolve, shown
from grader.worker.faults import StudentFault


@dataclass
class Settings:
    kernel: int = 3
    act: type = nn.ReLU
    widths: list[int] = field(default_factory=lambda: [8, 16])

    def __post_init__(self) -> None:
        if self.kernel < 0:
            raise ValueError("a kernel has a side")


NAMES: dict[str, Any] = {"Settings": Settings, "make": lambda: None}


def find(file: str, name: str) -> Any:
    if (file, name) not in {("net.py", each) for each in NAMES}:
        raise StudentFault("missing", f"{file} has no {name}.")
    return NAMES[name]


def settings(name: str = "Settings", **fields: Any) -> dict[str, Any]:
    return {"$new": f"net.py:{name}", "with": fields}


def test_settings_are_made_of_what_came_with_the_defaults_of_the_rest() -> None:
    assert resolve({"cfg": settings(kernel=5)}, find) == {"cfg": Settings(kernel=5)}


def test_settings_may_hold_classes_and_other_settings() -> None:
    made = resolve(settings(act={"$ref": "torch.nn:GELU"}, widths=[settings(kernel=1)]), find)
    assert made == Settings(act=nn.GELU, widths=[Settings(kernel=1)])  # type: ignore[list-item]


def test_a_table_with_other_keys_stays_one() -> None:
    table = {"$new": "net.py:Settings", "with": {}, "more": 1}
    assert resolve(table, find) == table


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (settings(side=5), "build"),  # there is no such field
        (settings(kernel=-1), "build"),  # it does not want to be made
        (settings("make"), "build"),  # no class
        (settings("Gone"), "missing"),
        ({"$new": "net.py:Settings", "with": [3]}, "build"),
    ],
)
def test_settings_that_cannot_be_made_are_a_fault_of_the_submission(value: dict[str, Any], kind: str) -> None:
    with pytest.raises(StudentFault) as fault:
        resolve(value, find)
    assert fault.value.kind == kind


def test_settings_are_shown_as_a_student_would_write_them() -> None:
    assert shown(settings(kernel=5, act={"$ref": "torch.nn:GELU"})) == "Settings(kernel=5, act=GELU)"
