"""Of which part and of which network do words speak? In English, Russian and Ukrainian, and as identifiers.

Results name networks as their authors please: "FC", "полносвязная сеть", "Kernel_3x3", or by the name of the class that
fills the role. A class that fills one role of a part alone is the surest; then words decide, the more special ones first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_SHORTEST = 4  # letters of a class's name that is looked for inside other words
_CNN = r"cnn|conv|сверт|свёрт|згорт|сзм"
_RES = r"(?<![a-z])res(?!ult|ol|t(?!net))|resnet|resid|(?<![a-z])skip|остаточн|залишков|резид"
_PARAMETER = re.compile(r"\b\w+(?:\.\w+)*\.(?:\d+\.\S*|weight|bias)\b")  # layer2.0.conv1.weight is no network of two layers
# Words that name a role; among the roles of a part the first that matches is meant. {3} stands for a kernel's side.
_SIDE = (
    r"(?<![\d.])(?:{0}\s?[xх×*_]\s?{0}(?!\d)|(?:k|ker(?:nel)?s?(?:_?size)?|ядр\w*|size)\W{{0,3}}_?{0}(?![\dxх.])|{0}_?k(?:er)?(?:nel)?\b)"
)
# The number of convolutions: "depth 4", "глубина=4", "4 conv layers".
_DEEP = (
    r"(?:depth|layers?|глубин\w*|глибин\w*|deep)\W{{0,3}}_?(?:{0})(?!\d)"
    r"|(?<!\d)(?:{0})\+?[\s_-]*(?:conv|layer|сло|шар|l\b|св)"
)
ROLE_WORDS: Mapping[str, str] = {
    "fc_mnist": r"(?<![a-z])fc|fully|dense(?!net)|mlp|perceptron|полносвяз|повнозв|перцептрон|linear",
    "rescnn_mnist": _RES,
    "cnn_mnist": rf"{_CNN}|\bsnn\b|(?<![a-z])simple",
    "fc_cifar": r"(?<![a-z])fc|fully|dense(?!net)|mlp|perceptron|полносвяз|повнозв|перцептрон|linear",
    "regrescnn_cifar": r"reg(?!ion|ress)|drop|регуляр",
    "rescnn_cifar": rf"{_RES}|{_CNN}",
    "kmix": r"mix|comb|multi|incept|1\s?[xх×]\s?1|смеш|зміш|комб|k(?:ernel)?_?13\b",
    "k3": _SIDE.format("3"),
    "k5": _SIDE.format("5"),
    "k7": _SIDE.format("7"),
    "depth_residual": rf"{_RES}|with_?skip",
    "shallow": r"shallow|неглуб|мелк|мілк|неглиб|" + _DEEP.format("2"),
    "medium": r"medium|(?<![a-z])mid|средн|середн|" + _DEEP.format("4"),
    "deep": r"deep|глубок|глибок|" + _DEEP.format(r"[6-9]|1\d"),
    "attention": r"att(?:n|ent)|вниман|уваг|(?<![a-z])se_?(?:block|layer|net|module)|cbam",
    "activation": r"activ|актив|swish|mish|gelu|(?<![a-z])p?relu|softplus",
    "pooling": r"pool|пул",
    "custom_conv": r"conv|сверт|свёрт|згорт",
    "bottleneck_block": r"bottle|боттл|ботл|бутылоч|горлыш|пляшк",
    "wide_block": r"wide|широк|уширен",
    "basic_block": r"basic|(?<![a-z])base|базов|базис|простой|простий|standard|standart|стандарт",
}
# "CNN with residual blocks" names one network: where the first role is named, the second needs words of its own.
_BESIDE: Mapping[str, tuple[str, str]] = {
    "cnn_mnist": ("rescnn_mnist", r"simple|прост|\bsnn\b|plain|обычн|звичайн"),
    "rescnn_cifar": ("regrescnn_cifar", r"(?!)"),
    "k3": ("kmix", r"(?!)"),
}
# Words that name a part, where a file, a heading or a key carries them.
_PART_WORDS: Mapping[str, str] = {
    "1.1": r"mnist",
    "1.2": r"cifar",
    "2.1": r"kernel|ker_?size|(?<![a-z])k_?[357](?![\da-z])|(?<!\d)[357]\s?[xх×]\s?[357](?!\d)|(?<![а-яё])ядр|рецептив|receptive",
    "2.2": r"depth(?!_?wise)|глубин|глибин|shallow|неглуб",
    "3.1": r"attention|вниман|pooling|пулинг|custom layers?(?! and)|(?<![a-z])layers?_(?:comp|res|test|exp)"
    r"|кастомн\w+\s(?:и|сло)(?!\w*\s(?:и|та|і)\s)",
    "3.2": r"bottleneck|basic[\s_]*(?:res|block)|(?<![a-z])wide|res(?:idual|net)?[\s_-]*(?:блок|block)|blocks?_"
    r"|residual_exp|остаточн\w* блок",
}
_NETWORK_WITH = re.compile(
    r"(?:cnn|сет[ьи]\w*|мереж\w*|networks?|models?)\s+(?:with|and|с|со|з|із|[+и])\s(?:[\w-]+\s+(?:[и+&]\s+)?){0,3}(?:block|блок)\w*"
)
_TASK = re.compile(r"(?i)(?:task|part|задани[ея]|задача|завдання|часть|частина|exercise|раздел)\W{0,3}([123])(?![.\d])")
_NUMBER = re.compile(r"(?<![\w.,=])([1-9]\.[1-9])(?!\.?\w|\s?%)")
_FOLDERS = {r"architect|архитект|архітект": ("2.1", "2.2"), r"custom|кастом": ("3.1", "3.2"), r"fc[_ ]?(?:vs|comp)|vs_fc": ("1.1", "1.2")}
# How a hint asks for what the starter has: "In FILE write A, B and C. ...", "In FILE write a class NAME(ARGUMENTS) whose argument
# KEY=VALUE gives ...".
_WRITE_THEM = re.compile(r"^In \S+(?: and \S+)* write [A-Z]\w*(?:(?:,| and) [A-Z]\w*)*\. ")
_WRITE_A_CLASS = re.compile(r"^In \S+ write a class \w+(?:\([^()]*\))?")
_WHOSE_ARGUMENT = re.compile(r"\bwhose argument \S+ gives\b")


@dataclass(frozen=True)
class Names:
    """The roles of a part, in the order in which words decide, and the classes that fill one of them alone."""

    roles: tuple[str, ...]
    classes: tuple[tuple[str, str], ...]  # (name as it stands without signs, role), longest first

    def named(self, text: str) -> tuple[str, ...]:
        """The roles that a text names, in order; each word counts once, for the first role that it fits."""
        rest, found = _plain(_PARAMETER.sub(" ", text)), []
        for name, role in self.classes:
            if name in _squeezed(rest):
                found.append(role)
                rest = re.sub(r"[\W_]*".join(map(re.escape, name)), " ", rest)
        for role in self.roles:
            other, beside = _BESIDE.get(role, ("", ""))
            pattern = beside if other in found else ROLE_WORDS.get(role) or re.escape(role)
            if re.search(pattern, rest):
                found.append(role)
                rest = re.sub(rf"\w*(?:{pattern})\w*", " ", rest)
        return tuple(dict.fromkeys(found))

    def one(self, text: str) -> str | None:
        """The role that a text names; of several the one that the words decide on first."""
        return next(iter(self.named(text)), None)


def names_of(roles: Sequence[str], candidates: Mapping[str, str]) -> Names:
    """How results may name the roles of a part."""
    order = {role: place for place, role in enumerate(ROLE_WORDS)}
    owners: dict[str, list[str]] = {}
    for role in roles:
        for name in _calls(candidates.get(role, "")):
            owners.setdefault(_squeezed(name), []).append(role)
    alone = [(name, owned[0]) for name, owned in owners.items() if len(owned) == 1 and len(name) >= _SHORTEST]
    return Names(tuple(sorted(roles, key=lambda role: order.get(role, 0))), tuple(sorted(alone, key=lambda each: -len(each[0]))))


def _calls(candidate: str) -> Iterator[str]:
    """What a candidate may be called: by its class, or by its class and one of its arguments: DepthNet_4, DepthNet(layers=4)."""
    name = class_name(candidate)
    if not name:
        return
    yield name
    for argument in re.findall(r"[\w=+.'\"-]+", candidate.partition("(")[2]):
        yield name + argument
        yield name + argument.rpartition("=")[2]


def in_plain_words(hint: str) -> str:
    """A hint for someone whose work has names of its own: what is asked for, without the starter's file, class and arguments."""
    return _WHOSE_ARGUMENT.sub("with", _WRITE_A_CLASS.sub("Write a class", _WRITE_THEM.sub("", hint)))


