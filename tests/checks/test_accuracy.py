"""Accuracy: thresholds, half-way, chance, weights that were not drawn at random, networks that could not be trained."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import nn

from grader.checks import accuracy
from grader.checks.base import Evidence, Need
from grader.records import Fault, Judgement, Outcome, Review, TrainingResult
from grader.rubric import Profile
from tests.checks.graph_work import NO_FILES, NO_GRAPH, PROFILE, case, evidence, training, verdict, word

FAILED = Fault("network", "the output has to be (N, 10)", "models/net.py", 7)


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
        ({"correct": 400}, 1, Review.RECOMMENDED),
        ({"correct": 200}, 0, Review.RECOMMENDED),
        ({"correct": 850, "stopped_early": True}, Fraction(1, 2), Review.NONE),  # its validation images said that it was enough
        ({"correct": 850, "images": 200 * 64}, Fraction(1, 2), Review.NONE),
    ],
)
def test_a_network_that_saw_fewer_images_has_to_be_better_than_chance(changes: dict[str, Any], fraction: Fraction, review: Review) -> None:
    profile = Profile.model_validate(PROFILE | {"recipes": {"net": {"steps": 200, "expected_seconds": 1}}})
    judgement = word(accuracy.judge(replace(case(accuracy), profile=profile), trained(**changes)))
    assert (judgement.fraction, judgement.review) == (fraction, review)
    assert ("6400 of 12800 images" in str(judgement.why)) == (review is Review.RECOMMENDED)


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


def test_weights_that_start_from_a_constant_do_not(measured: Evidence) -> None:
    assert judged(replace(measured, rebuilds={"net": ("0.weight",)})).fraction == 1  # the gains of a layer norm
    assert judged(replace(measured, rebuilds={"net": ()})).review is Review.NONE


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
