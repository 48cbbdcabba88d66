"""Which variants are asked where a submission states a shape of its own: the rubric's, wherever its layer takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.discovery import Match
from grader.discovery.declared import declared
from grader.records import Fault, message
from grader.rubric import Rubric
from grader.submission import Submission, open_submission
from grader.variants import left_unasked, stated_roles, with_variants
from tests.checks.graph_work import rubric
from tests.folders import write

VARIANTS = [
    {"arguments": {"channels": 4, "padding": 1}, "shape": [4, 8, 8]},
    {"arguments": {"channels": 2, "stride": 2}, "shape": [2, 7, 5]},
]
BARE: list[dict[str, Any]] = [{"shape": [4, 8, 8]}, {"shape": [20]}]
LAYER = "from torch import nn\n\n\nclass Layer(nn.Module):\n    def __init__(self{}):\n        super().__init__()\n"
TAKES = ", channels=4, stride=1, padding=0"


def of_kind(kind: str, variants: list[dict[str, Any]]) -> Rubric:
    whole = rubric(["net"], variants)
    return whole.model_copy(update={"role": {"net": whole.role["net"].model_copy(update={"kind": kind})}})


def handed_in(root: Path, parameters: str, toml: str = "") -> Submission:
    stated = f'[roles.net]\ncandidate = "layers.py:Layer"\n{toml}\n'
    return open_submission(write(root, {"layers.py": LAYER.format(parameters), **({"submission.toml": stated} if toml else {})}))


def asked(root: Path, parameters: str, toml: str, kind: str = "layer", variants: list[dict[str, Any]] = VARIANTS) -> dict[str, Match]:
    submission, whole = handed_in(root, parameters, toml), of_kind(kind, variants)
    found = with_variants(declared(submission, whole), submission, whole)
    assert left_unasked(found, submission, whole) == (frozenset() if "net#1" in found or kind == "network" else {"net"})
    return found


def test_a_layer_that_takes_the_arguments_is_asked_for_every_variant(tmp_path: Path) -> None:
    found = asked(tmp_path, TAKES + ", slope=1", "arguments = { channels = 6, slope = 3 }\nshape = [6, 9, 9]")
    assert [(found[key].arguments, found[key].shape) for key in ("net", "net#1")] == [
        ({"slope": 3, "channels": 4, "padding": 1}, None),
        ({"slope": 3, "channels": 2, "stride": 2}, None),
    ]


def test_a_block_keeps_its_own_widths_in_the_first(tmp_path: Path) -> None:
    found = asked(tmp_path, TAKES, "arguments = { channels = 6 }\nshape = [6, 9, 9]", kind="block")
    assert (found["net"].arguments, found["net"].shape) == ({"channels": 6}, (6, 9, 9))
    assert (found["net#1"].arguments, found["net#1"].shape) == ({"channels": 2, "stride": 2}, None)


@pytest.mark.parametrize("parameters", [", channels=4", ", width=4, stride=1", TAKES + ", needed", ""])
def test_one_that_does_not_take_them_is_asked_as_it_says(tmp_path: Path, parameters: str) -> None:
    found = asked(tmp_path, parameters, "shape = [4, 8, 8]")
    assert list(found) == ["net"] and found["net"].shape == (4, 8, 8)


def test_one_that_takes_any_argument_takes_these(tmp_path: Path) -> None:
    assert "net#1" in asked(tmp_path, ", **options", "shape = [4, 8, 8]")


@pytest.mark.parametrize(("shape", "count"), [("[4, 8, 8]", 2), ("[9]", 1)])
def test_one_without_arguments_is_asked_where_it_starts_from_the_rubrics_shape(tmp_path: Path, shape: str, count: int) -> None:
    assert len(asked(tmp_path, "", f"shape = {shape}", variants=BARE)) == count


def test_a_network_has_no_variants_to_ask_for(tmp_path: Path) -> None:
    assert list(asked(tmp_path, TAKES, "shape = [4, 8, 8]", kind="network")) == ["net"]


def test_without_a_shape_of_its_own_nothing_changes(tmp_path: Path) -> None:
    submission, whole = handed_in(tmp_path, TAKES, "arguments = { channels = 6 }"), of_kind("layer", VARIANTS)
    stated = declared(submission, whole)
    assert with_variants(stated, submission, whole) == stated and left_unasked(stated, submission, whole) == frozenset()


def test_what_was_searched_for_is_asked_as_it_was_found(tmp_path: Path) -> None:
    """Its shape was not chosen by the submission, and its widths may be what the student's own calls say."""
    submission, whole = handed_in(tmp_path, TAKES), of_kind("layer", VARIANTS)
    found = {"net": Match("net", "layers.py", "Layer", 0.9, message("found"), arguments={}, shape=(4, 8, 8))}
    assert with_variants(found, submission, whole) == found and stated_roles(submission, whole) == frozenset()
    assert left_unasked(found, submission, whole) == frozenset()


def test_a_role_that_nothing_fills_is_left_alone(tmp_path: Path) -> None:
    submission, whole = handed_in(tmp_path, TAKES, "shape = [4, 8, 8]"), of_kind("layer", VARIANTS)
    lost = {"net": Match("net", "layers.py", "Layer", 0.0, message("none"), Fault("missing", "none"), shape=(4, 8, 8))}
    assert with_variants(lost, submission, whole) == lost
