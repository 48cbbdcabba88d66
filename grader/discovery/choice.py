"""All roles of a part at once: the assignment that is worth most, where one piece of work fills one role only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from grader.discovery.candidates import Candidate, Field, is_placed
from grader.discovery.records import Build

_SAME_DEFINITION, _SAME_FILE, _SAME_SHAPE = 0.1, 0.03, 0.05  # what speaks for two candidates being of one study
_SAME_FIT = 0.05
_MOST, _MOST_OF_ONE = 8, 3  # candidates for a role that are looked at, and those of one definition among them
_MOST_STEPS = 50_000  # of the search; the best come first, so that what is cut off is worth little
_ALONE = 3  # roles of a study that has no name anywhere and is told by its structure alone

Clash = Callable[[str, Candidate, str, Candidate], bool]
Chosen = Mapping[str, Candidate]


def choose(field: Field, candidates: Mapping[str, Sequence[Candidate]], elsewhere: Sequence[Candidate] = ()) -> dict[str, Candidate]:
    """The roles of one part that are filled, each with its candidate. ``elsewhere`` is what other parts have taken."""
    most = _most_bonus(len(candidates))
    options = {role: _diverse([each for each in found if each.gain + most > 0]) for role, found in candidates.items()}

    def clash(role: str, one: Candidate, other_role: str, other: Candidate) -> bool:
        return _is_same_work(field, role, one, other_role, other)

    best = _Search(options, clash, any(field.is_study(role) for role in candidates)).best()
    study = [role for role in best if field.is_study(role)]
    part_is_named = all(is_placed(best[role].said) for role in study)
    if study and not part_is_named and _of_one_file(best, study, elsewhere) < min(_ALONE, len(candidates)):
        return {role: each for role, each in best.items() if role not in study or is_placed(each.said)}
    return best


def _most_bonus(roles: int) -> float:
    return (roles - 1) * (_SAME_DEFINITION + _SAME_FILE + _SAME_SHAPE)


def _diverse(found: Sequence[Candidate]) -> list[Candidate]:
    """The best few, and not all of one definition."""
    kept: list[Candidate] = []
    for each in found:
        if sum(other.definition == each.definition for other in kept) < _MOST_OF_ONE:
            kept.append(each)
    return kept[:_MOST]


def _of_one_file(best: Chosen, roles: Sequence[str], elsewhere: Sequence[Candidate]) -> int:
    """How many networks a study has of its own in one file: of a class that nothing else uses, or called so for nothing else."""
    definitions, builds = {each.definition for each in elsewhere}, {each.sample.build.text for each in elsewhere}

    def is_own(build: Build) -> bool:
        return build.definition.place not in definitions or (build.origin == "call" and build.text not in builds)

    files = [best[role].sample.build.definition.file for role in roles if is_own(best[role].sample.build)]
    return max((files.count(file) for file in files), default=0)


def _is_same_work(field: Field, role: str, one: Candidate, other_role: str, other: Candidate) -> bool:
    """One build, or two of a definition that fit both roles alike: their difference is none that the roles ask for."""
    if one.definition != other.definition:
        return False
    if one.sample.build.arguments == other.sample.build.arguments or not (one.fit.value and other.fit.value):
        return one.sample.build.arguments == other.sample.build.arguments

    def differ(asked: str) -> bool:
        first, second = field.fit(asked, one.sample), field.fit(asked, other.sample)
        return abs(first.value * (1 + first.extra) - second.value * (1 + second.extra)) > _SAME_FIT

    return not (differ(role) or differ(other_role))


@dataclass
class _Search:
    """Every combination, cut off where the rest cannot make up for what is already lost."""

    options: Mapping[str, Sequence[Candidate]]
    clash: Clash
    is_study: bool
    worth: float = -1.0
    steps: int = 0

    def best(self) -> dict[str, Candidate]:
        self.found: dict[str, Candidate] = {}
        self._extend({}, list(self.options), 0.0)
        return self.found

    def _extend(self, taken: dict[str, Candidate], left: list[str], worth: float) -> None:
        if not left:
            if worth > self.worth + 1e-9:
                self.worth, self.found = worth, dict(taken)
            return
        self.steps += 1
        if self.steps > _MOST_STEPS or worth + sum(self._most(role) for role in left) <= self.worth:
            return
        role, *rest = left
        for each in self.options[role]:
            if not any(self.clash(role, each, other, chosen) for other, chosen in taken.items()):
                gain = each.gain + sum(bonus(each, chosen, self.is_study) for chosen in taken.values())
                self._extend({**taken, role: each}, rest, worth + gain)
        self._extend(taken, rest, worth)

    def _most(self, role: str) -> float:
        return max((each.gain for each in self.options[role]), default=0.0) + _most_bonus(len(self.options))


def bonus(one: Candidate, other: Candidate, is_study: bool) -> float:
    """What speaks for two candidates being of one study; what a layer is tried on says nothing."""
    if one.fault and other.fault:
        return 0.0
    same_file = one.sample.build.definition.file == other.sample.build.definition.file
    same_shape = is_study and one.sample.shape == other.sample.shape
    return _SAME_DEFINITION * (one.definition == other.definition) + _SAME_FILE * same_file + _SAME_SHAPE * same_shape
