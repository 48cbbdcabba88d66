"""What the words around a build say about the roles of a rubric.

What a role is about is read off its own id, title and name and the title of its first criterion; words there that no idea
covers stand for themselves, so that a rubric about something else needs no change here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from grader.checks import primary_criterion
from grader.discovery.records import Build
from grader.discovery.words import NEUTRAL, WEAK, ideas_in, rest_of, spelled
from grader.rubric import Role, Rubric

# How much a word counts by where it stands: the name of a class, an argument, the name of one that arguments make several
# things of, where it is built, its docstring, its file.
NAME, TOLD, FAMILY, USE, DOC, FILE = 1.0, 0.95, 0.9, 0.8, 0.4, 0.3
# How much can speak against something by its arguments alone (many networks can be told a kernel size) and by its uses
# alone (it may stand beside others in one table).
_MOST_TOLD, _MOST_USED = 0.5, 0.25

Ideas = Mapping[str, float]


def ideas_of(build: Build) -> dict[str, float]:
    """The ideas that speak for a build, each with the weight of the strongest place it stands in."""
    files = {PurePosixPath(path).stem.lower() for path in (build.definition.file, (build.place or "").partition(":")[0]) if path}
    uses = [word for word in build.words if PurePosixPath(word).stem not in files]
    places = (
        (FILE, " , ".join(sorted(files))),
        (DOC, " , ".join((build.definition.doc.partition("\n\n")[0][:300], *parts_of(build)))),
        (USE, " , ".join(uses)),
        (FAMILY if any(_told(build.arguments)) else NAME, build.definition.name),
        (TOLD, " ".join(_told(build.arguments))),
        (FAMILY, " ".join((build.definition.name, *_told(build.arguments)))),  # for what they say together: KernelNet(3)
    )
    found: dict[str, float] = {}
    for weight, text in places:
        for idea in ideas_in(text) | {f"={word}" for word in rest_of(text)}:
            found[idea] = max(weight, found.get(idea, 0.0))
    return found


def parts_of(build: Build) -> tuple[str, ...]:
    """The names of the submission's own classes that a build is given to put together."""
    references = (str(value["$ref"]).rpartition(":") for value in build.arguments.values() if isinstance(value, dict) and "$ref" in value)
    return tuple(name for module, _, name in references if not module.startswith("torch"))


def may_be(name: str, kind: str) -> bool:
    """Whether something of that name may be of a kind: a network is called no block or layer, and these are called no network."""
    words = set(spelled(name).split())
    is_part = bool(words & {"block", "layer", "блок", "слой"})
    return not is_part if kind == "network" else is_part or not (words & {"net", "cnn", "network", "model"} or "cnn" in ideas_in(name))


def _told(arguments: Mapping[str, Any]) -> Iterable[str]:
    """Arguments as words; one that is switched off (False, None, 0) says nothing."""
    for name, value in arguments.items():
        if isinstance(value, dict) and "$new" in value:
            yield from _told(value["with"])
        elif isinstance(value, str | int | float) and value:
            yield f"{name}={'' if value is True else value};"


@dataclass(frozen=True)
class Said:
    """What the words say about one build and one role."""

    score: float  # -1 to 1.1: what speaks for the role less what speaks for something else
    support: float  # 0 to 1: what speaks for it
    contradiction: float  # what speaks for something else
    named: float  # 0 to 1: the strongest place that names what only this role (or hardly another) is about
    place: float  # 0 to 1: whether it stands in the part's own work
    is_elsewhere: bool  # its file has the name of another part's file
    matched: tuple[str, ...]
    against: tuple[str, ...]


