"""Networks that run but don't export as they are: no point is lost without a reason that names file, line and remedy."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.examiner import examine
from grader.records import Outcome, Report, Verdict
from grader.sandbox.template import Template
from grader.session import make_setting
from grader.trainers import Trainers

SUBMISSIONS = Path(__file__).parent / "submissions"

RUBRIC = """
[assignment]
id = "one_network"
title = "One network"
points = 4

[[part]]
id = "1"
title = "One network"
points = 4
file = "models/net.py"

[role.net]
title = "a network"
part = "1"
file = "models/net.py"
name = "Net"
data = "mnist"
hint = "In models/net.py write a class Net."
probe = { variants = [{ shape = [1, 28, 28] }], batch_sizes = [2, 1, 5] }

[[criterion]]
id = "shape"
part = "1"
title = "The network has an output for each class"
points = 1
roles = ["net"]
hint = "Give (N, 10)."
alternatives = [{ check = "network", basis = "measured", require = { output = [10], nonlinear = false } }]

[[criterion]]
id = "parameters"
part = "1"
title = "The network has parameters"
points = 1
roles = ["net"]
hint = "Use a layer."
alternatives = [{ check = "learnable", basis = "measured" }]

[[criterion]]
id = "accuracy"
part = "1"
title = "The network can be trained and measured"
points = 2
roles = ["net"]
hint = "Train it."
alternatives = [{ check = "trainable", basis = "measured" }]

[profile.quick]
title = "A few steps"
data.mnist = { source = "digits", train = 640, validation = 64, held = 128 }
recipes.net = { steps = 40, learning_rate = 0.01 }
thresholds = {}
"""

# What each network does, and whether a graph of it can be had all the same.
EXPORTED = (
    "assigned_attribute", "batch_index_loop", "batch_loop", "forward_hook", "no_grad_inside", "pixel_list",
    "print_values", "tensor_constant",
)  # fmt: skip
VALUES_ONLY = (
    "condition_on_values", "deepcopy_in_forward", "int_of_sum", "item_in_forward", "numpy_in_forward", "while_on_values",
)  # fmt: skip
NOT_EVERY_BATCH_SIZE = ("bare_squeeze", "fixed_reshape", "fixed_view")


@pytest.fixture(scope="module")
def trainers() -> Iterator[Trainers]:
    with Trainers(1, "cpu", None) as pool:
        yield pool


@pytest.fixture(scope="module")
def workers() -> Iterator[Template]:
    with Template() as template:
        yield template


def graded(case: str, tmp_path: Path, trainers: Trainers, workers: Template) -> Report:
    rubric = tmp_path / "rubric.toml"
    rubric.write_text(RUBRIC)
    setting = make_setting(rubric=rubric, device="cpu", workers=workers.open)
    small = {subject: replace(request, train=640, validation=64, held=128) for subject, request in setting.data.items()}
    return examine(SUBMISSIONS / case, replace(setting, data=small), trainers)


def explained(verdict: Verdict) -> bool:
    """The verdict names a file with a line, and says why and what to do."""
    words = f"{verdict.found} {verdict.why} {verdict.look_at}"
    return re.search(r"models/net\.py:\d+", words) is not None and len(str(verdict.why)) > 60 and verdict.hint is not None


@pytest.mark.parametrize("case", EXPORTED)
def test_a_graph_can_be_had_all_the_same(case: str, tmp_path: Path, trainers: Trainers, workers: Template) -> None:
    report = graded(case, tmp_path, trainers, workers)
    for verdict in report.verdicts:
        assert verdict.outcome is Outcome.PASSED or explained(verdict), (verdict.criterion, str(verdict.found), str(verdict.why))
    assert report.verdicts[0].outcome is Outcome.PASSED


@pytest.mark.parametrize("case", VALUES_ONLY)
def test_without_a_graph_the_shape_still_counts_and_the_rest_is_explained(
    case: str, tmp_path: Path, trainers: Trainers, workers: Template
) -> None:
    shape, *others = graded(case, tmp_path, trainers, workers).verdicts
    assert 0 < shape.points < shape.max_points and explained(shape)
    assert all(explained(verdict) for verdict in others), [str(verdict.why) for verdict in others]


@pytest.mark.parametrize("case", NOT_EVERY_BATCH_SIZE)
def test_a_network_that_not_every_batch_size_suits_is_told_where(case: str, tmp_path: Path, trainers: Trainers, workers: Template) -> None:
    for verdict in graded(case, tmp_path, trainers, workers).verdicts:
        assert verdict.outcome is Outcome.PASSED or explained(verdict), (verdict.criterion, str(verdict.why))


def test_a_lazy_layer_is_made_before_the_export(tmp_path: Path, trainers: Trainers, workers: Template) -> None:
    report = graded("lazy_layer", tmp_path, trainers, workers)
    shape, *others = report.verdicts
    assert shape.outcome is Outcome.PASSED and "lazy" in " ".join(report.roles[0].notes).lower()
    assert all("head.weight" in str(verdict.found) for verdict in others), "a layer that forward never uses is a real defect"


def test_a_network_that_mixes_its_samples_loses_that_alone(tmp_path: Path, trainers: Trainers, workers: Template) -> None:
    shape, *others = graded("item_as_factor", tmp_path, trainers, workers).verdicts
    assert shape.outcome is Outcome.PARTIAL and "mixes the samples" in str(shape.why)
    assert all(verdict.outcome is Outcome.PASSED for verdict in others)
