"""The JSON report as models: the one place that names its fields. Schema and documentation are made from these.

Numbers: points are exact decimals of at most four places (half to even), accuracies have four decimals, losses and norms four significant
digits; a number that is not finite is ``null``.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from grader.records import Basis, Outcome, Review

VERSION = 1


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class ScoreModel(_Model):
    """The provisional points of the whole submission, with the range that open reviews allow."""

    points: float = Field(description="points earned, as things stand")
    max: float = Field(description="points that could be earned")
    lowest: float = Field(description="points if every open review is decided against the submission")
    highest: float = Field(description="points if every open review is decided for the submission")


class PartModel(_Model):
    """The points of one part of the assignment."""

    id: str = Field(description="the rubric's id of the part, e.g. `1.1`")
    title: str = Field(description="its title")
    points: float = Field(description="points earned in the part")
    max: float = Field(description="points of the part")


class ItemModel(_Model):
    """One of the things that a check looks at."""

    expected: str = Field(description="what was asked for")
    found: str = Field(description="what the submission has")
    why: str = Field(description="the reason")
    holds: float = Field(description="how far it holds, 0 to 1")
    weight: float = Field(description="its weight among the items of the alternative")


class AlternativeModel(_Model):
    """One way to show the work, as it was judged: on its own it earns `fraction` * `share` of the criterion's points."""

    check: str = Field(description="name of the check")
    basis: Basis = Field(description="what it rests on")
    share: float = Field(description="share of the points that evidence of this kind can earn")
    available: bool = Field(description="whether the submission shows anything of this kind")
    counts: bool = Field(description="whether the verdict is this one's")
    fraction: float | None = Field(description="weighted share of the items that hold; null where it is not available")
    items: list[ItemModel] = Field(description="what `fraction` is made of")


class CriterionModel(_Model):
    """The verdict on one criterion."""

    id: str = Field(description="the rubric's id of the criterion; does not change between runs")
    part: str = Field(description="id of the part that it belongs to")
    title: str = Field(description="the criterion as a sentence")
    points: float = Field(description="points earned")
    max: float = Field(description="points of the criterion; 0 for advice")
    outcome: Outcome = Field(
        description="`skipped`: could not be judged because of another criterion, see `depends_on`; `broken`: the "
        "grader is at fault, not the submission"
    )
    basis: Basis | None = Field(description="what the verdict rests on, strongest first; null where nothing was found")
    review: Review = Field(description="whether a person should look")
    look_at: str | None = Field(description="where the person should look: a path, or `file:line`")
    expected: str = Field(description="what was asked for")
    found: str = Field(description="what the submission has")
    why: str = Field(description="the reason for the outcome")
    hint: str | None = Field(description="what to do about it")
    role: str | None = Field(description="the first of `roles`; null if the criterion concerns none")
    roles: list[str] = Field(description="ids of all roles that the verdict concerns")
    depends_on: str | None = Field(description="for `skipped`: id of the criterion that has to be met first")
    alternatives: list[AlternativeModel] = Field([], description="the ways to show the work that were tried, strongest first")


class FaultModel(_Model):
    """Why something could not be had from the submission."""

    kind: str = Field(description="a short name of the kind of fault")
    message: str = Field(description="what happened")
    file: str | None = Field(description="path inside the submission")
    line: int | None = Field(description="line in the file, counted from 1")
    code: str | None = Field(alias="construct", description="the piece of code at fault")
    remedy: str | None = Field(description="what helps")


class LayerModel(_Model):
    """One layer that the output depends on; shapes and counts are for one sample."""

    kind: str = Field(description="conv, linear, norm, pool, nonlinearity, dropout, softmax or other")
    op: str = Field(description="the operator in the network's graph")
    path: str | None = Field(description="path of its weight, e.g. `conv1.weight`")
    at: str | None = Field(description="`file:line` that it came from")
    kernel: list[int] = Field(description="extent in pixels, by the support of the gradient")
    stride: list[int] = Field(description="step in pixels")
    in_channels: int = Field(description="channels or features that go in")
    out_channels: int = Field(description="channels or features that come out")
    groups: int = Field(description="groups of a convolution")
    parameters: int = Field(description="trainable numbers")
    multiply_adds: int = Field(description="multiply-adds")
    output_shape: list[int] = Field(description="shape that comes out, without the batch dimension")
    in_main_path: bool = Field(description="false on the shortcut of a residual addition")


