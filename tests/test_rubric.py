"""The rubric: read whole, adds up, and a typo is told with its place and the nearest name."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from grader.checks import cases_of
from grader.errors import InputError
from grader.rubric import default_rubric, load_rubric
from grader.schemas import rubric_schema

ROOT = Path(__file__).resolve().parent.parent
TEXT = default_rubric().read_text()


def broken(tmp_path: Path, old: str, new: str) -> str:
    """The message for the rubric with one replacement."""
    assert old in TEXT
    path = tmp_path / "rubric.toml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load_rubric(path)
    return str(caught.value)


def test_parts_have_the_points_of_the_assignment() -> None:
    rubric, _ = load_rubric(default_rubric())
    assert {part.id: part.points for part in rubric.part} == {"1.1": 20, "1.2": 20, "2.1": 15, "2.2": 15, "3.1": 15, "3.2": 15}
    for part in rubric.part:
        assert sum((criterion.points for criterion in rubric.criteria_of(part.id)), Fraction(0)) == part.points


def test_the_twenty_one_roles_are_there_and_each_has_a_criterion_of_its_own() -> None:
    rubric, _ = load_rubric(default_rubric())
    assert len(rubric.role) == 21
    for role in rubric.role:
        assert any(criterion.roles == [role] for criterion in rubric.criterion), role


def test_every_alternative_names_a_check_and_requirements_that_it_knows() -> None:
    rubric, _ = load_rubric(default_rubric())
    for criterion in (*rubric.criterion, *rubric.advice):
        for profile in rubric.profile.values():
            assert cases_of(criterion, rubric, profile, {})


def test_every_threshold_names_its_runs_and_lies_below_all_of_them() -> None:
    rubric, _ = load_rubric(default_rubric())
    about_accuracy = [each for each in rubric.criterion if each.alternatives[0].check == "accuracy"]
    trained = {role for criterion in about_accuracy for role in criterion.roles}
    for profile in rubric.profile.values():
        assert profile.thresholds
        for thresholds in profile.thresholds.values():
            for threshold in thresholds.values():
                assert len(threshold.seeds) >= 3
                assert threshold.value <= threshold.lowest <= threshold.mean
        assert trained <= {role for thresholds in profile.thresholds.values() for role in thresholds}


def test_a_misspelt_key_is_named_with_the_nearest(tmp_path: Path) -> None:
    text = broken(tmp_path, "points = 2\n", "point = 2\n")
    assert "rubric.toml" in text and 'criterion "1.1.fc_mnist.network" > point' in text and 'did you mean "points"' in text


def test_points_that_do_not_add_up_are_told_with_both_sums(tmp_path: Path) -> None:
    text = broken(tmp_path, "points = 20\n", "points = 21\n")
    assert 'part "1.1" add up to 20 points, the part says 21' in text


def test_an_unknown_role_is_told_with_the_nearest(tmp_path: Path) -> None:
    text = broken(tmp_path, 'roles = ["fc_mnist"]', 'roles = ["fc_mnits"]')
    assert 'there is no "fc_mnits"; did you mean "fc_mnist"?' in text


def test_an_unknown_experiment_and_a_share_above_one_are_told(tmp_path: Path) -> None:
    assert 'did you mean "mnist"?' in broken(tmp_path, 'require = { experiment = "mnist"', 'require = { experiment = "mnits"')
    assert "a share is at most 1" in broken(tmp_path, "share = 0.8", "share = 5")


def test_no_toml_and_no_file_are_told(tmp_path: Path) -> None:
    assert "not valid TOML" in broken(tmp_path, "[assignment]", "[assignment")
    with pytest.raises(InputError, match=r"missing\.toml cannot be read"):
        load_rubric(tmp_path / "missing.toml")


def test_an_unknown_check_and_an_unknown_requirement_are_told(tmp_path: Path) -> None:
    for old, new, words in (
        ('check = "network"', 'check = "netwrk"', 'the check "netwrk"'),
        ("linears = {", "linear = {", 'criterion "1.1.fc_mnist.network" > require > linear'),
    ):
        path = tmp_path / "rubric.toml"
        path.write_text(TEXT.replace(old, new, 1))
        rubric, _ = load_rubric(path)
        with pytest.raises(InputError) as caught:
            cases_of(rubric.criterion[0], rubric, rubric.profile["quick"], {})
        assert words in str(caught.value)


def test_the_schema_in_docs_is_the_codes() -> None:
    assert json.loads((ROOT / "docs" / "rubric.schema.json").read_text()) == json.loads(rubric_schema())
