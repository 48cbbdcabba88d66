"""Removed work costs its own points: each criterion, taken out of a copy of the reference, and no other with it.

A criterion may lose points with another one only where the rubric connects the two (`depends`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from grader.examiner import examine
from grader.gathering import Setting
from grader.records import Verdict
from grader.rubric import default_rubric, load_rubric
from grader.sandbox.template import Template
from grader.session import make_setting
from grader.submission.prose import sections
from grader.trainers import Trainers
from tests.locks import one_at_a_time
from tests.remembering import Memory, RememberingTrainers, remembering
from tests.removed_work import REMOVALS

REFERENCE = Path(__file__).resolve().parent.parent / "reference"
RUBRIC, _ = load_rubric(default_rubric())
SECTIONS = {
    criterion.id: require["readme"]["section"]
    for criterion in RUBRIC.criterion
    for require in [each.require for each in criterion.alternatives][:1]
    if "readme" in require
}

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Examination:
    """A reference that stays as it is during the tests, and everything that it takes to grade copies of it."""

    reference: Path
    setting: Setting
    trainers: Trainers

    def verdicts(self, submission: Path) -> dict[str, Verdict]:
        """The verdicts on a submission by criterion."""
        return {verdict.criterion: verdict for verdict in examine(submission, self.setting, self.trainers).verdicts}

    def copy(self, folder: Path) -> Path:
        """A copy of the reference to take something out of."""
        return shutil.copytree(self.reference, folder / "reference")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run of the tests share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "removed_work"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def examination(shared: Path) -> Iterator[Examination]:
    torch.set_num_threads(1)
    reference, memory = shared / "reference", Memory(shared / "replies")
    with one_at_a_time(shared / "lock"):
        if not reference.exists():
            shutil.copytree(REFERENCE, reference, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    with Template() as template, RememberingTrainers(shared / "trainings", memory) as trainers:
        setting = make_setting(device="cpu", workers=remembering(memory, template))
        yield Examination(reference, setting, trainers)


@pytest.fixture(scope="session")
def whole(examination: Examination, shared: Path) -> dict[str, Verdict]:
    """The verdicts on the reference as it is; the second process finds the first one's work done."""
    with one_at_a_time(shared / "lock"):
        return examination.verdicts(examination.reference)


def lost(whole: dict[str, Verdict], left: dict[str, Verdict]) -> dict[str, str]:
    """The criteria that have fewer points than before, with what was found."""
    return {name: f"{left[name].found} ({left[name].why})" for name in whole if left[name].points < whole[name].points}


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
