"""``grade explain``: everything that led to a mark, from the JSON report alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader import records as r
from grader.commands.explain import explain_app
from grader.records import message
from grader.report.json_report import to_json
from tests.report.conftest import card, scored, verdict

ITEMS = (
    r.Item(Fraction(1), message("3 layers"), message("3 layers"), message("counted on the graph"), Fraction(3)),
    r.Item(Fraction(1, 2), message("a residual connection"), message("one around one layer"), message("two were asked for"), Fraction(1)),
)
JUDGED = r.Judgement(Fraction(7, 8), message("both"), message("the first"), message("the second is there in part"), items=ITEMS)


def explained(report: r.Report, criterion: str, tmp_path: Path) -> str:
    path = tmp_path / "report.json"
    path.write_text(to_json(report), encoding="utf-8")
    done = CliRunner().invoke(explain_app, [str(path), criterion])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def report(full: r.Report) -> r.Report:
    """A criterion of 4 points that was shown in three ways."""
    weighed = (
        r.Weighed("experiment", r.Basis.CLAIM, Fraction(1), replace(JUDGED, fraction=Fraction(1, 4))),
        r.Weighed("code", r.Basis.CODE, Fraction(1, 2), None),
        r.Weighed("network", r.Basis.MEASURED, Fraction(4, 5), JUDGED, counts=True),
    )
    mark = verdict("1.1", 0, Fraction(4), r.Outcome.PARTIAL, points=Fraction(14, 5), weighed=weighed, roles=("fc_mnist",))
    asked = (r.Asked({"hidden": [64, 32]}, (1, 28, 28), (2, 1, 7)),)
    bar = r.Bar(0.61, 0.749, 0.019, 0.723, tuple(range(100, 116)), "")
    role = card("1.1", "fc_mnist", 0, asked=asked, bar=bar, data_kind="digits")
    return replace(full, verdicts=(mark,), roles=(role,), score=scored((mark,)))


def test_the_arithmetic_ends_with_the_points_of_the_verdict(report: r.Report, tmp_path: Path) -> None:
    text = explained(report, "1.1.shape", tmp_path)
    assert "(1 x 3 + 0.5 x 1) / 4 = 0.875" in text and "0.875 x share 0.8 x 4 points = 2.8" in text
    assert "2.8 of 4 points" in text
    assert "one around one layer (two were asked for)" in text


def test_what_was_tried_and_does_not_count_is_told(report: r.Report, tmp_path: Path) -> None:
    text = explained(report, "1.1.shape", tmp_path)
    assert "experiment (claim of the worker, up to 1 of the points): earns less, and is not counted" in text
    assert "code (read from the code, up to 0.5 of the points): nothing of this kind is there" in text
    assert "network (measured, up to 0.8 of the points): counts" in text


def test_role_request_evidence_and_threshold_are_there(report: r.Report, tmp_path: Path) -> None:
    text = explained(report, "1.1.shape", tmp_path)
    assert "models/cnn_models.py:fc_mnist" in text and "arguments: hidden=[64, 32]; one sample: 1x28x28; batches of 2, 1, 7" in text
    assert "600 of 1000 held-out images right (60.0 %)" in text
    assert "61.0 %, from 16 runs of the reference, seeds 100 to 115" in text and "1.0 % below" in text
    assert "profile quick, seed 0" in text and "torch 2.15.0" in text


@pytest.mark.parametrize(
    ("content", "criterion", "sentence"),
    [
        ("{}", "1.1.shape", "no JSON report of this version"),
        ("[]", "1.1.shape", "no JSON report of this version"),
        ("not JSON", "1.1.shape", "no JSON report of this version"),
        (None, "1.1.shape", "There is no file"),
    ],
)
def test_what_is_no_report_is_refused_in_a_sentence(content: str | None, criterion: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_text(content)
    done = CliRunner().invoke(explain_app, [str(path), criterion, "--grades", str(tmp_path)])
    assert done.exit_code == 2 and sentence in done.output and "Traceback" not in done.output


def test_the_nearest_criterion_is_named(report: r.Report, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(to_json(report), encoding="utf-8")
    done = CliRunner().invoke(explain_app, [str(path), "1.1.shap"])
    assert done.exit_code == 2 and 'did you mean "1.1.shape"?' in done.output
