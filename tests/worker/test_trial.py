"""Arguments from JSON, and ways to build a definition tried on samples."""

from __future__ import annotations

from typing import Any

import pytest

from tests.worker.alone import ask_alone

CASE, FILE = "as_handed_in", "arguments.py"
BLOCK = {"$ref": "homework/nets/parts.py:Block"}
BUILDS: dict[str, tuple[str, dict[str, Any]]] = {
    "tuple": ("Sized", {"shape": [1, 2, 3]}),
    "variadic": ("Stack", {"layers": [4, 3, 2], "act": {"$ref": "torch.nn:Tanh"}, "parts": [[BLOCK, {"before": 1, "after": 2}]]}),
    "private": ("Stack", {"act": {"$ref": "torch.nn:_reduction"}}),
    "elsewhere": ("Stack", {"act": {"$ref": "os:system"}}),
    "absent": ("Stack", {"act": {"$ref": "arguments.py:Tahn"}}),
    "class": ("make_class", {"width": 5}),
}
SMALL, COLOUR, HUGE = [1, 4, 4], [3, 4, 4], [1, 10_000, 10_000]


def built(name: str) -> dict[str, Any]:
    return dict(answers()[list(BUILDS).index(name)])


def tried(at: int) -> list[dict[str, Any]]:
    return list(answers()[len(BUILDS) + at]["builds"])


_cached: list[Any] = []


def answers() -> list[Any]:
    """One worker is asked everything, once."""
    if not _cached:
        builds = [("build", {"file": FILE, "name": name, "arguments": arguments}) for name, arguments in BUILDS.values()]
        picky = _trial("Picky", [{}, {"fails": True}, {"nope": 1}], [SMALL, COLOUR, HUGE])
        scaled = _trial("Scaled", [{}, {"scale": 3.0}, {"high": 0.5, "scale": 2}], [SMALL])
        many = _trial("Sized", [{}] * 50, [])
        folding = _trial("Folding", [{}], [SMALL], file="missing_packages.py")
        _cached.extend(ask_alone(CASE, *builds, picky, scaled, many, folding))
    return _cached


def _trial(name: str, builds: list[dict[str, Any]], shapes: list[list[int]], file: str = FILE) -> tuple[str, dict[str, Any]]:
    return "trial", {"candidate": {"file": file, "name": name}, "builds": builds, "shapes": shapes, "seed": 3}


def test_a_constructor_that_needs_tuples_gets_them() -> None:
    assert built("tuple")["head.weight"] == [2, 4]


def test_references_are_resolved_wherever_they_stand_and_variadic_arguments_are_put_by_position() -> None:
    found = built("variadic")
    assert (found["layers.0.weight"], found["layers.1.weight"], found["parts.0.conv.weight"]) == ([3, 4], [2, 3], [2, 1, 3, 3])


@pytest.mark.parametrize("name", ["private", "elsewhere", "absent"])
def test_a_reference_to_anything_else_is_a_fault(name: str) -> None:
    assert built(name)["fault"]["kind"] == "missing"


def test_a_function_that_returns_a_class_has_it_built() -> None:
    assert built("class")["head.weight"] == [5, 5]


def test_a_trial_says_what_each_build_gives_for_each_shape() -> None:
    first, *_ = tried(0)
    assert (first["fault"], first["parameters"]) == (None, 51)
    assert first["runs"] == [{"output": [3], "finite": False}, None, None]  # it takes one sample at a time
    assert first["refused"]["line"] and first["refused"]["kind"] == "forward"


def test_a_build_that_fails_is_a_fault_of_its_own() -> None:
    _, leaves, unknown = tried(0)
    assert leaves["fault"]["kind"] == unknown["fault"]["kind"] == "build"
    assert "SystemExit" in leaves["fault"]["message"] and "nope" in unknown["fault"]["message"]
    assert leaves["runs"] == [None, None, None]


def test_a_function_of_autograd_is_tried_with_arguments_in_the_order_of_its_signature() -> None:
    assert [each["runs"] for each in tried(1)] == [[{"output": SMALL, "finite": True}]] * 3


def test_no_more_than_the_first_builds_are_tried() -> None:
    assert len(tried(2)) == 40


def test_a_forward_that_needs_a_missing_package_names_it() -> None:
    (found,) = tried(3)
    assert found["runs"] == [None] and "imagined_layers.functional.fold_twice is not installed" in found["refused"]["message"]
