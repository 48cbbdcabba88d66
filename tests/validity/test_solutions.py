"""Right solutions in other styles than the reference get full points (`bench/solutions.py` grades them all, with three seeds)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from grader.examiner import examine
from grader.rubric import default_rubric, load_rubric
from grader.sandbox.template import Template
from grader.session import make_setting
from grader.trainers import Trainers
from tests.validity.solutions import SOLUTIONS
from tests.validity.solutions_base import Solution

RUBRIC, _ = load_rubric(default_rubric())
CRITERIA = {criterion.id: criterion for criterion in RUBRIC.criterion}
LEAST_PER_LAYER, LEAST_PER_BLOCK, LEAST = 3, 5, 15
# Cheap ones, with thresholds reached by 7 points or more: two files of layers, and one each of the families that train fast.
SAMPLE = ("fc/functional", "cnn/max_pooled", "layers/modulated", "layers/cosine", "blocks/padded_shortcut")


def test_there_are_enough_for_every_role() -> None:
    counts = Counter(role for each in SOLUTIONS for role in each.roles)
    least = {"layer": LEAST_PER_LAYER, "block": LEAST_PER_BLOCK, "network": LEAST}
    assert {name: counts[name] for name, role in RUBRIC.role.items() if counts[name] < least[role.kind]} == {}
    for kind in ("layer", "block"):
        assert sum(counts[name] for name, role in RUBRIC.role.items() if role.kind == kind) >= LEAST


def test_each_has_an_id_of_its_own_and_code_of_its_own() -> None:
    assert len({each.id for each in SOLUTIONS}) == len(SOLUTIONS)
    assert len({(each.code, *each.roles.values()) for each in SOLUTIONS}) == len(SOLUTIONS)
    assert {each.id.partition("/")[0] for each in SOLUTIONS} == {each.family for each in SOLUTIONS}


def test_each_serves_every_measured_criterion_of_its_roles() -> None:
    """None is left out that a right solution could lose points on."""
    measured = {name: each for name, each in CRITERIA.items() if each.alternatives[0].basis == "measured" and each.roles}
    for solution in SOLUTIONS:
        concerned = {name for name, each in measured.items() if set(each.roles) & set(solution.roles)}
        assert set(solution.criteria) == {name for name in concerned if name not in WITHOUT_NETWORKS}, solution.id


WITHOUT_NETWORKS = {name for name, each in CRITERIA.items() if each.alternatives[0].check == "experiment"}


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda each: each.id)
def test_each_is_built_and_gives_the_right_shape(solution: Solution) -> None:
    torch.manual_seed(0)
    for role in solution.roles:
        outputs = next((each.require["outputs"] for each in shapes_of(role)), [[10]])
        for variant, output in zip(RUBRIC.role[role].probe.variants, outputs, strict=True):
            network = solution.build(role, **variant.arguments if solution.by_contract else {})
            for training in (True, False):
                given = network.train(training)(torch.randn(3, *variant.shape))
                assert given.shape == (3, *output)
                assert bool(given.isfinite().all())


def shapes_of(role: str) -> Iterator[object]:
    """The alternatives that state the outputs of a role's variants."""
    for criterion in RUBRIC.criterion:
        yield from (each for each in criterion.alternatives if list(criterion.roles) == [role] and "outputs" in each.require)


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Solution], dict[str, str]]]:
    """What a solution loses, by criterion."""
    torch.set_num_threads(1)
    folder: Path = tmp_path_factory.mktemp("solutions")
    with Template() as template, Trainers(1, "cpu", folder / "trainings") as trainers:
        setting = make_setting(device="cpu", seed=11, workers=template.open)

        def grade(solution: Solution) -> dict[str, str]:
            report = examine(solution.place(folder / solution.id), setting, trainers, only=solution.criteria)
            assert {each.criterion for each in report.verdicts} == set(solution.criteria)
            return {each.criterion: f"{each.found} ({each.why})" for each in report.verdicts if each.points < each.max_points}

        yield grade


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_gets_full_points(name: str, lost: Callable[[Solution], dict[str, str]]) -> None:
    assert lost(next(each for each in SOLUTIONS if each.id == name)) == {}