class ResidualModel(_Model):
    """One residual addition: `out = branch(source) + shortcut(source)`."""

    node: str = Field(description="name of the addition in the graph")
    at: str | None = Field(description="`file:line` of the addition")
    source: str = Field(description="name of the node that both sides come from")
    shortcut: str = Field(description="identity, projection, pooling, padding or norm")
    branch_convs: list[str] = Field(description="paths of the convolutions in the branch, in order")


class DropoutModel(_Model):
    """A random operator of the network in training mode."""

    op: str = Field(description="the operator")
    at: str | None = Field(description="`file:line` that it came from")
    probability: float | None = Field(description="share of the values that is dropped")
    active_in_evaluation: bool = Field(description="true if it stays random in evaluation mode: a mistake")


class FactsModel(_Model):
    """What was read off a network without training it."""

    parameters: int = Field(description="trainable numbers that the output depends on, each storage counted once")
    frozen_parameters: int = Field(description="numbers that are not trained")
    unused_parameters: list[str] = Field(description="paths of parameters that the output does not depend on")
    unused_count: int = Field(description="numbers in those parameters")
    constant_weights: list[str] = Field(description="constants that are used as weights")
    multiply_adds: int = Field(description="multiply-adds for one sample")
    receptive_field: list[int] | None = Field(description="height and width in pixels of one unit before flattening")
    input_shape: list[int] = Field(description="one sample, without the batch dimension; empty if not known")
    output_shapes: dict[str, list[int]] = Field(description="batch size (as text): shape of the output")
    batch_independent: bool = Field(description="in evaluation mode no sample changes the output of another")
    evaluation_agrees: bool = Field(description="evaluation mode differs from training mode only in norms and dropout")
    eager_agrees: bool = Field(description="the network as data gives what the submission's own code gave")
    finite: bool = Field(description="all outputs were finite")
    layers: list[LayerModel] = Field(description="in order of execution")
    residuals: list[ResidualModel] = Field(description="residual additions")
    dropouts: list[DropoutModel] = Field(description="random operators")
    modes: Literal["same", "simpler", "other"] = Field(description="evaluation against training: the same, a part of it, another network")
    evaluation_only: list[str] = Field(description="weights and operators of the evaluation graph that the training graph lacks")
    weight_gradients: dict[str, float | None] = Field(description="path: L2 norm of the gradient before training")


class TrainingModel(_Model):
    """What came of the grader's own training of a network."""

    steps: int = Field(description="optimiser steps taken")
    images: int = Field(description="images trained on, each as often as it came")
    stopped_early: bool = Field(description="the validation images showed early that the threshold is reached")
    diverged: bool = Field(description="a loss or an output was not finite")
    precision: str = Field(description="bfloat16 or float32, in training; accuracies are always taken in float32")
    accuracy: float | None = Field(description="`correct` / `held`")
    initial_accuracy: float | None = Field(description="`initial_correct` / `initial_seen`")
    train_accuracy: float | None = Field(description="`train_correct` / `train_seen`")
    correct: int = Field(description="held-out images classified right after training")
    initial_correct: int = Field(description="held-out images classified right before training, of the first `initial_seen`")
    initial_seen: int = Field(description="held-out images that were looked at before training")
    held: int = Field(description="number of held-out images")
    train_correct: int = Field(description="training images classified right after training")
    train_seen: int = Field(description="number of training images tried for that")
    losses: list[float | None] = Field(description="mean training loss of each tenth of the steps")
    validation: list[tuple[int, float | None]] = Field(description="step and accuracy on the validation images")
    confusion: list[list[int]] = Field(description="held-out images: a row per true class, a column per predicted one")
    gradient_norms: dict[str, list[float | None]] = Field(
        description="path of each weight: L2 norm of its gradient at the first, middle and last step"
    )
    dead_parameters: list[str] = Field(description="paths whose gradient was zero or missing at every step")


class AskedModel(_Model):
    """What a worker was asked to build, and what it was fed."""

    arguments: dict[str, Any] = Field(description="arguments of the constructor, by name")
    shape: list[int] = Field(description="one sample, without the batch dimension")
    batch_sizes: list[int] = Field(description="sizes of the batches; the last is drawn from the seed")


