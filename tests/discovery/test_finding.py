"""What the worker says about builds that were tried: none of it is to be believed, and no two different things are taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from grader.discovery.records import Build, Definition
from grader.finding import _distinct
from grader.sandbox.base import Answer

NET = Definition("nets.py", "Net", 1, "module", ())
IMAGES = ((1, 28, 28), (3, 32, 32))


def tried(*builds: Build, count: Any = 10) -> list[tuple[dict[str, Any], tuple[int, ...]]]:
    """What is left of builds that all take the first image and have that number of parameters, as the worker says."""
    runs = [{"output": [10], "finite": True}, None]
    reply = Answer({"builds": [{"parameters": count, "runs": runs} for _ in builds]})
    return [(each.build.arguments, each.shape) for each in _distinct(builds, IMAGES, IMAGES, reply)]


@pytest.mark.parametrize("count", [[1], {"a": 1}, None, "many", True, 0.5, [[1], {}]])
def test_a_number_of_parameters_that_is_none_breaks_nothing(count: Any) -> None:
    assert tried(Build(NET, {}), count=count) == [({}, IMAGES[0])]


@pytest.mark.parametrize("builds", [None, 3, [None], [{"runs": 5}], [{"runs": [{"output": [10.0, None]}]}]])
def test_a_reply_that_is_none_finds_nothing(builds: Any) -> None:
    assert list(_distinct((Build(NET, {}),), IMAGES, IMAGES, Answer({"builds": builds}))) == []


def test_builds_that_look_alike_are_one() -> None:
    assert tried(Build(NET, {"n": 2}, "inferred"), Build(NET, {"n": 3}, "inferred")) == [({"n": 2}, IMAGES[0])]


def test_flags_and_selectors_tell_builds_apart() -> None:
    builds = [Build(NET, arguments, "inferred") for arguments in ({"drop": 0.1}, {"drop": 0.2}, {"skip": True})]
    assert len(tried(*builds)) == 3


def test_calls_that_differ_in_anything_are_not_the_same() -> None:
    settings = [{"$new": "nets.py:Config", "with": {"drop": share}} for share in (0.0, 0.2)]
    calls = [Build(NET, arguments, "call") for arguments in ({"n": 9}, {"n": 9, "skip_every": 2}, *({"cfg": each} for each in settings))]
    assert len(tried(*calls)) == 4
