"""What flows through the grader: frozen records and their enums. No behaviour beyond small derived values.

Texts are kept as a message (an English template and its parameters); renderers make the text, so that a translation
needs no change here (the template is the gettext message id).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal


class Outcome(StrEnum):
    """What came of a criterion. BROKEN is only ever a fault of the grader."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"
    BROKEN = "broken"


class Review(StrEnum):
    """Whether a person should look at a verdict."""

    NONE = "none"
    RECOMMENDED = "recommended"
    REQUIRED = "required"


class Basis(StrEnum):
    """What a verdict rests on, strongest first."""

    MEASURED = "measured"
    CLAIM = "claim of the worker"
    ARTEFACT = "artefact on disk"
    CODE = "read from the code"


@dataclass(frozen=True)
class Message:
    """A template in English with named fields (``str.format``) and the values for them."""

    template: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.params) if self.params else self.template


def message(template: str, /, **params: Any) -> Message:
    """Shorthand: ``message("{count} layers", count=3)``."""
    return Message(template, params)


@dataclass(frozen=True)
class Fault:
    """Why something could not be had from the student's work: what happened, where, and what helps."""

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    construct: str | None = None
    remedy: str | None = None

    @property
    def place(self) -> str | None:
        """``file:line``, or what is known of it."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file

    @property
    def sentence(self) -> str:
        """The whole of it in one line: where, what, and what helps."""
        where = f"{self.place}: " if self.place and self.place not in self.message else ""
        what = f" ({self.construct})" if self.construct and self.construct not in self.message else ""
        return f"{where}{self.message.rstrip('.')}{what}" + (f". {self.remedy}" if self.remedy else "")


# --- a network, measured ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LayerFact:
    """One layer of a network, read off its functional evaluation graph (weights counted once per distinct storage)."""

    kind: str  # "conv" | "linear" | "norm" | "pool" | "nonlinearity" | "dropout" | "softmax" | "other"
    op: str
    path: str | None  # of its weight, e.g. "conv1.weight"
    at: str | None  # "models/cnn_models.py:31"
    kernel: tuple[int, ...] = ()  # spatial extent by the support of the gradient (dilation and masks counted)
    stride: tuple[int, ...] = ()
    in_channels: int = 0
    out_channels: int = 0
    groups: int = 1
    parameters: int = 0
    multiply_adds: int = 0  # for one sample
    output_shape: tuple[int, ...] = ()  # for one sample, without the batch dimension
    in_main_path: bool = True  # False on the shortcut of a residual addition


@dataclass(frozen=True)
class ResidualFact:
    """One residual addition: ``out = branch(d) + shortcut(d)``."""

    node: str
    at: str | None
    source: str  # the node d that both sides come from
    shortcut: str  # "identity" | "projection" | "pooling" | "padding" | "norm"
    branch_convs: tuple[str, ...]  # weight paths of the convolutions in the branch, in order


@dataclass(frozen=True)
class DropoutFact:
    """A random operator of the training graph."""

    op: str
    at: str | None
    probability: float
    active_in_evaluation: bool


@dataclass(frozen=True)
class NetworkFacts:
    """Everything that is read off one network, without training it."""

    output_shapes: dict[int, tuple[int, ...]]  # batch size -> shape of the output
    batch_independent: bool  # evaluation: a sample's output does not depend on the others
    evaluation_agrees: bool  # the exported evaluation graph equals the evaluation form of the training graph
    eager_agrees: bool  # the worker's eager output on its probe equals the graph's; graphs of several batch sizes agree
    finite: bool
    layers: tuple[LayerFact, ...]  # in order of execution; only those the output depends on
    residuals: tuple[ResidualFact, ...]
    dropouts: tuple[DropoutFact, ...]
    parameters: int  # numbers in distinct trainable storages the output depends on
    frozen_parameters: int
    unused_parameters: tuple[str, ...]  # paths
    constant_weights: tuple[str, ...]  # constants used as weights
    receptive_field: tuple[int, int] | None  # (height, width) in pixels of one unit before flatten or global pooling
    multiply_adds: int  # one sample
    weight_gradients: dict[str, float]  # path -> L2 norm of the gradient of a random cross-entropy at initialisation
    input_shape: tuple[int, ...] = ()  # one sample, without the batch dimension, e.g. (3, 32, 32)
    modes: Literal["same", "simpler", "other"] = "same"  # evaluation against training: the same, a part of it, another network
    evaluation_only: tuple[str, ...] = ()  # weights and operators of the evaluation graph that training lacks
    unused_count: int = 0  # numbers in the unused parameters

    @property
    def convs(self) -> tuple[LayerFact, ...]:
        """The convolutions, in order."""
        return tuple(layer for layer in self.layers if layer.kind == "conv")

    @property
    def linears(self) -> tuple[LayerFact, ...]:
        """The fully connected layers, in order."""
        return tuple(layer for layer in self.layers if layer.kind == "linear")


@dataclass(frozen=True)
class TrainingResult:
    """What came of training one network by a recipe on a data set. Accuracies are fractions of exact counts."""

    steps: int
    images: int  # trained on, each as often as it came: steps times the batch of the recipe
    stopped_early: bool
    diverged: bool  # a loss or an output was not finite
    precision: str  # "bfloat16" | "float32"
    losses: tuple[float, ...]  # training loss, mean of each tenth of the steps
    validation: tuple[tuple[int, float], ...]  # (step, accuracy) on the validation part
    initial_correct: int  # of the first ``initial_seen`` held-out images, before training
    initial_seen: int
    correct: int  # held-out images right after training
    held: int  # number of held-out images
    train_correct: int  # of ``train_seen`` training images, after training
    train_seen: int
    confusion: tuple[tuple[int, ...], ...]  # [true][predicted], counts over held-out images
    gradient_norms: dict[str, tuple[float, ...]]  # path of each weight (>= 2 dims) -> L2 norm at the first, middle and last step
    dead_parameters: tuple[str, ...]  # paths whose gradient was zero or missing on every step

    @property
    def accuracy(self) -> Fraction:
        """Share of held-out images that were classified right."""
        return Fraction(self.correct, self.held)


# --- verdicts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """One of several things that a check looks at; a check's fraction is the weighted share of those that hold."""

    holds: Fraction
    expected: Message
    found: Message
    why: Message
    weight: Fraction = Fraction(1)
    review: Review = Review.NONE
    look_at: str | None = None


