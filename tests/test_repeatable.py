"""The same submission, rubric, profile and seed give the same report byte for byte, whatever the jobs, from the cache or not."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.report.json_report import to_json
from grader.sandbox.template import Template
from grader.session import grade_submission, make_setting

ROOT = Path(__file__).resolve().parent.parent


Graded = Callable[..., dict[str, object]]


@pytest.fixture(scope="module")
def graded() -> Iterator[Graded]:
    """What grades part 1.1 of the reference: the report without the durations."""
    with Template() as workers:

        def grade(jobs: int, cache: bool, seed: int = 0) -> dict[str, object]:
            setting = make_setting(device="cpu", seed=seed, workers=workers.open)
            report = grade_submission(ROOT / "reference", setting, only=("1.1",), jobs=jobs, cache=cache)
            document: dict[str, object] = json.loads(to_json(report))
            del document["timing"]
            return document

        yield grade


@pytest.mark.slow
def test_jobs_and_cache_change_nothing_but_the_time(graded: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path))
    fresh = graded(jobs=1, cache=True)
    kept = sorted(path.name for path in tmp_path.glob("training-*.json"))
    assert len(kept) == 3
    assert graded(jobs=2, cache=False) == fresh
    assert graded(jobs=1, cache=True) == fresh
    assert sorted(path.name for path in tmp_path.glob("training-*.json")) == kept


@pytest.mark.slow
def test_another_seed_is_another_run(graded: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path))
    first, second = graded(1, True), graded(1, True, seed=1)
    assert first["provenance"] != second["provenance"] and first["roles"] != second["roles"]
    assert len(list(tmp_path.glob("training-*.json"))) == 6
