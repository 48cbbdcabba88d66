"""The candidates for each role: how far the structure of each fits, what the words say, and whether that is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from grader.discovery.fit import Fit, Fitting
from grader.discovery.records import Build, Definition, Sample, Survey
from grader.discovery.vocabulary import FILE, Ideas, Said, Vocabulary, ideas_of, may_be, parts_of
from grader.records import Fault, NetworkFacts
from grader.rubric import Rubric

WORDS, PLACE = 0.4, 0.1  # what words add to a structure that fits
_ORIGIN = {"call": 0.08, "default": 0.04, "inferred": 0.0}
_HOST = 0.15  # a network that is given the layer it is put around is there to try that layer
_THOUGHT_UP = 0.15  # a build that is no call of the student's, where one of these is all that the role asks for
_UNSEEN = 0.35  # stands for the fit of what cannot be built or run
_LEAST_FULL, _LEAST_PART, _LEAST_STUDY, _LEAST_UNSEEN = 0.75, 0.75, 0.95, 0.55
_LEAST_NEAR = 0.7  # of a fit in a study: what has five times the layers is not shallow
_OUT_OF_REACH = 9.0
_CONTRADICTED = 0.3  # of words against it: what is named for something else does not fill a role it fits in part


@dataclass(frozen=True)
class Candidate:
    """One sample for one role."""

    sample: Sample
    fit: Fit
    said: Said
    value: float
    enough: float  # the value from which on it fills the role
    order: int = 0  # its place among the samples: of equals the first

    @property
    def gain(self) -> float:
        """How much more than enough it is worth."""
        return self.value - self.enough

    @property
    def definition(self) -> str:
        """``file.py:Name``."""
        return self.sample.build.definition.place

    @property
    def fault(self) -> Fault | None:
        """Why it could not be built, run or measured."""
        return self.sample.facts if isinstance(self.sample.facts, Fault) else None


class Field:
    """All samples of a submission, held against all roles of a rubric."""

    def __init__(self, rubric: Rubric, samples: Sequence[Sample], survey: Survey) -> None:
        self._rubric = rubric
        self._fitting = Fitting(rubric)
        self.vocabulary = Vocabulary(rubric)
        self._samples = (*samples, *_never_built(samples, survey))
        self._ideas = [ideas_of(sample.build) for sample in self._samples]
        self._working = {sample.build.definition.place for sample in samples if isinstance(sample.facts, NetworkFacts)}
        self._channels = {self._fitting.shape_of(name)[0] for name, role in rubric.role.items() if role.kind == "network"}
        self._fits: dict[tuple[str, int], Fit] = {}
        self._located: dict[str, bool] = {}
        self._studies: dict[str, frozenset[str]] = {}

    def fit(self, role: str, sample: Sample) -> Fit:
        """How far a sample fits a role, the shape it takes counted."""
        key = (role, id(sample))
        if key not in self._fits:
            shape = self._shape_fit(role, sample)
            fit = self._fitting.fit(role, sample) if shape else Fit(0.0)
            self._fits[key] = replace(fit, value=fit.value * shape)
        return self._fits[key]

    def _shape_fit(self, role: str, sample: Sample) -> float:
        """1 where it takes what the contract feeds; a network for images that the role does not name may take others."""
        table = self._rubric.role[role]
        if table.kind != "network" or table.data is None:
            return 1.0
        asked = self._fitting.shape_of(role)
        is_named = self.vocabulary.is_about(role, table.data)
        if sample.shape == asked or len(sample.shape) != len(asked):
            return float(sample.shape == asked)
        if is_named:
            return 0.85 * (sample.shape[0] == asked[0])
        return float(sample.shape[0] in self._channels)

    def is_study(self, role: str) -> bool:
        """Whether a role is one of a study that may be done on any images: then a network has to be part of the study."""
        table = self._rubric.role[role]
        return table.kind == "network" and table.data is not None and not self.vocabulary.is_about(role, table.data)

    def candidates(self, role: str) -> list[Candidate]:
        """What comes near a role, best first, each build once."""
        found: dict[str, Candidate] = {}
        own = self._studied(self._rubric.role[role].part) if self.is_study(role) else frozenset[str]()
        for order, (sample, ideas) in enumerate(zip(self._samples, self._ideas, strict=True)):
            if sample.build.origin == "inferred" and sample.build.definition.place in own:
                continue  # the student says which variants there are
            candidate = self._candidate(role, sample, ideas)
            best = found.get(sample.build.text)
            if candidate and (best is None or candidate.value > best.value):
                found[sample.build.text] = replace(candidate, order=order)
        return sorted(_own_calls_first(list(found.values())), key=_rank)

    def _studied(self, part: str) -> frozenset[str]:
        """The definitions of which the student's own calls make several networks that differ in which roles of a study they fill."""
        if part not in self._studies:
            roles = [name for name, role in self._rubric.role.items() if role.part == part]
            found: dict[str, set[frozenset[str]]] = {}
            for sample in self._samples:
                full = frozenset(name for name in roles if sample.build.origin == "call" and self.fit(name, sample).is_full)
                if full:
                    found.setdefault(sample.build.definition.place, set()).add(full)
            self._studies[part] = frozenset(place for place, filled in found.items() if len(filled) > 1)
        return self._studies[part]

    def is_located(self, part: str) -> bool:
        """Whether names or places say of anything that it is for this part."""
        if part not in self._located:
            roles = [name for name, role in self._rubric.role.items() if role.part == part]
            found = (self.vocabulary.say(role, ideas) for role in roles for ideas in self._ideas)
            self._located[part] = any(is_placed(said) for said in found)
        return self._located[part]

    def _candidate(self, role: str, sample: Sample, ideas: Ideas) -> Candidate | None:
        said = self.vocabulary.say(role, ideas)
        bonus = WORDS * said.score + PLACE * (said.place - said.is_elsewhere) + _ORIGIN[sample.build.origin]
        if self._rubric.role[role].kind == "network" and parts_of(sample.build):
            bonus -= _HOST
        fit = self.fit(role, sample)
        value = self._worth(role, sample, fit)
        if value < 0.25:
            if not self._is_named_work(role, sample, said):
                return None
            return Candidate(self._as_seen(role, sample), Fit(0.0), said, _UNSEEN + bonus, _LEAST_UNSEEN)
        return Candidate(sample, fit, said, value + bonus, self._enough(role, fit, said))

    def _worth(self, role: str, sample: Sample, fit: Fit) -> float:
        """The fit with what siblings ask: what has more than this role asks for is better for the role that asks for it."""
        value = fit.value * (0.35 + 0.65 * fit.extra)
        if not value:
            return 0.0
        siblings = [name for name, each in self._rubric.role.items() if each.part == self._rubric.role[role].part and name != role]
        if not self._fitting.asks_more(role):
            value -= 0.08 * max((self._fitting.extra(name, sample) for name in siblings if self._fitting.asks_more(name)), default=0.0)
        shared = sum(self.fit(name, sample).is_full for name in siblings)
        return value - 0.1 * shared / max(1, len(siblings))

    def _enough(self, role: str, fit: Fit, said: Said) -> float:
        """The value from which on a sample fills a role: out of reach where it is part of something else."""
        study = self.is_study(role)
        is_elsewhere = not is_placed(said) and self.is_located(self._rubric.role[role].part)
        if study and (is_elsewhere or fit.value < _LEAST_NEAR or said.contradiction > max(0.5, said.support)):
            return _OUT_OF_REACH
        if not self._is_own_layer(role, fit, said) or (fit.extra < 0.5 and said.named < 0.7):
            return _OUT_OF_REACH
        if fit.is_full:
            return _LEAST_STUDY if study else _LEAST_FULL
        is_named = max(said.support, said.named * 0.6) >= 0.4 and said.support - said.score < _CONTRADICTED
        return _LEAST_PART if is_named else _OUT_OF_REACH

    def _is_own_layer(self, role: str, fit: Fit, said: Said) -> bool:
        """A helper that only wraps torch's layers is no custom layer unless it stands among them."""
        table = self._rubric.role[role]
        asks_own = table.kind == "layer" and self.vocabulary.roles[role] & self.vocabulary.parts[table.part]
        return not asks_own or fit.value >= 0.95 or said.place >= FILE

    def _as_seen(self, role: str, sample: Sample) -> Sample:
        """A sample that fits nothing, with the reason where it is one of running."""
        if isinstance(sample.facts, Fault) or self._shape_fit(role, sample):
            return sample
        asked, definition = self._fitting.shape_of(role), sample.build.definition
        what = f"it takes {_sides(sample.shape)} and not {_sides(asked)}"
        return replace(sample, exported=None, facts=Fault("forward", what, definition.file, definition.line))

    def _is_named_work(self, role: str, sample: Sample, said: Said) -> bool:
        """Whether names say that what does not work was meant for the role: by its arguments, where other builds do work."""
        build = sample.build
        if said.contradiction >= 0.5 or self.vocabulary.subjects & set(said.against):
            return False
        if not may_be(build.definition.name, self._rubric.role[role].kind):
            return False
        if self.is_study(role):
            if not is_placed(said) or said.support < 0.6:
                return False
            if isinstance(sample.facts, NetworkFacts) and self._shape_fit(role, sample):
                return self._rubric.role[role].kind == "network" and len(next(iter(sample.facts.output_shapes.values()))) == 2
        elif isinstance(sample.facts, NetworkFacts):
            return False
        if build.definition.place not in self._working:
            return said.support >= 0.4
        others = self.vocabulary.say(role, ideas_of(Build(build.definition, {})))
        return build.origin != "inferred" and said.score > others.score and said.support >= 0.6


