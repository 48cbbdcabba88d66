"""What a check is, and what it is given.

A check is a module with three names:

    Require              a pydantic table: the requirements a rubric may state for it
    needs(case)          which evidence it wants, as a set of `Need`
    judge(case, evidence) its word as a `Judgement`, or None where this way of showing the work is not available
                         (then the criterion's next alternative is tried)

Checks are pure: everything they know is in their two arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from grader.network.exported import Exported
from grader.network.gradients import DirectionalCheck
from grader.records import Fault, Item, Judgement, Message, NetworkFacts, Review, TrainingResult, message
from grader.rubric import Advice, DataSource, Profile, Rubric
from grader.submission import Submission

NeedKind = Literal["export", "rebuild", "gradients", "train", "experiment"]


@dataclass(frozen=True, order=True)
class Need:
    """One piece of evidence: its kind and the role or experiment that it is about."""

    kind: NeedKind
    subject: str


class Requirements(BaseModel):
    """Base of every check's `Require` table."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Case:
    """One alternative of one criterion, with what the rubric says about it."""

    criterion: Advice
    require: Any  # the check's own Require table
    rubric: Rubric
    profile: Profile
    kinds: Mapping[str, DataSource]  # subject -> which images stand for it, e.g. {"mnist": "digits"}


@dataclass(frozen=True)
class ClaimedGradients:
    """What the worker claims about a layer's backward pass, held against finite differences on the graph."""

    functions: tuple[str, ...]  # the student's own autograd.Function classes that were met on the way back
    comparison: DirectionalCheck
    idle: tuple[str, ...] = ()  # of the functions, those that only hand their gradient on
    others: tuple[str, ...] = ()  # the mathematics that was left to automatic differentiation


@dataclass(frozen=True)
class Evidence:
    """Everything that was found out about a submission. A Fault stands where something could not be had."""

    submission: Submission
    exports: Mapping[str, Exported | Fault] = field(default_factory=dict)  # role ->
    facts: Mapping[str, NetworkFacts | Fault] = field(default_factory=dict)  # role ->
    claimed_shapes: Mapping[str, dict[int, tuple[int, ...]]] = field(default_factory=dict)  # role without a graph -> batch size -> shape
    rebuilds: Mapping[str, tuple[str, ...] | Fault] = field(default_factory=dict)  # role -> weights equal under two seeds
    gradients: Mapping[str, ClaimedGradients | Fault] = field(default_factory=dict)  # role, or role#variant ->
    trainings: Mapping[str, TrainingResult | Fault] = field(default_factory=dict)  # role ->
    experiments: Mapping[str, dict[str, Any] | Fault] = field(default_factory=dict)  # experiment -> its document (a claim)
    test_counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # experiment -> test images of each class that it was given
    candidates: Mapping[str, str] = field(default_factory=dict)  # role -> "file.py:Name(args)", where roles were found and not given
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # subject that was searched for -> one sample that it takes
    data: Mapping[str, str] = field(default_factory=dict)  # role -> "mnist" or "cifar": what it was trained on
    stated: frozenset[str] = frozenset()  # roles that the submission itself states in its submission.toml
    unasked: frozenset[str] = frozenset()  # of these, the ones with a shape of their own that could not be asked for the rubric's variants


class Check(Protocol):
    """The shape of a check module."""

    Require: type[Requirements]

    def needs(self, case: Case) -> frozenset[Need]:
        """Which evidence the check wants."""

    def judge(self, case: Case, evidence: Evidence) -> Judgement | None:
        """The check's word, or None where this alternative is not available."""


def combine(items: Iterable[Item], hint: str | None = None) -> Judgement:
    """Judgement of several items: their weighted share; the texts are those of the items that do not hold or need a person (or all)."""
    items = tuple(items)
    total = sum((item.weight for item in items), Fraction(0))
    fraction = sum((item.weight * item.holds for item in items), Fraction(0)) / total
    wanting = tuple(item for item in items if item.holds < 1 or item.review is not Review.NONE)
    shown = wanting or items
    return Judgement(
        fraction=fraction,
        expected=joined(item.expected for item in shown),
        found=joined(item.found for item in shown),
        why=joined(item.why for item in shown),
        hint=message("{text}", text=hint) if hint and fraction < 1 else None,
        review=max((item.review for item in items), key=list(Review).index),
        look_at=next((item.look_at for item in wanting if item.look_at), None),
        items=items,
    )


def joined(messages: Iterable[Message]) -> Message:
    """Several messages as one, still translatable one by one; equal ones stand once."""
    parts = tuple({str(each): each for each in messages}.values())
    if len(parts) == 1:
        return parts[0]
    return Message("; ".join(f"{{part{index}}}" for index in range(len(parts))), {f"part{i}": each for i, each in enumerate(parts)})


def item(holds: bool | Fraction, expected: Message, found: Message, why: Message, **rest: Any) -> Item:
    """An item that holds, does not, or holds in part."""
    return Item(Fraction(holds), expected, found, why, **rest)


def fault_item(role: str, fault: Fault, expected: Message) -> Item:
    """The item for a role of which nothing could be had."""
    why = message("{role}: {what}", role=role, what=fault.sentence)
    found = message("{role}: nothing to measure", role=role)
    return Item(Fraction(0), expected, found, why, review=review_of(fault), look_at=fault.place)


# The work may be right where the grader has no graph of it, refused its graph, or stopped waiting; of code that replaces
# what its answers are computed with, a person has to say whether it was meant to.
_UNSURE = frozenset({"export", "network", "deadline", "trainer", "tampered"})


def review_of(fault: Fault) -> Review:
    """Whether a person has to look: the network runs, or may run, and it is the grader that could not measure it."""
    return Review.REQUIRED if fault.kind in _UNSURE else Review.NONE


def doubts(facts: NetworkFacts) -> list[Item]:
    """Where the exported graph and the running code differ, a person looks: an item without weight for each difference."""
    exported = message("the network behaves while it is exported as it does when it runs")
    modes = message("training and evaluation are the same network")
    differ = message("they differ")
    if facts.evaluation_only:
        differ = message("only evaluation has {names}", names=", ".join(facts.evaluation_only[:3]))
    found = (
        (facts.eager_agrees, exported, message("they differ"), Review.REQUIRED),
        # Evaluation that only leaves something out (stochastic depth, a head that helps the training) is common and honest.
        (facts.evaluation_agrees, modes, differ, Review.RECOMMENDED if facts.modes == "simpler" else Review.REQUIRED),
    )
    why = message("what was exported is not what runs; a person has to look")
    return [
        Item(Fraction(0), expected, said, why, Fraction(0), review, place_of(facts)) for holds, expected, said, review in found if not holds
    ]


def is_another(facts: NetworkFacts) -> bool:
    """Whether what was measured is not what runs: a doubt that only a person can settle."""
    return any(each.review is Review.REQUIRED for each in doubts(facts))


def with_doubts(facts: NetworkFacts, items: Iterable[Item]) -> list[Item]:
    """The items and the doubts. What was measured on another network than the one that runs earns nothing until a person has looked."""
    found = doubts(facts)
    if not is_another(facts):
        return [*found, *items]
    return [*found, *(replace(each, holds=Fraction(0), why=found[0].why) for each in items)]


def place_of(facts: NetworkFacts) -> str | None:
    """``file:line`` of the first layer of a network."""
    return next((layer.at for layer in facts.layers if layer.at), None)
