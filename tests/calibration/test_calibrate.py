"""``grade calibrate``: runs of a reference to thresholds in a rubric's file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.rubric import load_rubric
from tests.hostile.makers import HONEST
from tests.hostile.places import PROJECT, RUBRIC

Done = subprocess.CompletedProcess[str]


def calibrate(*arguments: object) -> Done:
    line = [sys.executable, "-m", "grader.cli", "calibrate", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, cwd=PROJECT, check=False, timeout=500)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    rubric = tmp_path_factory.mktemp("calibrated") / "rubric.toml"
    rubric.write_text("# a word of the author\n" + RUBRIC.read_text())
    plot = rubric.with_name("plot.svg")
    return rubric, calibrate(rubric, "--reference", HONEST, "--seeds", 3, "--plot", plot, "--jobs", 1)


@pytest.mark.slow
def test_thresholds_are_written_with_where_they_come_from(calibrated: tuple[Path, Done]) -> None:
    rubric, done = calibrated
    assert done.returncode == 0, done.stderr
    profile = load_rubric(rubric)[0].profile["quick"]
    thresholds = [each for roles in profile.thresholds.values() for each in roles.values()]
    assert thresholds and all(each.seeds == [1000, 1001, 1002] and each.rule for each in thresholds)
    assert all(each.value < each.lowest <= each.mean and each.losses_low for each in thresholds)
    assert all(each.false_fail is not None and (each.false_fail <= 1.05e-4 or each.value == 0.1) for each in thresholds)
    assert profile.calibration is not None and profile.calibration.torch
    assert profile.calibration.whole == pytest.approx(sum(each.false_fail or 0 for each in thresholds), rel=0.05)
    assert rubric.read_text().startswith("# a word of the author\n")
    assert rubric.with_name("plot.svg").read_text().count("<svg") == 1


@pytest.mark.slow
def test_a_check_tells_thresholds_that_no_longer_agree(calibrated: tuple[Path, Done], tmp_path: Path) -> None:
    rubric, _ = calibrated
    same = calibrate(rubric, "--reference", HONEST, "--seeds", 3, "--check", "--jobs", 1)
    assert same.returncode == 0 and "agree with these runs" in same.stdout
    other, profile = tmp_path / "rubric.toml", load_rubric(rubric)[0].profile["quick"]
    lowest = min(each.lowest for roles in profile.thresholds.values() for each in roles.values())
    kept = next(each for roles in profile.thresholds.values() for each in roles.values())
    other.write_text(rubric.read_text().replace(f"value = {kept.value}", f"value = {lowest + 0.05}"))
    wrong = calibrate(other, "--reference", HONEST, "--seeds", 3, "--check", "--jobs", 1)
    assert wrong.returncode == 1 and "below the threshold" in wrong.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nothing.toml",), "cannot be read"),
        ((RUBRIC, "--reference", "nowhere"), "nowhere"),
        ((RUBRIC, "--profile", "full"), "full"),
        ((RUBRIC, "--plot", "a.doc"), ".svg"),
    ],
)
def test_bad_input_is_one_sentence(arguments: tuple[object, ...], sentence: str) -> None:
    done = calibrate(*arguments)
    assert done.returncode == 2 and sentence in done.stderr and "Traceback" not in done.stderr