class BarModel(_Model):
    """The accuracy that a role has to reach on these images, and the runs of the reference that it comes from."""

    value: float = Field(description="accuracy to reach")
    mean: float = Field(description="mean accuracy of the reference")
    std: float = Field(description="standard deviation over the seeds")
    lowest: float = Field(description="lowest accuracy of the reference")
    seeds: list[int] = Field(description="seeds of the runs")
    note: str = Field(description="what else is to be known of them")


class RoleModel(_Model):
    """Which class was taken for a role, and what was measured on it."""

    role: str = Field(description="the rubric's id of the role")
    title: str = Field(description="its title")
    part: str = Field(description="id of the part that it belongs to")
    candidate: str | None = Field(description="`file.py:QualifiedName`; null if none was found")
    arguments: dict[str, Any] = Field(description="arguments of the constructor, by name")
    confidence: float | None = Field(description="0 to 1: how sure the grader is that this is the right class")
    reason: str = Field(description="why it was taken")
    alternatives: list[str] = Field(description="what else could fill the role, best first: `file.py:Name(key=value)`")
    fault: FaultModel | None = Field(description="why it could not be used")
    notes: list[str] = Field(description="what had to be done to get the network out of the code")
    facts: FactsModel | None = Field(description="null if the network could not be had as data")
    training: TrainingModel | None = Field(description="null if it was not trained")
    classes: list[str] = Field(description="names of the classes of the data, in the order of `confusion`")
    data: str = Field("", description="kind of images that it was trained on, e.g. digits; empty if it is not trained")
    asked: list[AskedModel] = Field([], description="what was asked of the worker; the first was measured and trained")
    bar: BarModel | None = Field(None, description="the accuracy to reach; null where none was measured")


class ProtectionModel(_Model):
    """One thing that keeps a submission's code from the marks and the machine."""

    name: str = Field(description="process, environment, copy, files, network, processes, system-calls, memory, process-count or disk")
    in_force: bool = Field(description="whether it was there")
    detail: str = Field(description="what it does, or why it was missing")


class ProvenanceModel(_Model):
    """All that is needed to grade again."""

    grader_version: str = Field(description="version of the grader")
    rubric: str = Field(description="name of the rubric")
    rubric_hash: str = Field(description="hash of its contents")
    profile: str = Field(description="quick or full: data, steps and thresholds")
    seed: int = Field(description="seed of everything random")
    self_check: bool = Field(description="whether that is the public seed, which everybody can grade with")
    submission: str = Field(description="what was graded")
    submission_hash: str = Field(description="hash of its files")
    data: dict[str, str] = Field(description="name: the sentence that says which data it is")
    data_fingerprints: dict[str, str] = Field(description="name: hash of the images and labels")
    device: str = Field(description="what the networks were trained on")
    cpu_capability: str = Field(description="the instructions that torch used")
    precision: str = Field(description="the precision path")
    torch_version: str = Field(description="version of torch")
    torchvision_version: str = Field(description="version of torchvision")
    python_version: str = Field(description="version of Python")
    platform: str = Field(description="operating system and machine type")
    isolation: str = Field(description="what was asked for to keep the submission's code apart: full, best or none")
    protections: list[ProtectionModel] = Field(description="what kept it apart, and what was missing")
    only: list[str] = Field(description="parts and criteria that were asked for; empty: all")


class ReportModel(_Model):
    """The document."""

    version: Literal[1] = Field(description="of this format; a field that changes its meaning or goes makes a new one")
    assignment: str = Field(description="title of the assignment")
    score: ScoreModel = Field(description="the whole")
    parts: list[PartModel] = Field(description="in the order of the rubric")
    criteria: list[CriterionModel] = Field(description="what points are given for, in the order of the rubric")
    advice: list[CriterionModel] = Field(description="the same, without points")
    roles: list[RoleModel] = Field(description="in the order of the rubric")
    log: list[str] = Field(description="what was noticed on the way")
    provenance: ProvenanceModel = Field(description="how it was graded")
    timing: dict[str, float | None] = Field(description="what was done: seconds; the only part that may differ between two runs")
