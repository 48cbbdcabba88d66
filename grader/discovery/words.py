"""What names say: the ideas in a role's texts, held against those in a candidate's name, arguments and places of use.

An idea ("residual", "shallow", ...) is known by its words in English, Russian, Ukrainian and their transliterations. What
a rubric's role is about is read off its own id, title and name and the title of its first criterion; words that no idea
covers stand for themselves, so that a rubric about something else needs no change here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from grader.checks import primary_criterion
from grader.discovery.records import Build
from grader.rubric import Role, Rubric

_IDEAS = {
    "fc": r"fc|fcn|fcnn|fcnet|mlp|dense|fully(?: connected)?|linear|perceptron|полносв\w*|повноз?в\S*|полн[оы]\S*связ\w*|перцептрон\w*|polnosv\w*|povnozv\w*",
    "cnn": r"c ?nn|convnets?|conv ?nets?|conv ?networks?",
    "conv": r"conv\w*|с?в[её]рт\w*|згортк?\w*|svert\w*|svyort\w*|zgort\w*",
    "plain": r"simple\w*|basic\w*|base|baseline|plain|vanilla|прост\w*|базов\w*|звичайн\w*|обычн\w*|prost\w*|bazov\w*",
    "residual": r"res|resid\w*|residual\w*|resnet\w*|res ?cnn|skip\w*|остаточн\w*|резид\w*|залишков\w*|ostatoch\w*|zalyshk\w*|rezid\w*",
    "regularised": r"reg|regcnn|regul\w*|drop|drop ?out\w*|регул\w*|дроп\w*|regulyar\w*",
    "mnist": r"mnist\w*|мнист\w*",
    "cifar": r"cifar\w*|сифар\w*|цифар\w*",
    "kernel": r"kernels?|kern|ker|filter ?sizes?|ядр\w*|ядер|yadr\w*|yader",
    "mixed": r"mix\w*|combo\w*|combin\w*|comb|hybrid\w*|multi ?kernel|multi ?scale|inception\w*|комб\w*|смеш\w*|зміш\w*|гибрид\w*|smesh\w*|komb\w*",
    "depth": r"depths?|глубин\w*|глибин\w*|glubin\w*|glybyn\w*|(?:num|n|conv|count|number of) (?:conv )?(?:layers?|blocks?|convs?)|n ?layers",
    "deep": r"deep\w*|very deep|глубок\w*|глибок\w*|gluboc?k\w*|glybok\w*",
    "shallow": r"shallow\w*|small|tiny|неглуб\w*|неглиб\w*|мелк\w*|мілк\w*|поверхн\w*|nebolsh\w*|neglub\w*|melk\w*",
    "medium": r"medium|med|mid|middle|moderate|average depth|средн\w*|середн\w*|sredn\w*|seredn\w*",
    "wide": r"wid\w*|широк\w*|shirok\w*|shyrok\w*",
    "bottleneck": r"bottle ?necks?|bottle|бутыл\w*|ботлн\w*|узк\w* горл\w*|вузьк\w*|butyl\w*",
    "attention": r"att\w*|se|selayer|se ?block|squeeze\w*|excit\w*|cbam|eca|вниман\w*|уваг\w*|vniman\w*|uvag\w*",
    "activation": r"act|activ\w*|swish|mish|silu|gelu|elu|relu\w*|snake|активац\w*|aktiv\w*",
    "pooling": r"pool\w*|пул\w*|пулінг\w*|pul\w*ng\w*",
    "custom": r"custom\w*|own|my|кастом\w*|собствен\w*|власн\w*|свой|svoy|kastom\w*",
    "block": r"blocks?|блок\w*|blok\w*",
} | {f"{side}x{side}": rf"{side} ?[xх×] ?{side}|k ?{side}|(?:kernel|ker|conv)(?: size)? ?{side}" for side in (1, 3, 5, 7, 9)}
_PATTERNS = {name: re.compile(rf"(?<!\w)(?:{words})(?!\w)") for name, words in _IDEAS.items()}
# Of these, a name may have one and still fill any role: they say of what family a thing is.
_NEUTRAL = frozenset({"cnn", "conv", "block", "custom"})
_WEAK = frozenset({"plain"})  # so are these, nearly: much is called simple
_STOP = frozenset("a an and as at by for from in is its of on or the that this to what with has have net nets network networks model "
                  "models class classes layer layers torch name says more than not add adds logic same work works homework own".split())  # fmt: skip

# How much a word counts by where it stands: an argument, the name of a class (of one that arguments make several things of,
# its name is less), where it is built, its docstring, its file.
TOLD, NAME, FAMILY, USE, DOC, FILE = 1.0, 1.0, 0.9, 0.8, 0.4, 0.3
_MOST_USED = 0.4  # of what speaks against it by its uses alone: it may stand beside others in one table

Ideas = Mapping[str, float]


def spelled(text: str) -> str:
    """A name or sentence as lower-case words: camel case, underscores and digits taken apart, ``3x3`` kept."""
    text = re.sub(r"(\d)\s*[xXхХ×]\s*(?=\d)", r"\1x", text)
    text = re.sub(r"(?<=[a-zа-яёіїєґ0-9])(?=[A-ZА-ЯЁІЇЄҐ])|(?<=[A-ZА-ЯЁІЇЄҐ])(?=[A-ZА-ЯЁІЇЄҐ][a-zа-яёіїєґ])", " ", text)
    text = re.sub(r"(?<=\d)(?=[^\W\d_])(?!x\d)|(?<=[^\W\d_])(?<!\dx)(?=\d)", " ", text)
    return " ".join(re.findall(r"\dx\d|[^\W_]+", text.lower()))


def ideas_in(text: str) -> frozenset[str]:
    """The ideas that a text names."""
    words = spelled(text)
    return frozenset(name for name, pattern in _PATTERNS.items() if pattern.search(words))


def _rest(text: str) -> frozenset[str]:
    """Words of a text that no idea covers."""
    words = spelled(text)
    for pattern in _PATTERNS.values():
        words = pattern.sub(" ", words)
    return frozenset(word for word in words.split() if len(word) >= 4 and word not in _STOP and not any(map(str.isdigit, word)))


def ideas_of(build: Build) -> dict[str, float]:
    """The ideas that speak for a build, each with the weight of the strongest place it stands in."""
    files = {PurePosixPath(path).stem.lower() for path in (build.definition.file, (build.place or "").partition(":")[0]) if path}
    uses = [word for word in build.words if PurePosixPath(word).stem not in files]
    places = (
        (FILE, " ".join(files)),
        (DOC, build.definition.doc.partition("\n\n")[0][:300]),
        (USE, " , ".join(uses)),
        (FAMILY if any(_told(build.arguments)) else NAME, build.definition.name),
        (TOLD, " ".join(_told(build.arguments))),
        (FAMILY, " ".join((build.definition.name, *_told(build.arguments)))),  # for what they say together: KernelNet(3)
    )
    found: dict[str, float] = {}
    for weight, text in places:
        for idea in ideas_in(text) | {f"={word}" for word in _rest(text)}:
            found[idea] = max(weight, found.get(idea, 0.0))
    return found


def _told(arguments: Mapping[str, Any]) -> Iterable[str]:
    """Arguments as words; one that is switched off (False, None, 0) says nothing."""
    for name, value in arguments.items():
        if isinstance(value, dict) and "$ref" in value:
            value = str(value["$ref"]).rpartition(":")[2]
        if isinstance(value, str | int | float) and value:
            yield f"{name}={'' if value is True else value};"


@dataclass(frozen=True)
class Said:
    """What the words say about one build and one role."""

    score: float  # -1 to 1.1: what speaks for the role less what speaks for something else
    support: float  # 0 to 1: what speaks for it
    contradiction: float  # what speaks for something else
    named: float  # 0 to 1: the strongest place that names what only this role (or hardly another) is about
    place: float  # 0 to 1: whether it stands in the part's own work
    matched: tuple[str, ...]
    against: tuple[str, ...]


class Vocabulary:
    """The ideas of a rubric's roles and parts, and how much each tells one role from another."""

    def __init__(self, rubric: Rubric) -> None:
        self.roles = {name: _ideas_of_role(rubric, name, role) for name, role in rubric.role.items()}
        self.parts = {part.id: _ideas_of_part(rubric, part.id) for part in rubric.part}
        self.subjects = frozenset(str(role.data) for role in rubric.role.values() if role.data)
        self._kinds = {kind: [name for name, role in rubric.role.items() if role.kind == kind] for kind in {r.kind for r in rubric.role.values()}}
        self._rubric = rubric
        self._weights = {name: {idea: self._weight(name, idea) for idea in ideas} for name, ideas in self.roles.items()}
        self._siblings = {
            part.id: {idea for name, role in rubric.role.items() if role.part == part.id for idea in self.roles[name]} for part in rubric.part
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
        slight = self.subjects | _WEAK
        strong = {idea: weight for idea, weight in found.items() if idea not in _NEUTRAL and not idea.startswith("=")}
        return {idea: weight / 4 if idea in slight else weight for idea, weight in strong.items()}

    def is_about(self, role: str, subject: str) -> bool:
        """Whether the role or its part names the images it is for."""
        return subject in self.roles[role] or subject in self.parts[self._rubric.role[role].part]

    def say(self, role: str, ideas: Ideas) -> Said:
        """What the ideas of a build say about a role."""
        weights = self._weights[role]
        matched = {idea: weight * ideas[idea] for idea, weight in weights.items() if idea in ideas}
        support = sum(matched.values()) / max(1.0, sum(weight for idea, weight in weights.items() if not idea.startswith("=")))
        part, kind = self.parts[self._rubric.role[role].part], self._rubric.role[role].kind
        least = DOC if kind == "network" else FAMILY  # what a layer is used in says little about it
        siblings = self._siblings[self._rubric.role[role].part]
        against = {
            idea: weight * (ideas[idea] if ideas[idea] == NAME else ideas[idea] / 2) / (2 if idea in siblings else 1)
            for idea, weight in self._foreign[kind].items()
            if ideas.get(idea, 0) >= least and idea not in weights and idea not in part
        }
        named = sum(weight for idea, weight in against.items() if ideas[idea] >= FAMILY)
        used = sum(weight for idea, weight in against.items() if ideas[idea] < FAMILY)
        contradiction = named + min(_MOST_USED, used)
        return Said(
            score=min(1.1, support) - min(1.0, contradiction),
            support=min(1.0, support),
            contradiction=contradiction,
            named=max((ideas[idea] for idea, weight in weights.items() if weight >= 0.8 and idea in ideas), default=0.0),
            place=self._place(role, ideas),
            matched=tuple(idea.removeprefix("=") for idea, weight in matched.items() if weight > 0.05),
            against=tuple(idea for idea, weight in against.items() if weight > 0.1),
        )

    def _place(self, role: str, ideas: Ideas) -> float:
        """The strongest place that names what the part is about; a file that has the name of the part's file is half a sign."""
        part = self._rubric.role[role].part
        own = max((ideas[idea] for idea in self.parts[part] if idea in ideas), default=0.0)
        stem = next(PurePosixPath(each.file).stem for each in self._rubric.part if each.id == part)
        words = _rest(stem)
        return max(own, 0.5 if words and all(f"={word}" in ideas for word in words) else 0.0)


def _ideas_of_role(rubric: Rubric, name: str, role: Role) -> frozenset[str]:
    first = primary_criterion(rubric, name)
    title = next((criterion.title for criterion in rubric.criterion if criterion.id == first), "")
    named = f"{name} {role.name}"
    family = _NEUTRAL if role.kind == "network" else frozenset[str]()
    return (ideas_in(f"{named} {role.title} {title}") - family) | {f"={word}" for word in _rest(named)}


def _ideas_of_part(rubric: Rubric, part: str) -> frozenset[str]:
    """What only this part is about, and no other."""

    def told(each: str) -> frozenset[str]:
        title = next(one.title for one in rubric.part if one.id == each)
        names = [f"{one.title} {one.function}" for one in rubric.experiment.values() if one.part == each]
        return ideas_in(" ".join((title, *names)))

    others = frozenset().union(*(told(each.id) for each in rubric.part if each.id != part))
    return (told(part) - others) or told(part)
