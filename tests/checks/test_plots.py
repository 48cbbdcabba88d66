"""Plots are there to be read: blank, broken, tiny and copied ones earn nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from PIL import Image

from grader.checks import plots
from grader.records import Judgement
from tests.checks.experiment_work import case_of, evidence
from tests.folders import picture

matplotlib.use("Agg")
NAMES = ["plots/first.png", "plots/second.png"]


def judged(root: Path, files: dict[str, Any], **require: Any) -> Judgement | None:
    alternative = {"check": "plots", "require": {"files": NAMES, **require}}
    return plots.judge(case_of(plots, [alternative]), evidence(root, files))


def fraction(root: Path, second: Any, **require: Any) -> Fraction:
    """What is earned with a good first plot and this second one."""
    judgement = judged(root, {NAMES[0]: picture(), NAMES[1]: second}, **require)
    assert judgement is not None
    return judgement.fraction


def test_good_plots_earn_everything(tmp_path: Path) -> None:
    assert fraction(tmp_path, picture(1)) == 1


BAD = {
    "blank": Image.new("RGB", (100, 100), "white"),
    "tiny": picture(1, side=20),
    "copied": picture(),
    "no picture": b"not a picture",
    "empty": b"",
}


@pytest.mark.parametrize("second", BAD.values(), ids=BAD.keys())
def test_a_bad_plot_costs_its_half(tmp_path: Path, second: Any) -> None:
    judgement = judged(tmp_path, {NAMES[0]: picture(), NAMES[1]: second})
    assert judgement is not None
    assert judgement.fraction < 1
    assert "second.png" in str(judgement.found)


def test_a_missing_plot_is_named(tmp_path: Path) -> None:
    judgement = judged(tmp_path, {NAMES[0]: picture()})
    assert judgement is not None
    assert judgement.fraction == Fraction(1, 2)
    assert "there is no plots/second.png" in str(judgement.found)


def test_without_any_plot_it_is_not_available(tmp_path: Path) -> None:
    assert judged(tmp_path, {"plots/other.png": picture()}) is None


def test_a_plot_counts_in_another_folder_and_as_jpeg(tmp_path: Path) -> None:
    assert fraction(tmp_path / "a", picture(1)) == 1
    judgement = judged(tmp_path / "b", {"out/First.PNG": picture(), "results/second.jpg": picture(1)})
    assert judgement is not None
    assert judgement.fraction == 1


def test_the_same_picture_under_the_name_of_another_criterion_is_a_copy(tmp_path: Path) -> None:
    other = {"alternatives": [{"check": "plots", "basis": "artefact on disk", "require": {"files": ["plots/other.png"]}}]}
    case = case_of(plots, [{"check": "plots", "require": {"files": NAMES[:1]}}], others=(other,))
    copied = plots.judge(case, evidence(tmp_path, {NAMES[0]: picture(), "plots/other.png": picture()}))
    assert copied is not None
    assert copied.fraction == 0
    assert "same picture as plots/other.png" in str(copied.found)


def test_a_line_plot_has_enough_on_it_and_images_can_be_asked_for(tmp_path: Path) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots()
    axes.plot([1, 2, 3])
    path = tmp_path / "plot.png"
    figure.savefig(path)
    pyplot.close(figure)
    assert fraction(tmp_path / "work", path.read_bytes()) == 1
    flat = Image.new("RGB", (100, 100), "white")
    flat.paste("black", (0, 0, 50, 50))
    assert fraction(tmp_path / "flat", flat) == 1
    assert fraction(tmp_path / "flat2", flat, colours=16) == Fraction(1, 2)


def test_the_readme_is_a_quarter(tmp_path: Path) -> None:
    readme = {"section": "2.1", "topics": {"activations": "activation"}}
    assert fraction(tmp_path / "none", picture(1), readme=readme) == Fraction(3, 4)
    text = "## 2.1\nThe activations of the first layer show edges in 12 of the 16 channels, and blobs in the rest.\n"
    judgement = judged(tmp_path / "some", {NAMES[0]: picture(), NAMES[1]: picture(1), "README.md": text}, readme=readme)
    assert judgement is not None
    assert judgement.fraction == 1


def test_prose_about_blank_plots_earns_nothing(tmp_path: Path) -> None:
    text = "## 2.1\nThe activations of the first layer show edges in 12 of the 16 channels, and blobs in the rest.\n"
    files = {**dict.fromkeys(NAMES, Image.new("RGB", (99, 99))), "README.md": text}
    judgement = judged(tmp_path, files, readme={"section": "2.1", "topics": {"activations": "activation"}})
    assert judgement is not None
    assert judgement.fraction == 0