def _own_calls_first(found: Sequence[Candidate]) -> list[Candidate]:
    """Without builds that were thought up, of what the student calls in a way that is all the role asks for; others are worth less then."""
    called = [each for each in found if each.sample.build.origin == "call" and each.fit.is_full and each.enough < _OUT_OF_REACH]
    definitions, is_enough = {each.definition for each in called}, any(each.gain > 0 for each in called)
    kept = [each for each in found if each.sample.build.origin != "inferred" or each.definition not in definitions]
    return [replace(each, value=each.value - _THOUGHT_UP * (is_enough and each.sample.build.origin == "inferred")) for each in kept]


def _rank(candidate: Candidate) -> tuple[Any, ...]:
    """Best first; among equals what stands first in the code, and of its builds the one that was tried first."""
    definition = candidate.sample.build.definition
    return (-round(candidate.value, 6), definition.file, definition.line, definition.name, candidate.order)


def is_placed(said: Said) -> bool:
    """Whether words say that something is for this part, or for this very role."""
    return said.place >= 0.5 or said.named >= 0.7


def _sides(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "nothing"


def _never_built(samples: Sequence[Sample], survey: Survey) -> list[Sample]:
    """Definitions of which there is no sample at all: nobody found out how to build them."""
    known = {sample.build.definition.place for sample in samples}
    unbuilt = (Build(each, {}, "default") for each in survey.definitions if each.place not in known)
    return [Sample(build, (), None, _unknown(build.definition)) for build in unbuilt]


def _unknown(definition: Definition) -> Fault:
    what, remedy = f"no way to build {definition.name} was found", "Give its parameters defaults, or build it once with constants."
    return Fault("arguments", what, definition.file, definition.line, remedy=remedy)
