"""Which variants a layer or block is asked for, where the submission states itself what fills the role.

A search finds what one sample of a layer looks like, and no more is known of it. A ``submission.toml`` that states a shape
could choose the one on which the layer happens to work: where the candidate takes the arguments of the starter's contract,
it is asked for the rubric's variants all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from grader.discovery import Match
from grader.discovery.declared import declared
from grader.discovery.records import Definition, Unknown
from grader.discovery.survey import survey
from grader.rubric import Role, Rubric
from grader.submission import Submission


def stated_roles(submission: Submission, rubric: Rubric) -> frozenset[str]:
    """The roles that the submission itself states in its ``submission.toml``."""
    return frozenset(declared(submission, rubric))


def with_variants(matches: Mapping[str, Match], submission: Submission, rubric: Rubric) -> dict[str, Match]:
    """The matches, and under ``role#1``, ... the rubric's variants of layers and blocks that state a shape and take them."""
    stated = {role for role in stated_roles(submission, rubric) if _has_choice(matches[role], rubric.role[role])}
    if not stated:
        return dict(matches)
    definitions = {each.place: each for each in survey(submission).definitions}
    found = dict(matches)
    for role in sorted(stated):
        if _takes(definitions.get(f"{matches[role].file}:{matches[role].name}"), matches[role], rubric.role[role]):
            found |= _by_rubric(matches[role], rubric.role[role])
    return found


def left_unasked(matches: Mapping[str, Match], submission: Submission, rubric: Rubric) -> frozenset[str]:
    """Of the roles that state a shape of their own, those whose further variants could not be the rubric's."""
    stated = stated_roles(submission, rubric)
    return frozenset(
        role for role in stated if f"{role}#1" not in matches and matches[role].shape and _has_choice(matches[role], rubric.role[role])
    )


def _has_choice(match: Match, role: Role) -> bool:
    return role.kind != "network" and match.shape is not None and match.fault is None and len(role.probe.variants) > 1


def _takes(definition: Definition | None, match: Match, role: Role) -> bool:
    """Whether the candidate takes the arguments of every variant; one without any has to be fed as the rubric says."""
    variants = role.probe.variants
    if not any(variant.arguments for variant in variants):
        return match.shape == tuple(variants[0].shape)
    if definition is None:
        return False
    names = {each.name for each in definition.parameters}
    open_ended = any(each.kind == "variadic" for each in definition.parameters)
    needed = {each.name for each in definition.parameters if each.default is Unknown.MISSING and each.kind != "variadic"}
    return all(
        (open_ended or variant.arguments.keys() <= names) and needed <= variant.arguments.keys() | match.arguments.keys()
        for variant in variants
    )


def _by_rubric(match: Match, role: Role) -> Iterator[tuple[str, Match]]:
    """A layer is what the rubric asks in all of its variants; a block keeps its first, whose widths are what makes it wide or narrow."""
    first, *further = role.probe.variants
    own = {name: value for name, value in match.arguments.items() if name not in first.arguments}
    if role.kind == "layer":
        yield match.role, replace(match, shape=None, arguments=own | first.arguments)
    for index, variant in enumerate(further, 1):
        yield f"{match.role}#{index}", replace(match, shape=None, arguments=own | variant.arguments)
