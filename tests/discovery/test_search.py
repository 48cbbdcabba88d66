"""Submissions with names and shapes of their own: what fills which role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from grader.discovery import homework_in
from grader.finding import search
from grader.gathering import Setting
from grader.sandbox.template import Template
from grader.session import make_setting
from grader.submission import open_submission
from grader.trainers import Trainers
from tests.discovery import handed_in, handed_in_calls
from tests.discovery.handed_in import HandedIn

pytestmark = pytest.mark.slow
SUBMISSIONS = (*handed_in.SUBMISSIONS, *handed_in_calls.SUBMISSIONS)


@pytest.fixture(scope="module")
def trainers() -> Iterator[Trainers]:
    torch.set_num_threads(1)
    with Trainers(1, "cpu", None) as started:
        started.start(())
        yield started


@pytest.fixture(scope="module")
def setting() -> Iterator[Setting]:
    with Template() as template:
        yield make_setting(device="cpu", workers=template.open)


def test_there_are_at_least_forty_of_them_each_about_something_else() -> None:
    assert len({each.about for each in SUBMISSIONS}) == len(SUBMISSIONS) >= 40


@pytest.mark.parametrize("handed_in", SUBMISSIONS, ids=lambda each: each.about)
def test_the_roles_are_found(handed_in: HandedIn, setting: Setting, trainers: Trainers, tmp_path: Path) -> None:
    for name, text in handed_in.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode("cp1251" if "cp1251" in text else "utf-8"))
    matches = search(homework_in(open_submission(tmp_path), setting.rubric), setting, trainers).matches
    found = {role: matches[role].text if matches[role].candidate else None for role in handed_in.roles}
    wrong = {role: text for role, text in found.items() if not fits(text, handed_in.roles[role])}
    assert wrong == {}, {role: str(matches[role].reason) for role in wrong}


def fits(text: str | None, wanted: str | None) -> bool:
    """A name stands for any arguments; a beginning of arguments for the rest of them."""
    return text is None if wanted is None else text is not None and text.startswith(wanted)
