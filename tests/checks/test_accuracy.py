"""Accuracy: thresholds, half-way, chance, weights that were not drawn at random, networks that could not be trained."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import nn

from grader.checks import accuracy
from grader.checks.base import Case, Evidence, Need
from grader.records import Fault, Judgement, Outcome, Review, TrainingResult
from grader.rubric import Profile
from tests.checks.graph_work import NO_FILES, NO_GRAPH, PROFILE, case, evidence, training, verdict, word

FAILED = Fault("network", "the output has to be (N, 10)", "models/net.py", 7)


LONGER = Profile.model_validate(PROFILE | {"recipes": {"net": {"steps": 200, "expected_seconds": 1}}})


def judged(found: Evidence) -> Judgement:
    return word(accuracy.judge(case(accuracy), found))


def trained(**changes: object) -> Evidence:
    return Evidence(NO_FILES, trainings={"net": training(**changes)})


def test_it_wants_a_training_and_a_second_build() -> None:
    assert accuracy.needs(case(accuracy)) == {Need("export", "net"), Need("train", "net"), Need("rebuild", "net")}


@pytest.mark.parametrize(
    ("correct", "fraction"),
    [(1000, 1), (900, 1), (899, Fraction(1, 2)), (660, Fraction(1, 2)), (659, 0), (100, 0)],
)
def test_the_threshold_earns_all_and_seven_tenths_of_the_way_from_chance_half(correct: int, fraction: Fraction) -> None:
    judgement = judged(trained(correct=correct))
    assert judgement.fraction == fraction and judgement.review is Review.NONE
    assert "90.0 %" in str(judgement.expected) and f"{correct / 10:.1f} %" in str(judgement.found)
    assert "3 runs of the reference (mean 95.0 %) on digits" in str(judgement.why)


def test_a_number_shown_never_claims_more_than_was_reached() -> None:
    assert accuracy.percent(8999, 10000) == "89.9 %"
    assert accuracy.percent(1, 1) == "100.0 %"


def test_a_training_that_diverged_earns_nothing() -> None:
    judgement = judged(trained(correct=950, diverged=True))
    assert judgement.fraction == 0 and "diverged" in str(judgement.found)


def test_a_network_that_is_right_before_training_goes_to_a_person() -> None:
    judgement = judged(trained(initial_correct=600))
    assert (judgement.fraction, judgement.review) == (0, Review.REQUIRED) and "60.0 %" in str(judgement.found)


def test_one_that_favours_a_class_at_the_start_does_not() -> None:
    assert judged(trained(initial_correct=200)).fraction == 1


@pytest.mark.parametrize(("correct", "fraction"), [(400, 1), (200, 0)])
def test_without_a_measured_threshold_only_better_than_chance_is_asked_and_a_person_may_look(correct: int, fraction: int) -> None:
    bare = Profile.model_validate(PROFILE | {"thresholds": {}})
    judgement = word(accuracy.judge(replace(case(accuracy), profile=bare), trained(correct=correct)))
    assert (judgement.fraction, judgement.review) == (fraction, Review.RECOMMENDED)


@pytest.mark.parametrize(
    ("changes", "fraction", "review"),
    [
        ({"correct": 950}, 1, Review.NONE),  # it reached the threshold all the same
        ({"correct": 500}, 1, Review.RECOMMENDED),  # half of the images, half of the way from 10 % to 90 %
        ({"correct": 499}, Fraction(1, 2), Review.REQUIRED),
        ({"correct": 250}, Fraction(1, 2), Review.REQUIRED),
        ({"correct": 200}, 0, Review.REQUIRED),  # what guessing may reach
        ({"correct": 850, "stopped_early": True}, Fraction(1, 2), Review.NONE),  # its validation images said that it was enough
        ({"correct": 850, "images": 200 * 64}, Fraction(1, 2), Review.NONE),
    ],
)
def test_a_network_that_saw_fewer_images_has_to_come_as_far(changes: dict[str, Any], fraction: Fraction, review: Review) -> None:
    judgement = word(accuracy.judge(replace(case(accuracy), profile=LONGER), trained(**changes)))
    assert (judgement.fraction, judgement.review) == (fraction, review)
    assert ("6400 of 12800 images" in str(judgement.why)) == (review is not Review.NONE)


def test_one_that_saw_next_to_none_leaves_half_of_the_points_to_a_person() -> None:
    """A branch that only costs cannot take the threshold away: a share of it that guessing may reach is no line."""
    judgement = word(accuracy.judge(replace(case(accuracy), profile=LONGER), trained(images=640, correct=600)))
    assert (judgement.fraction, judgement.review) == (Fraction(1, 2), Review.REQUIRED)
    assert "23.8 %" in str(judgement.expected) and "until a person has looked" in str(judgement.why)


# --- networks for other images than the role's -------------------------------------------------------------------------

OTHER: list[tuple[dict[str, Any], str, Fraction, Review]] = [
    ({}, "own", Fraction(1, 2), Review.RECOMMENDED),
    ({}, "any", Fraction(1), Review.REQUIRED),
    ({"stated": frozenset({"net"})}, "own", Fraction(0), Review.REQUIRED),
    ({"stated": frozenset({"net"})}, "any", Fraction(0), Review.REQUIRED),
]


def _about(data: str, images: str) -> Case:
    """A role that is about these images."""
    given = case(accuracy, images=images)
    role = given.rubric.role["net"].model_copy(update={"data": data})
    whole = given.rubric.model_copy(update={"role": {"net": role}})
    return replace(given, rubric=whole, kinds={"mnist": "digits", "cifar": "objects"})


@pytest.mark.parametrize(("changes", "images", "fraction", "review"), OTHER)
def test_on_easier_images_a_person_decides(changes: dict[str, Any], images: str, fraction: Fraction, review: Review) -> None:
    found = Evidence(NO_FILES, trainings={"net": training()}, data={"net": "mnist"}, **changes)
    bare = replace(_about("cifar", images), profile=Profile.model_validate(PROFILE | {"thresholds": {}}))
    judgement = word(accuracy.judge(bare, found))
    assert (judgement.fraction, judgement.review) == (fraction, review)
    assert "the role is about cifar, and the network takes mnist images" in str(judgement.why)


def test_a_stated_network_for_the_roles_own_images_is_measured_as_any() -> None:
    found = Evidence(NO_FILES, trainings={"net": training()}, data={"net": "mnist"}, stated=frozenset({"net"}))
    judgement = word(accuracy.judge(_about("mnist", "own"), found))
    assert (judgement.fraction, judgement.review) == (1, Review.NONE)


# --- shipped weights -------------------------------------------------------------------------------------------------


def _with_constants() -> nn.Module:
    network = nn.Sequential(nn.LayerNorm([3, 8, 8]), nn.Flatten(), nn.Linear(192, 10))
    nn.init.zeros_(network[2].bias)
    return network


@pytest.fixture(scope="module")
def measured() -> Evidence:
    return evidence({"net": _with_constants()}, trainings={"net": training()})


def test_weights_that_are_equal_under_two_seeds_go_to_a_person(measured: Evidence) -> None:
    judgement = judged(replace(measured, rebuilds={"net": ("2.weight",)}))
    assert (judgement.fraction, judgement.review) == (0, Review.REQUIRED) and "2.weight" in str(judgement.found)


def test_a_second_build_that_fails_leaves_the_points_open(measured: Evidence) -> None:
    fault = Fault("build", "there is no second time", "models/net.py", 3)
    judgement = judged(replace(measured, rebuilds={"net": fault}))
    assert (judgement.fraction, judgement.review, judgement.look_at) == (1, Review.REQUIRED, "models/net.py:3")
    assert "there is no second time" in str(judgement.why)


# --- networks that could not be trained ------------------------------------------------------------------------------


def test_a_network_that_could_not_be_trained_costs_its_share() -> None:
    trainings: dict[str, TrainingResult | Fault] = {"net": training(), "other": FAILED}
    judgement = word(accuracy.judge(case(accuracy, "net", "other"), Evidence(NO_FILES, trainings=trainings)))
    assert judgement.fraction == Fraction(1, 2) and "models/net.py:7" in str(judgement.why)


def test_where_nothing_could_be_trained_the_verdict_says_why() -> None:
    torch.manual_seed(0)
    found = Evidence(NO_FILES, trainings={"net": FAILED})
    assert accuracy.judge(case(accuracy), found) is None
    given = verdict(case(accuracy), "accuracy", found)
    assert given.outcome is Outcome.FAILED and "models/net.py:7" in str(given.why) and given.look_at == "models/net.py:7"


def test_without_a_graph_it_is_skipped_and_left_to_a_person() -> None:
    given = verdict(case(accuracy), "accuracy", evidence({"net": NO_GRAPH}))
    assert (given.outcome, given.depends_on, given.review) == (Outcome.SKIPPED, "has net", Review.REQUIRED)
    assert "models/net.py:12" in str(given.why) and "Use torch.where." in str(given.why)


@pytest.mark.parametrize(
    ("last", "fraction"), [(nn.Softmax(1), Fraction(1, 2)), (nn.LogSoftmax(1), Fraction(1)), (nn.Identity(), Fraction(1))]
)
def test_probabilities_are_no_logits_and_a_second_softmax_changes_nothing_about_logarithms(last: nn.Module, fraction: Fraction) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 16), nn.ReLU(), nn.Linear(16, 10), last)
    judgement = judged(evidence({"net": network}, trainings={"net": training(correct=990)}))
    assert judgement.fraction == fraction and ("probabilities" in str(judgement.found)) == (fraction < 1)
