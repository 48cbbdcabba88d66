"""The table of wrong submissions holds together, and a sample of them loses what it should and nothing else.

All of them are graded by `python bench/validity.py mutants`.
"""

from __future__ import annotations

import ast
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.records import Verdict
from tests.validity.grading import Examination, copy_of_reference, default_criteria, examination_in, folder_of_run, grade
from tests.validity.mutants import BY_ID, MUTANTS
from tests.validity.mutants_known import KNOWN_MISSES

LEAST = 120
# Cheap ones, from every part and every kind of change: what they ask of a worker or a training is little.
SAMPLE = (
    *("fc_mnist/layer-more", "mnist/train-for-test", "mnist/no-time", "mnist/errors", "mnist/results-guessing"),
    *("plots/mnist_learning_curves-blank", "cifar/confusion-shifted", "cifar/norms-of-another", "cifar/gap-zero"),
    *("kernels/counts-with-head", "kernels/field-no-stride", "kernels/results-field", "readme/2.1-empty"),
    *("plots/gradients-of-another", "plots/depth_feature_maps-axes", "depth/effect-sign", "depth/norms-of-shallow"),
    *("pooling/maximum", "custom_conv/backward-factor", "activation/backward-negative-only", "attention/backward-no-peak"),
    *("blocks/no-spread", "blocks/one-seed", "blocks/results-counts"),
)


@pytest.fixture(scope="session")
def examination(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examination]:
    with examination_in(folder_of_run(tmp_path_factory.getbasetemp())) as examination:
        yield examination


@pytest.fixture(scope="session")
def whole(examination: Examination) -> dict[str, Verdict]:
    return examination.whole()


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_reference(tmp_path_factory.mktemp("mutants") / "reference")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(MUTANTS) >= LEAST
    assert [name for name, times in Counter(mutant.id for mutant in MUTANTS).items() if times > 1] == []


def test_every_criterion_with_points_has_a_mutant() -> None:
    worth_points = {criterion.id for criterion in default_criteria().criterion if criterion.points > 0}
    assert worth_points - {name for mutant in MUTANTS for name in mutant.loses} == set()


def test_the_criteria_of_the_mutants_exist() -> None:
    known = {criterion.id for criterion in default_criteria().criterion}
    for mutant in MUTANTS:
        assert mutant.about, mutant.id
        assert mutant.loses, mutant.id
        assert {*mutant.loses, *mutant.also} <= known, mutant.id
        assert set(mutant.loses).isdisjoint(mutant.also), mutant.id


def test_every_mutant_applies_compiles_and_is_another(reference: Path, tmp_path: Path) -> None:
    before, seen = contents(reference), {}
    for mutant in MUTANTS:
        copy = shutil.copytree(reference, tmp_path / "copy")
        mutant.apply(copy)
        after = contents(copy)
        changed = tuple(sorted((name, after.get(name)) for name in {*before, *after} if before.get(name) != after.get(name)))
        assert changed, mutant.id
        for name, text in changed:
            if name.endswith(".py") and text is not None:
                ast.parse(text, f"{mutant.id}: {name}")
        assert seen.setdefault(changed, mutant.id) == mutant.id
        shutil.rmtree(copy)


def test_known_misses_are_mutants_and_not_in_the_sample() -> None:
    assert set(KNOWN_MISSES) <= set(BY_ID)
    assert set(KNOWN_MISSES).isdisjoint(SAMPLE)


def test_the_sample_is_spread_over_all_parts() -> None:
    lost = {name for sampled in SAMPLE for name in BY_ID[sampled].loses}
    assert len(SAMPLE) >= 20
    assert {name[:3] for name in lost} == {"1.1", "1.2", "2.1", "2.2", "3.1", "3.2"}


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLE)
def test_a_mutant_loses_what_its_defect_concerns(name: str, examination: Examination, whole: dict[str, Verdict], tmp_path: Path) -> None:
    outcome = grade(BY_ID[name], examination, whole, tmp_path)
    assert outcome.missed == ()
    assert {each: outcome.lost[each] for each in outcome.collateral} == {}
