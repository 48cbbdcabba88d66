"""Grade the reference under one seed after the other, each network trained to the end of its recipe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from grader.calibration.thresholds import Runs
from grader.gathering import Setting
from grader.records import Outcome, Report, RoleCard
from grader.rubric import Profile, Rubric
from grader.session import grade_submission

Measured = dict[str, dict[str, Runs]]  # kind of images -> role -> runs
Seeded = Callable[[int], Setting]
"""The setting for a seed."""


def measure(reference: Path, seeded: Seeded, seeds: Iterable[int], jobs: int, ended: Callable[[int, Report], None]) -> Measured:
    """What the reference reaches. Trainings are cached: what was stopped goes on where it was. Raises InputError."""
    cards: dict[str, dict[str, list[tuple[int, RoleCard]]]] = defaultdict(lambda: defaultdict(list))
    for seed in seeds:
        setting = _to_the_end(seeded(seed))
        report = grade_submission(reference, setting, only=trained_criteria(setting.rubric), jobs=jobs)
        for card in report.roles:
            if card.training is not None and not card.training.diverged:
                cards[card.data_kind][card.role].append((seed, card))
        ended(seed, report)
    return {kind: {role: _runs(found) for role, found in roles.items()} for kind, roles in cards.items()}


def trained_criteria(rubric: Rubric) -> tuple[str, ...]:
    """The criteria that are about accuracy."""
    return tuple(each.id for each in rubric.criterion if each.alternatives[0].check == "accuracy")


def broken(report: Report) -> str:
    """Why a reference's run says nothing; "" where it does."""
    bad = next((each for each in report.verdicts if each.outcome in (Outcome.BROKEN, Outcome.SKIPPED)), None)
    return f"{bad.criterion}: {bad.why}" if bad else ""


def _to_the_end(setting: Setting) -> Setting:
    """Nothing to stop early for."""
    profiles: dict[str, Profile] = {name: each.model_copy(update={"thresholds": {}}) for name, each in setting.rubric.profile.items()}
    return replace(setting, rubric=setting.rubric.model_copy(update={"profile": profiles}))


def _runs(found: list[tuple[int, RoleCard]]) -> Runs:
    trainings = [card.training for _, card in found if card.training is not None]
    return Runs(
        seeds=tuple(seed for seed, _ in found),
        accuracies=tuple(float(each.accuracy) for each in trainings),
        losses=tuple(each.losses for each in trainings),
        held=trainings[0].held,
        chance=1 / len(found[0][1].classes),
    )
