"""Removed work costs its own points: each criterion, taken out of a copy of the reference, and no other with it.

A criterion may lose points with another one only where the rubric connects the two (`depends`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.records import Verdict
from grader.submission.prose import sections
from tests.removed_work import REMOVALS
from tests.validity.grading import Examination, default_criteria, examination_in, folder_of_run, lost

RUBRIC = default_criteria()
SECTIONS = {
    criterion.id: require["readme"]["section"]
    for criterion in RUBRIC.criterion
    for require in [each.require for each in criterion.alternatives][:1]
    if "readme" in require
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def examination(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examination]:
    with examination_in(folder_of_run(tmp_path_factory.getbasetemp())) as examination:
        yield examination


@pytest.fixture(scope="session")
def whole(examination: Examination) -> dict[str, Verdict]:
    return examination.whole()


def test_the_whole_reference_has_all_points(whole: dict[str, Verdict]) -> None:
    assert {name: f"{verdict.found} ({verdict.why})" for name, verdict in whole.items() if verdict.points < verdict.max_points} == {}
    assert sum(verdict.points for verdict in whole.values()) == 100


def test_something_is_taken_out_for_every_criterion() -> None:
    assert list(REMOVALS) == [criterion.id for criterion in RUBRIC.criterion if criterion.points > 0]


@pytest.mark.parametrize("criterion", REMOVALS)
def test_removed_work_costs_its_points_and_no_others(
    criterion: str, examination: Examination, whole: dict[str, Verdict], tmp_path: Path
) -> None:
    submission = examination.copy(tmp_path)
    REMOVALS[criterion].apply(submission)
    left = examination.verdicts(submission)
    found = lost(whole, left)
    connected = {each.id for each in RUBRIC.criterion if criterion == each.id or criterion in each.depends}
    assert criterion in found
    assert {name: why for name, why in found.items() if name not in connected} == {}
    assert ("all" if left[criterion].points == 0 else "some") == REMOVALS[criterion].loses


@pytest.mark.parametrize("section", sorted(set(SECTIONS.values())))
def test_a_section_of_the_readme_costs_what_it_discusses(
    section: str, examination: Examination, whole: dict[str, Verdict], tmp_path: Path
) -> None:
    readme = examination.copy(tmp_path) / "README.md"
    text = readme.read_text()
    for each in sections(text):
        text = text.replace(each.text, "") if each.is_about(section) else text
    readme.write_text(text)
    found = lost(whole, examination.verdicts(readme.parent))
    assert set(found) == {name for name, discussed in SECTIONS.items() if discussed == section}
