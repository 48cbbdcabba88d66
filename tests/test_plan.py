"""The plan: what the chosen criteria want, merged, with what it implies."""

import pytest

from grader.errors import InputError
from grader.plan import make_plan
from grader.rubric import default_rubric, load_rubric

RUBRIC, _ = load_rubric(default_rubric())
PROFILE = RUBRIC.profile["quick"]


def test_each_piece_of_evidence_is_asked_for_once() -> None:
    plan = make_plan(RUBRIC, PROFILE)
    assert len(plan.needs) == len(set(plan.needs))
    assert set(plan.subjects("train")) <= set(plan.subjects("export"))
    assert {name.partition("#")[0] for name in plan.subjects("export")} == set(RUBRIC.role)
    assert set(plan.subjects("experiment")) == set(RUBRIC.experiment)


def test_networks_that_train_longest_come_first() -> None:
    trained = make_plan(RUBRIC, PROFILE).subjects("train")
    seconds = [PROFILE.recipes[role].expected_seconds for role in trained]
    assert seconds == sorted(seconds, reverse=True)


def test_only_a_part_or_a_criterion_leaves_out_the_rest() -> None:
    plan = make_plan(RUBRIC, PROFILE, ["3.1"])
    assert {criterion.part for criterion in plan.criteria} == {"3.1"}
    assert plan.subjects("train") == ()
    single = make_plan(RUBRIC, PROFILE, ["1.1.fc_mnist.network"])
    assert [need.subject for need in single.needs] == ["fc_mnist"]


def test_an_unknown_part_is_told_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r'"4\.1"; the parts are 1\.1, 1\.2'):
        make_plan(RUBRIC, PROFILE, ["4.1"])
