"""Every check by name, and the word on a criterion: its strongest available alternative, judged."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import cast

from pydantic import ValidationError

from grader.checks import (
    accuracy,
    advice,
    backward,
    block,
    code,
    equal_parameters,
    experiment,
    layer,
    learnable,
    network,
    plots,
    regularisation,
    shown,
    trainable,
)
from grader.checks.base import Case, Check, Evidence, joined, review_of
from grader.checks.naming import class_name, in_plain_words
from grader.errors import InputError
from grader.records import Basis, Fault, Judgement, Message, Outcome, Review, Verdict, Weighed, message
from grader.rubric import Advice, Alternative, Criterion, DataSource, Profile, Rubric

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "accuracy": cast(Check, accuracy),
        "advice": cast(Check, advice),
        "backward": cast(Check, backward),
        "block": cast(Check, block),
        "code": cast(Check, code),
        "equal_parameters": cast(Check, equal_parameters),
        "experiment": cast(Check, experiment),
        "layer": cast(Check, layer),
        "learnable": cast(Check, learnable),
        "network": cast(Check, network),
        "plots": cast(Check, plots),
        "regularisation": cast(Check, regularisation),
        "shown": cast(Check, shown),
        "trainable": cast(Check, trainable),
    }
)


@dataclass(frozen=True)
class BoundCase:
    """A case with the name of its check and the strength of its alternative."""

    check: str
    basis: Basis
    share: Fraction
    case: Case


def check_named(name: str) -> Check:
    """The check of that name; an unknown one raises InputError."""
    if name not in CHECKS:
        raise InputError(f'The rubric asks for the check "{name}"; there are {", ".join(sorted(CHECKS))}.')
    return CHECKS[name]


def cases_of(criterion: Advice, rubric: Rubric, profile: Profile, kinds: Mapping[str, DataSource]) -> tuple[BoundCase, ...]:
    """The alternatives of a criterion, strongest first, their requirements parsed (InputError where they are wrong)."""
    return tuple(
        BoundCase(each.check, each.basis, each.share, Case(criterion, _require(criterion, each), rubric, profile, kinds))
        for each in criterion.alternatives
    )


def _require(criterion: Advice, alternative: Alternative) -> object:
    try:
        return check_named(alternative.check).Require.model_validate(alternative.require)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(word) for word in first["loc"])
        raise InputError(
            f'The rubric is wrong: criterion "{criterion.id}" > require > {key}: {first["msg"]} (check "{alternative.check}").'
        ) from error


def verdict_on(criterion: Advice, cases: tuple[BoundCase, ...], evidence: Evidence) -> Verdict:
    """Judge a criterion by the strongest alternative that is available. A check that breaks gives BROKEN, never an exception.

    A claim of the worker takes nothing away: where the next alternative alone earns more, that one counts. Otherwise it
    would pay to let a function fail rather than to let it return what is wrong.
    """
    try:
        criterion, cases = _in_own_names(criterion, cases, evidence)
        weighed: list[Weighed] = []
        verdicts: dict[int, Verdict] = {}  # place of the alternative ->
        for place, case in enumerate(cases):
            judgement = check_named(case.check).judge(case.case, evidence)
            weighed.append(Weighed(case.check, case.basis, case.share, judgement))
            if judgement is not None:
                verdicts[place] = _verdict(criterion, case, judgement)
                if case.basis is not Basis.CLAIM:
                    break
        if not verdicts:
            return replace(_unavailable(criterion, cases, evidence), weighed=tuple(weighed))
        first, best = min(verdicts), max(verdicts, key=lambda place: verdicts[place].points)
        weighed[best] = replace(weighed[best], counts=True)
        verdict = replace(verdicts[best], weighed=tuple(weighed))
        if best == first:
            return verdict
        why = message("with what its function returned it would be less: {found}", found=verdicts[first].found)
        return replace(verdict, why=joined([verdict.why, why]))
    except Exception as error:
        return _broken(criterion, error)


def _in_own_names(criterion: Advice, cases: tuple[BoundCase, ...], evidence: Evidence) -> tuple[Advice, tuple[BoundCase, ...]]:
    """The criterion with a hint that speaks of the student's own classes, or of what is asked for, where classes were searched for."""
    if not evidence.candidates:
        return criterion, cases
    names: dict[str, dict[str, None]] = {}
    for role in criterion.roles:
        table, found = cases[0].case.rubric.role.get(role), evidence.candidates.get(role)
        if table is not None:
            names.setdefault(table.name, {})[class_name(found) if found else table.title] = None
    hint = in_plain_words(criterion.hint)
    if names:
        hint = re.sub(r"\b(" + "|".join(map(re.escape, names)) + r")\b", lambda match: " and ".join(names[match[0]]), hint)
    own = criterion.model_copy(update={"hint": hint})
    return own, tuple(replace(each, case=replace(each.case, criterion=own)) for each in cases)


