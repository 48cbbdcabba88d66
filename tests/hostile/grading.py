"""Grade one submission of the suite, as a batch would: a worker of its own, and trusted processes that all share."""

from __future__ import annotations

import json
import pickle
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from grader.asking import Deadlines
from grader.errors import InputError
from grader.examiner import examine
from grader.gathering import Setting
from grader.records import Report
from grader.report.json_report import to_json
from grader.sandbox.base import Opener
from grader.sandbox.template import Template
from grader.session import make_setting
from grader.submission.archive import unpacked
from grader.trainers import Trainers
from tests.hostile.cases import Case
from tests.hostile.places import HOSTILE, RUBRIC
from tests.hostile.workers import Log, remembered, watched
from tests.hostile.world import World
from tests.locks import one_at_a_time

SHORT = Deadlines(export=6, experiment=6, call=6, submission=30)


@dataclass(frozen=True)
class Graded:
    """A grading: the report, or the sentence of a refusal; what the workers said; how long it took."""

    report: Report | None
    refusal: str
    log: Log
    seconds: float

    @property
    def points(self) -> dict[str, Fraction]:
        """By criterion."""
        return {verdict.criterion: verdict.points for verdict in self.report.verdicts} if self.report else {}

    @property
    def faults(self) -> set[str]:
        """The kinds of fault that the workers or the examiner's side met."""
        cards = self.report.roles if self.report else ()
        return self.log.faults | {card.fault.kind for card in cards if card.fault}

    @property
    def verdicts(self) -> str:
        """The report without what is a matter of time."""
        assert self.report is not None, self.refusal
        document = json.loads(to_json(self.report))
        del document["timing"]
        return json.dumps(document, sort_keys=True)


@dataclass
class Grader:
    """What all gradings of one process share, and a folder that all processes of the tests share."""

    setting: Setting
    trainers: Trainers
    shared: Path

    @classmethod
    @contextmanager
    def start(cls, shared: Path) -> Iterator[Grader]:
        """Start a pool. Nothing is cached: what a pool has trained, it has trained after an attack."""
        with Template("full") as template, Trainers(1, "cpu", None) as trainers:
            setting = make_setting(rubric=RUBRIC, device="cpu", isolation="full", workers=template.open)
            yield cls(setting, trainers, shared)

    def alone(self, name: str) -> Graded:
        """A twin, graded once for all processes of the tests."""
        kept = self.shared / f"{name}.pickle"
        with one_at_a_time(self.shared / f"{name}.lock"):
            if not kept.exists():
                shutil.copytree(HOSTILE / name, self.shared / name / "submission")
                kept.write_bytes(pickle.dumps(self.grade(self.shared / name / "submission")))
        found: Graded = pickle.loads(kept.read_bytes())
        return found

    def grade(self, path: Path, opener: Opener | None = None, deadlines: Deadlines | None = None, only: tuple[str, ...] = ()) -> Graded:
        """Grade a folder or an archive."""
        log = Log()
        open_one = watched(opener or self.setting.open_worker, log)
        setting = replace(self.setting, open_worker=open_one, deadlines=deadlines or self.setting.deadlines)
        start, report, refusal = time.monotonic(), None, ""
        try:
            with unpacked(path) as folder:
                report = examine(folder, setting, self.trainers, only)
        except InputError as error:
            refusal = str(error)
        return Graded(report, refusal, log, time.monotonic() - start)

    def attack(self, case: Case, world: World) -> Graded:
        """Grade an attack."""
        handed_in = build(case, world)
        world.remember()
        return self.grade(handed_in, self._opener(case), SHORT, case.only)

    def _opener(self, case: Case) -> Opener:
        if case.reads_only:
            return remembered(self.alone(case.twin).log)
        return self.setting.open_worker

    def next_honest(self, case: Case, folder: Path) -> Graded:
        """Grade the honest submission after an attack, in the same pool."""
        shutil.copytree(HOSTILE / "_honest", folder / "submission")
        log = self.alone("_honest").log
        return self.grade(folder / "submission", remembered(log, anew=self.setting.open_worker if case.lasting else None))


def build(case: Case, world: World) -> Path:
    """The attack as it is handed in: its files over those of its twin, with the names of what it is after filled in."""
    submission = world.around / "submission"
    shutil.copytree(HOSTILE / case.twin, submission)
    if (HOSTILE / case.name).is_dir():
        shutil.copytree(HOSTILE / case.name, submission, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for path in submission.rglob("*.py"):
        path.write_text(world.fill(path.read_text()))
    return case.make(submission, world.around) if case.make else submission
