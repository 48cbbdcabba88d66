"""Rubric and choice of criteria to the evidence that is wanted: merged, implied needs added, in a fixed order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.checks import cases_of, check_named
from grader.checks.base import Need
from grader.errors import InputError
from grader.rubric import Advice, Criterion, Profile, Rubric


@dataclass(frozen=True)
class Plan:
    """What to judge and what to find out for it."""

    criteria: tuple[Criterion, ...]
    advice: tuple[Advice, ...]
    needs: tuple[Need, ...]

    def subjects(self, kind: str) -> tuple[str, ...]:
        """The roles or experiments of the needs of one kind, in order."""
        return tuple(need.subject for need in self.needs if need.kind == kind)


def make_plan(rubric: Rubric, profile: Profile, only: Sequence[str] = ()) -> Plan:
    """Which evidence the chosen criteria want. ``only`` names parts or criteria; an unknown name raises InputError."""
    criteria = tuple(each for each in rubric.criterion if not only or each.part in only or each.id in only)
    _refuse_unknown(rubric, only)
    advice = () if only else tuple(rubric.advice)
    wanted = {
        need
        for criterion in (*criteria, *advice)
        for case in cases_of(criterion, rubric, profile, {})
        for need in check_named(case.check).needs(case.case)
    }
    wanted |= {Need("export", need.subject) for need in wanted if need.kind in ("train", "rebuild", "gradients")}
    return Plan(criteria, advice, tuple(sorted(wanted, key=lambda need: _order(rubric, profile, need))))


def _refuse_unknown(rubric: Rubric, only: Sequence[str]) -> None:
    known = [part.id for part in rubric.part] + [criterion.id for criterion in rubric.criterion]
    for name in only:
        if name not in known:
            parts = ", ".join(part.id for part in rubric.part)
            raise InputError(f'--only: there is no part or criterion "{name}"; the parts are {parts}.')


def _order(rubric: Rubric, profile: Profile, need: Need) -> tuple[float, int, str]:
    """Roles that train longest come first, so that the trainers are busy from the start; ties in the rubric's order."""
    role = need.subject.partition("#")[0]
    recipe = profile.recipes.get(role)
    place = list(rubric.role).index(role) if role in rubric.role else 0
    return (-recipe.expected_seconds if recipe else 0, place, f"{need.kind} {need.subject}")
