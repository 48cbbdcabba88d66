"""Grading copies of the reference, and holding the verdicts against those on the whole reference."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from grader.examiner import examine
from grader.gathering import Setting
from grader.records import Verdict
from grader.rubric import Rubric, default_rubric, load_rubric
from grader.sandbox.template import Template
from grader.session import make_setting
from grader.trainers import Trainers
from tests.locks import one_at_a_time
from tests.remembering import Memory, RememberingTrainers, remembering
from tests.validity.mutants_base import Mutant

REFERENCE = Path(__file__).resolve().parents[2] / "reference"


@dataclass(frozen=True)
class Examination:
    """A reference that stays as it is, and everything that it takes to grade copies of it."""

    reference: Path
    setting: Setting
    trainers: Trainers
    lock: Path

    def verdicts(self, submission: Path) -> dict[str, Verdict]:
        """The verdicts on a submission by criterion."""
        return {verdict.criterion: verdict for verdict in examine(submission, self.setting, self.trainers).verdicts}

    def copy(self, folder: Path) -> Path:
        """A copy of the reference to change something in."""
        return shutil.copytree(self.reference, folder / "reference")

    def whole(self) -> dict[str, Verdict]:
        """The verdicts on the reference as it is; the second process finds the first one's work done."""
        with one_at_a_time(self.lock):
            return self.verdicts(self.reference)


@contextmanager
def examination_in(folder: Path) -> Iterator[Examination]:
    """What grades copies of the reference; it remembers in a folder that several processes may share."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    reference, memory, lock = folder / "reference", Memory(folder / "replies"), folder / "lock"
    with one_at_a_time(lock):
        if not reference.exists():
            copy_of_reference(reference)
    with Template() as template, RememberingTrainers(folder / "trainings", memory) as trainers:
        setting = make_setting(device="cpu", workers=remembering(memory, template))
        yield Examination(reference, setting, trainers, lock)


def copy_of_reference(target: Path) -> Path:
    """The reference as it is handed in, in a new folder."""
    return shutil.copytree(REFERENCE, target, ignore=shutil.ignore_patterns(".*", "__pycache__"))


def folder_of_run(base: Path) -> Path:
    """A folder below pytest's own that all processes of this run of the tests share."""
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "copies_of_the_reference"


def lost(whole: Mapping[str, Verdict], left: Mapping[str, Verdict]) -> dict[str, str]:
    """The criteria that have fewer points than before, with what was found."""
    return {name: f"{left[name].found} ({left[name].why})" for name in whole if left[name].points < whole[name].points}


@cache
def default_criteria() -> Rubric:
    """The rubric that the mutants are written for."""
    return load_rubric(default_rubric())[0]


@dataclass(frozen=True)
class Outcome:
    """What a mutant lost, and how that compares with what it should have lost."""

    lost: dict[str, str]
    missed: tuple[str, ...]
    collateral: tuple[str, ...]

    @property
    def caught(self) -> bool:
        """Did every criterion lose points that had to?"""
        return not self.missed


def compared(mutant: Mutant, found: Mapping[str, str], depends: Mapping[str, Iterable[str]]) -> Outcome:
    """What was missed, and what was lost that neither the table nor the rubric connects with the defect."""
    missed = tuple(name for name in mutant.loses if name not in found)
    connected = {*mutant.loses, *mutant.also, *(name for name, other in depends.items() if set(other) & set(mutant.loses))}
    return Outcome(dict(found), missed, tuple(name for name in found if name not in connected))


def dependencies() -> dict[str, tuple[str, ...]]:
    """What each criterion depends on, as the rubric says."""
    return {criterion.id: tuple(criterion.depends) for criterion in default_criteria().criterion}


def grade(mutant: Mutant, examination: Examination, whole: Mapping[str, Verdict], folder: Path) -> Outcome:
    """Grade one mutant in a folder of its own."""
    submission = examination.copy(folder)
    mutant.apply(submission)
    return compared(mutant, lost(whole, examination.verdicts(submission)), dependencies())