def _verdict(criterion: Advice, case: BoundCase, judgement: Judgement) -> Verdict:
    fraction = judgement.fraction * case.share
    outcome = Outcome.PASSED if fraction == 1 else Outcome.PARTIAL if fraction > 0 else Outcome.FAILED
    hint = judgement.hint or (None if fraction == 1 else message("{text}", text=criterion.hint))
    return Verdict(
        criterion=criterion.id,
        part=_part(criterion),
        title=criterion.title,
        outcome=outcome,
        points=fraction * _max_points(criterion),
        max_points=_max_points(criterion),
        basis=case.basis,
        review=judgement.review,
        expected=judgement.expected,
        found=judgement.found,
        why=judgement.why,
        hint=hint,
        roles=tuple(criterion.roles),
        look_at=judgement.look_at,
    )


def _unavailable(criterion: Advice, cases: tuple[BoundCase, ...], evidence: Evidence) -> Verdict:
    """FAILED where nothing was found; SKIPPED where the roles that it is about have failed a criterion of their own."""
    unmeasured = _faults(criterion, evidence.exports, evidence.facts)
    primary = next((name for role in unmeasured if (name := primary_criterion(cases[0].case.rubric, role))), None)
    skipped = primary is not None and primary != criterion.id
    faults = unmeasured or _faults(criterion, evidence.trainings, evidence.gradients)
    why = "; ".join(f"{role}: {fault.sentence}" for role, fault in faults.items()) or "no evidence of this piece of work was found"
    return Verdict(
        criterion=criterion.id,
        part=_part(criterion),
        title=criterion.title,
        outcome=Outcome.SKIPPED if skipped else Outcome.FAILED,
        points=Fraction(0),
        max_points=_max_points(criterion),
        basis=None,
        review=max((review_of(fault) for fault in unmeasured.values()), key=list(Review).index, default=Review.NONE),
        expected=message("{text}", text=criterion.title),
        found=message("nothing to judge"),
        why=message("{why}", why=why),
        hint=_hint(criterion, cases, evidence, _remedy(faults.values())),
        roles=tuple(criterion.roles),
        look_at=next((fault.place for fault in faults.values() if fault.place), None),
        depends_on=primary if skipped else None,
    )


def _hint(criterion: Advice, cases: tuple[BoundCase, ...], evidence: Evidence, remedy: str | None) -> Message:
    """What helps. Whose classes have names of their own is not sent to the starter's functions."""
    asked = next((each.case.require for each in cases if each.check == "shown"), None)
    if remedy is None and asked is not None and evidence.candidates:
        return shown.hint_for(asked.aspects)
    return message("{text}", text=remedy or criterion.hint)


def _faults(criterion: Advice, *found: Mapping[str, object]) -> dict[str, Fault]:
    """The first fault of each role of a criterion."""
    return {
        role: fault
        for role in criterion.roles
        if (fault := next((each for kind in found if isinstance(each := kind.get(role), Fault)), None)) is not None
    }


def _remedy(faults: Iterable[Fault]) -> str | None:
    """What helps where a file cannot be imported: nothing in it needs to be written anew, as the rubric's hint would say."""
    return next((fault.remedy for fault in faults if fault.kind == "import" and fault.remedy), None)


def primary_criterion(rubric: Rubric, role: str) -> str | None:
    """The criterion that is about this role alone and comes first: where it fails, those that need the role are skipped."""
    return next((criterion.id for criterion in rubric.criterion if criterion.roles == [role]), None)


def _broken(criterion: Advice, error: Exception) -> Verdict:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return Verdict(
        criterion=criterion.id,
        part=_part(criterion),
        title=criterion.title,
        outcome=Outcome.BROKEN,
        points=Fraction(0),
        max_points=_max_points(criterion),
        basis=None,
        review=Review.REQUIRED,
        expected=message("{text}", text=criterion.title),
        found=message("the grader failed on this criterion"),
        why=message(
            "{kind}: {text} (in {place}); this is a fault of the grader, not of the submission",
            kind=type(error).__name__,
            text=str(error),
            place=f"{last.name}, line {last.lineno}",
        ),
        hint=message("Nothing to do for you: a person will judge this criterion."),
        roles=tuple(criterion.roles),
    )


def _part(criterion: Advice) -> str:
    return criterion.part if isinstance(criterion, Criterion) else ""


def _max_points(criterion: Advice) -> Fraction:
    return criterion.points if isinstance(criterion, Criterion) else Fraction(0)