def class_name(candidate: str) -> str:
    """ "Net" of "models/nets.py:Net(kernel=3)"."""
    match = re.search(r":([\w.]+)", candidate)
    return match[1].rpartition(".")[2] if match else ""


def _plain(text: str) -> str:
    """Small letters, with the words of CamelCase apart."""
    apart = re.sub(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|(?<=[A-Z])(?=[A-Z][a-z]{2})", "_", text)
    return apart.casefold().replace("_", " ")


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def parts_named(words: str) -> frozenset[str]:
    """The parts that words name: by number, by subject (the data set counts where nothing else is named), or by task."""
    if numbers := {number for number in _NUMBER.findall(words) if number in _PART_WORDS}:
        return frozenset(numbers)
    text = _NETWORK_WITH.sub(" ", words.casefold())
    subjects = {part for part, pattern in _PART_WORDS.items() if re.search(pattern, text)}
    if special := subjects - {"1.1", "1.2"}:
        return frozenset(special)
    if subjects:
        return frozenset(subjects)
    tasks = {f"{task}.{half}" for task in _TASK.findall(words) for half in "12"}
    return frozenset(tasks or next((set(parts) for pattern, parts in _FOLDERS.items() if re.search(pattern, text)), set()))


def part_of(layers: Iterable[str]) -> frozenset[str]:
    """The parts that a place may belong to: layers of words from the nearest to the furthest narrow it down; empty: unknown."""
    found: frozenset[str] = frozenset()
    for words in layers:
        named = parts_named(words) if words else frozenset()
        if named:
            found = (found & named or found) if found else named
        if len(found) == 1:
            break
    return found