@dataclass(frozen=True)
class Judgement:
    """A check's word on one alternative of a criterion; scoring turns it into points."""

    fraction: Fraction  # of the alternative's share, 0 to 1
    expected: Message
    found: Message
    why: Message
    hint: Message | None = None
    review: Review = Review.NONE
    look_at: str | None = None  # file:line or path for the reviewer
    items: tuple[Item, ...] = ()  # what the fraction is made of


@dataclass(frozen=True)
class Weighed:
    """One alternative of a criterion, as it was judged: on its own it earns ``fraction * share`` of the points."""

    check: str
    basis: Basis
    share: Fraction
    judgement: Judgement | None  # None: the submission shows nothing of this kind
    counts: bool = False  # whether the verdict is this one's


@dataclass(frozen=True)
class Verdict:
    """The word on one criterion."""

    criterion: str
    part: str
    title: str
    outcome: Outcome
    points: Fraction
    max_points: Fraction
    basis: Basis | None
    review: Review
    expected: Message
    found: Message
    why: Message
    hint: Message | None
    roles: tuple[str, ...] = ()
    look_at: str | None = None
    depends_on: str | None = None  # for SKIPPED: the criterion whose failure is the reason
    weighed: tuple[Weighed, ...] = ()  # the alternatives that were tried, strongest first


@dataclass(frozen=True)
class PartScore:
    """Points of one part."""

    part: str
    title: str
    points: Fraction
    max_points: Fraction


@dataclass(frozen=True)
class Score:
    """The provisional points, with the range that open reviews allow."""

    points: Fraction
    max_points: Fraction
    lowest: Fraction
    highest: Fraction
    parts: tuple[PartScore, ...]


# --- the report ------------------------------------------------------------------------------------------------------


def written(arguments: Mapping[str, Any]) -> str:
    """Arguments as a call has them, ``key=value, other=Name``: a class or function of the submission by its name."""
    return ", ".join(f"{key}={_written(value)}" for key, value in arguments.items())


def _written(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("with"), dict) and "$new" in value:
        return f"{str(value['$new']).rpartition(':')[2]}({written(value['with'])})"
    return str(value["$ref"]).rpartition(":")[2] if isinstance(value, dict) and "$ref" in value else repr(value)


@dataclass(frozen=True)
class Asked:
    """What a worker was asked to build and hand over: the sample's shape, and the batches that the network was fed."""

    arguments: dict[str, Any]
    shape: tuple[int, ...]
    batch_sizes: tuple[int, ...]


@dataclass(frozen=True)
class Bar:
    """The accuracy that a role has to reach, and the runs of the reference that it comes from."""

    value: float
    mean: float
    std: float
    lowest: float
    seeds: tuple[int, ...]
    note: str


@dataclass(frozen=True)
class RoleCard:
    """Which class was taken for a role, and what was measured on it."""

    role: str
    title: str
    part: str
    candidate: str | None  # "models/cnn_models.py:SimpleCNN"
    arguments: dict[str, Any]
    confidence: float
    reason: Message
    fault: Fault | None = None
    notes: tuple[str, ...] = ()  # what had to be done to export it
    facts: NetworkFacts | None = None
    training: TrainingResult | None = None
    classes: tuple[str, ...] = ()
    data_kind: str = ""  # which images it was trained on, e.g. "digits"
    shape: tuple[int, ...] | None = None  # what it takes, where it was searched for
    alternatives: tuple[str, ...] = ()  # what else could fill it, best first: ``file.py:Name(key=value)``
    asked: tuple[Asked, ...] = ()  # the first is what was measured and trained
    bar: Bar | None = None  # for these images; None where nothing was measured


PUBLIC_SEED = 0  # of a self-check: everybody knows it, and who runs twice sees the same marks twice


@dataclass(frozen=True)
class Protection:
    """One thing that keeps a submission's code from the marks and the machine, and whether it was in force."""

    name: str  # "files", "network", "system-calls", "memory", ...
    in_force: bool
    detail: str  # what it stops, or why it is missing; the same on every run on one machine


@dataclass(frozen=True)
class Provenance:
    """All that is needed to grade again."""

    grader_version: str
    rubric: str
    rubric_hash: str
    profile: str
    seed: int
    self_check: bool  # graded with PUBLIC_SEED
    submission: str
    submission_hash: str
    data: dict[str, str]  # name -> the sentence that says which data it is
    data_fingerprints: dict[str, str]
    device: str
    cpu_capability: str
    precision: str
    torch_version: str
    torchvision_version: str
    python_version: str
    platform: str
    isolation: str  # what was asked for: "full", "best" or "none"
    protections: tuple[Protection, ...]
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """All that a renderer needs."""

    assignment: str
    score: Score
    verdicts: tuple[Verdict, ...]
    advice: tuple[Verdict, ...]  # the same, without points
    roles: tuple[RoleCard, ...]
    provenance: Provenance
    timing: dict[str, float]  # seconds; the only part that may differ between two runs
    log: tuple[str, ...] = ()  # what was noticed on the way (files that did not import, ...)