class Vocabulary:
    """The ideas of a rubric's roles and parts, and how much each tells one role from another."""

    def __init__(self, rubric: Rubric) -> None:
        self.roles = {name: _ideas_of_role(rubric, name, role) for name, role in rubric.role.items()}
        self.parts = {part.id: _ideas_of_part(rubric, part.id) for part in rubric.part}
        self.subjects = frozenset(str(role.data) for role in rubric.role.values() if role.data)
        kinds = {role.kind for role in rubric.role.values()}
        self._kinds = {kind: [name for name, role in rubric.role.items() if role.kind == kind] for kind in kinds}
        self._rubric = rubric
        self._weights = {name: {idea: self._weight(name, idea) for idea in sorted(ideas)} for name, ideas in self.roles.items()}
        self._files = {part.id: {f"={word}" for word in rest_of(PurePosixPath(part.file).stem)} for part in rubric.part}
        self._siblings = {
            part.id: {idea for name, role in rubric.role.items() if role.part == part.id for idea in self.roles[name]}
            for part in rubric.part
        }
        self._foreign = {kind: self._foreign_to(kind) for kind in self._kinds}

    def _weight(self, role: str, idea: str) -> float:
        """1 where no other role of its kind is about it, 0 where all are."""
        peers = self._kinds[self._rubric.role[role].kind]
        others = sum(idea in self.roles[peer] for peer in peers if peer != role)
        return float((1 - others / len(peers)) ** 2) if others else 1.0

    def _foreign_to(self, kind: str) -> dict[str, float]:
        """What tells that something is for another role. A layer may well have a kernel size; a network is known by its layers, too."""
        found: dict[str, float] = {}
        for role, weights in self._weights.items():
            for idea, weight in weights.items():
                if kind == "network" or self._rubric.role[role].kind != "network":
                    found[idea] = max(weight, found.get(idea, 0.0))
        slight = self.subjects | WEAK
        strong = {idea: weight for idea, weight in found.items() if idea not in NEUTRAL and not idea.startswith("=")}
        return {idea: weight / 4 if idea in slight else weight for idea, weight in strong.items()}

    def is_about(self, role: str, subject: str) -> bool:
        """Whether the role or its part names the images it is for."""
        return subject in self.roles[role] or subject in self.parts[self._rubric.role[role].part]

    def say(self, role: str, ideas: Ideas) -> Said:
        """What the ideas of a build say about a role."""
        weights = self._weights[role]
        matched = {idea: weight * ideas[idea] for idea, weight in weights.items() if idea in ideas}
        support = sum(matched.values()) / max(1.0, sum(weight for idea, weight in weights.items() if not idea.startswith("=")))
        against = self._against(role, ideas)
        contradiction = _weighed(against, ideas)
        return Said(
            score=min(1.1, support) - min(1.0, contradiction),
            support=min(1.0, support),
            contradiction=contradiction,
            named=max((ideas[idea] for idea, weight in weights.items() if weight >= 0.8 and idea in ideas), default=0.0),
            place=self._place(role, ideas),
            is_elsewhere=self._is_elsewhere(role, ideas),
            matched=tuple(idea.removeprefix("=") for idea, weight in matched.items() if weight > 0.05),
            against=tuple(idea for idea, weight in against.items() if weight > 0.1),
        )

    def _against(self, role: str, ideas: Ideas) -> dict[str, float]:
        """What speaks for something else; half of it where that is another role of the same part, which the structure tells apart."""
        table = self._rubric.role[role]
        own = self._weights[role].keys() | self.parts[table.part]
        if table.data and not self.is_about(role, table.data):
            own |= self.subjects  # on which images a study is done is the student's choice
        least = DOC if table.kind == "network" else FAMILY  # what a layer is used in says little about it
        return {
            idea: weight * (ideas[idea] if ideas[idea] == NAME else ideas[idea] / 2) / (2 if idea in self._siblings[table.part] else 1)
            for idea, weight in self._foreign[table.kind].items()
            if ideas.get(idea, 0) >= least and idea not in own
        }

    def _place(self, role: str, ideas: Ideas) -> float:
        """The strongest place that names what the part is about; a file that has the name of the part's file is half a sign."""
        part = self._rubric.role[role].part
        own = max((ideas[idea] for idea in self.parts[part] if idea in ideas), default=0.0)
        words = self._files[part]
        return max(own, 0.5 if words and words <= ideas.keys() else 0.0)

    def _is_elsewhere(self, role: str, ideas: Ideas) -> bool:
        own = self._files[self._rubric.role[role].part]
        others = [words for words in self._files.values() if words and words != own]
        return not own <= ideas.keys() and any(words <= ideas.keys() for words in others)


def _weighed(against: Ideas, ideas: Ideas) -> float:
    """What speaks against it, by where it stands."""
    named = sum(weight for idea, weight in against.items() if ideas[idea] in (NAME, FAMILY))
    told = sum(weight for idea, weight in against.items() if ideas[idea] == TOLD)
    used = sum(weight for idea, weight in against.items() if ideas[idea] < FAMILY)
    return named + min(_MOST_TOLD, told) + min(_MOST_USED, used)


def _ideas_of_role(rubric: Rubric, name: str, role: Role) -> frozenset[str]:
    first = primary_criterion(rubric, name)
    title = next((criterion.title for criterion in rubric.criterion if criterion.id == first), "")
    named = f"{name} {role.name}"
    family = NEUTRAL if role.kind == "network" else frozenset[str]()
    return (ideas_in(f"{named} {role.title} {title}") - family) | {f"={word}" for word in rest_of(named)}


def _ideas_of_part(rubric: Rubric, part: str) -> frozenset[str]:
    """What only this part is about, and no other."""

    def told(each: str) -> frozenset[str]:
        title = next(one.title for one in rubric.part if one.id == each)
        names = [f"{one.title} {one.function}" for one in rubric.experiment.values() if one.part == each]
        return ideas_in(" ".join((title, *names)))

    others = frozenset().union(*(told(each.id) for each in rubric.part if each.id != part))
    return (told(part) - others) or told(part)
