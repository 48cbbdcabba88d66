"""How far a sample is what a role asks for, read off its graph. The role's own criterion decides; no name is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.checks import BoundCase, block, cases_of, check_named, network, primary_criterion
from grader.checks.base import Case, Evidence
from grader.discovery.kinds import kind_fit
from grader.discovery.records import Sample
from grader.network.exported import Exported
from grader.records import NetworkFacts
from grader.rubric import Profile, Rubric, Variant
from grader.submission import Submission

_STRUCTURE = frozenset({"network", "layer", "block"})
_MORE_STRUCTURE = frozenset({"regularisation"})
_NO_FILES = Submission(Path())


@dataclass(frozen=True)
class Fit:
    """How far a sample fits a role: 1 where all that the role asks of its structure holds."""

    value: float
    extra: float = 1.0  # what holds of the role's further criteria about structure, e.g. that it drops values in training

    @property
    def is_full(self) -> bool:
        """Nothing is missing."""
        return self.value >= 0.84 and self.extra == 1.0


class Fitting:
    """Holds samples against the roles of one rubric."""

    def __init__(self, rubric: Rubric) -> None:
        self._rubric = rubric
        profile = next(iter(rubric.profile.values()))
        self._cases = {role: _structure_case(rubric, profile, role) for role in rubric.role}
        self._extras = {role: _extra_cases(rubric, profile, role) for role in rubric.role}

    def shape_of(self, role: str) -> tuple[int, ...]:
        """What the role's contract feeds."""
        return tuple(self._rubric.role[role].probe.variants[0].shape)

    def asks_more(self, role: str) -> bool:
        """Whether a role has further criteria about its structure."""
        return bool(self._extras[role])

    def extra(self, role: str, sample: Sample) -> float:
        """What holds of them, 0 to 1."""
        return min((_judged(case.check, case.case, role, sample) for case in self._extras[role]), default=1.0)

    def fit(self, role: str, sample: Sample) -> Fit:
        """The fit of a sample that has facts; 0 for one that has none."""
        bound = self._cases[role]
        if bound is None or not isinstance(sample.facts, NetworkFacts):
            return Fit(0.0)
        require = bound.case.require
        if isinstance(require, network.Require):
            near = closeness(require, sample.facts)
            value = near if near < 1 else 0.85 + 0.15 * _judged(bound.check, bound.case, role, sample)
        elif isinstance(require, block.Require):
            value = _block_fit(bound, role, sample)
        else:
            value = kind_fit(require.standard, sample)
        return Fit(value, self.extra(role, sample) if value else 1.0)


def _structure_case(rubric: Rubric, profile: Profile, role: str) -> BoundCase | None:
    first = primary_criterion(rubric, role)
    found = (criterion for criterion in rubric.criterion if criterion.id == first)
    return next((case for criterion in found for case in cases_of(criterion, rubric, profile, {}) if case.check in _STRUCTURE), None)


def _extra_cases(rubric: Rubric, profile: Profile, role: str) -> tuple[BoundCase, ...]:
    asked = [criterion for criterion in rubric.criterion if criterion.roles == [role]]
    return tuple(case for each in asked for case in cases_of(each, rubric, profile, {}) if case.check in _MORE_STRUCTURE)


def _judged(check: str, case: Case, role: str, sample: Sample) -> float:
    exports: Mapping[str, Any] = {role: sample.exported} if isinstance(sample.exported, Exported) else {}
    judgement = check_named(check).judge(case, Evidence(_NO_FILES, exports=exports, facts={role: sample.facts}))
    return float(judgement.fraction) if judgement else 0.0


# --- networks --------------------------------------------------------------------------------------------------------


def closeness(require: network.Require, facts: NetworkFacts) -> float:
    """How near a network comes to what is asked: 1 where all holds, 0 where something is not there at all."""
    shapes = [shape[1:] for shape in facts.output_shapes.values() if shape]
    if not any(len(shape) == len(require.output) for shape in shapes):
        return 0.0
    value = 1.0 if tuple(require.output) in shapes else 0.5
    counts = (
        (require.linears, len(facts.linears)),
        (require.convolutions, len(network.main_convolutions(facts))),
        (require.residuals, len(facts.residuals)),
        (require.parameters, facts.parameters),
    )
    for asked, found in counts:
        value *= _near(asked, found)
    value *= _kernels(require, facts)
    return value if value in (0.0, 1.0) else 0.4 + 0.6 * value  # to come near is more than half of it


def _near(asked: network.Range | None, found: int) -> float:
    if asked is None or found in asked:
        return 1.0
    if found < asked.least:
        return found / asked.least
    return (asked.most or 0) / found


def _kernels(require: network.Require, facts: NetworkFacts) -> float:
    if require.kernels is None:
        return 1.0
    asked = set(require.kernels)
    found = {max(each.kernel) for each in network.main_convolutions(facts)}
    if require.kernel_rule == "all of":
        return 1.0 if asked <= found else 0.0
    found = {extent for extent in found if extent > 1} or found
    return 1.0 if found == asked else 0.5 if asked <= found else 0.0


# --- blocks ----------------------------------------------------------------------------------------------------------


def _block_fit(bound: BoundCase, role: str, sample: Sample) -> float:
    """The block's own criterion, asked for the shape that the sample gives: what it is built with is the student's choice."""
    facts = sample.facts
    assert isinstance(facts, NetworkFacts)
    output = next((shape[1:] for shape in facts.output_shapes.values() if shape), ())
    if len(output) != len(sample.shape) or not facts.convs or len(facts.residuals) > 2:
        return 0.0
    variant = Variant(arguments={}, shape=list(sample.shape))
    table = bound.case.rubric.role[role]
    alone = table.model_copy(update={"probe": table.probe.model_copy(update={"variants": [variant]})})
    rubric = bound.case.rubric.model_copy(update={"role": {role: alone}})
    require = bound.case.require.model_copy(update={"outputs": [list(output)]})
    judged = _judged(bound.check, Case(bound.case.criterion, require, rubric, bound.case.profile, {}), role, sample)
    if not facts.residuals:
        return judged / 2
    is_wide_outside = require.kind == "wide" and max(each.out_channels for each in facts.convs) <= output[0] != sample.shape[0]
    return 0.7 * judged if is_wide_outside else judged  # a block with more channels behind it than before it is no wider inside
