"""The whole story of one submission: read, match, plan, gather, judge, score, report."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from grader.checks import cases_of, verdict_on
from grader.checks.base import Evidence
from grader.discovery import Match, homework_in
from grader.finding import find_roles
from grader.gathering import Gathered, Setting, gather, subject_of
from grader.network.exported import Exported
from grader.plan import Plan, make_plan
from grader.provenance import provenance
from grader.records import Bar, Fault, NetworkFacts, Report, RoleCard, TrainingResult, Verdict
from grader.rubric import Advice, DataSource
from grader.scoring import score
from grader.submission import open_submission
from grader.trainers import LoadedData, Trainers


def examine(path: Path, setting: Setting, trainers: Trainers, only: tuple[str, ...] = ()) -> Report:
    """Grade one submission. Raises InputError where there is nothing to grade; a student's fault is a verdict."""
    start = time.perf_counter()
    submission = homework_in(open_submission(path), setting.rubric)
    plan = make_plan(setting.rubric, setting.profile, only)
    data = dict(zip(setting.data, trainers.start(setting.data.values()), strict=True))
    found = find_roles(submission, setting, trainers)
    matches = found.matches
    gathered = gather(plan, submission, matches, setting, trainers)
    evidence, seconds = gathered.evidence, gathered.training_seconds
    kinds = {subject: each.kind for subject, each in data.items()}
    verdicts = tuple(_judged(criterion, setting, kinds, evidence) for criterion in plan.criteria)
    return Report(
        assignment=setting.rubric.assignment.title,
        score=score(setting.rubric, verdicts),
        verdicts=verdicts,
        advice=tuple(_judged(advice, setting, kinds, evidence) for advice in plan.advice),
        roles=_cards(plan, matches, setting, gathered, data),
        provenance=provenance(submission, setting, data, gathered.protections, only),
        timing={"total_seconds": time.perf_counter() - start, **{f"train_{role}_seconds": each for role, each in seconds.items()}},
        log=(*submission.notes(), *found.notes),
    )


def match(path: Path, setting: Setting, trainers: Trainers) -> tuple[RoleCard, ...]:
    """What fills each role, without grading it. Raises InputError where there is nothing to read."""
    submission = homework_in(open_submission(path), setting.rubric)
    trainers.start(())
    matches = find_roles(submission, setting, trainers).matches
    return tuple(_bare_card(each, setting) for each in matches.values())


def _bare_card(match: Match, setting: Setting) -> RoleCard:
    role = setting.rubric.role[match.role]
    return RoleCard(
        match.role, role.title, role.part, match.candidate, match.arguments, match.confidence, match.reason, match.fault,
        shape=match.shape, alternatives=match.alternatives,
    )  # fmt: skip


def _judged(criterion: Advice, setting: Setting, kinds: Mapping[str, DataSource], evidence: Evidence) -> Verdict:
    cases = cases_of(criterion, setting.rubric, setting.profile, kinds)
    return verdict_on(criterion, cases, evidence)


def _cards(
    plan: Plan, matches: dict[str, Match], setting: Setting, gathered: Gathered, data: dict[str, LoadedData]
) -> tuple[RoleCard, ...]:
    wanted = {subject.partition("#")[0] for subject in plan.subjects("export")}
    return tuple(
        _card(matches[role], setting, gathered, data, subject_of(role, matches, setting.rubric))
        for role in setting.rubric.role
        if role in wanted
    )


def _card(match: Match, setting: Setting, gathered: Gathered, data: dict[str, LoadedData], subject: str) -> RoleCard:
    role, evidence = setting.rubric.role[match.role], gathered.evidence
    bar = setting.profile.thresholds.get(data[subject].kind, {}).get(match.role) if role.data else None
    exported, facts = evidence.exports.get(match.role), evidence.facts.get(match.role)
    training = evidence.trainings.get(match.role)
    fault = next((each for each in (exported, facts, training) if isinstance(each, Fault)), None)
    return RoleCard(
        role=match.role,
        title=role.title,
        part=role.part,
        candidate=match.candidate,
        arguments=match.arguments,
        confidence=match.confidence,
        reason=match.reason,
        shape=match.shape,
        alternatives=match.alternatives,
        fault=fault,
        notes=tuple(note.message for note in exported.notes) if isinstance(exported, Exported) else (),
        facts=facts if isinstance(facts, NetworkFacts) else None,
        training=training if isinstance(training, TrainingResult) else None,
        classes=data[subject].classes if role.data else (),
        data_kind=data[subject].kind if role.data else "",
        asked=gathered.asked.get(match.role, ()),
        bar=Bar(bar.value, bar.mean, bar.std, bar.lowest, tuple(bar.seeds), bar.note) if bar else None,
    )
