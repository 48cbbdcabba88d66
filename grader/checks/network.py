"""Is a network what its role asks for? Read off its graph: output, independence of samples, layers, kernels, skips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from grader.checks.base import Case, Evidence, Item, Need, Requirements, combine, fault_item, item
from grader.records import Fault, Judgement, LayerFact, NetworkFacts, Review, message

# What makes the network the one that was asked for weighs three times as much as that it runs.
RUNS, DEFINES = Fraction(1, 4), Fraction(3, 4)


class Range(Requirements):
    """A whole number from ``least`` to ``most``."""

    least: int = 0
    most: int | None = None

    def __contains__(self, value: int) -> bool:
        return self.least <= value and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        if self.most is None:
            return f"at least {self.least}"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


class Require(Requirements):
    """What the rubric may ask of a network. Convolutions are counted on the main path, once per distinct weight."""

    output: list[int]
    linears: Range | None = None
    convolutions: Range | None = None
    residuals: Range | None = None
    kernels: list[int] | None = None
    kernel_rule: Literal["only", "all of"] = "only"
    parameters: Range | None = None
    nonlinear: bool = True


def needs(case: Case) -> frozenset[Need]:
    """The graph of each role."""
    return frozenset(Need("export", role) for role in case.criterion.roles)


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """The weighted share of what holds; a network with a wrong output earns nothing."""
    items: list[Item] = []
    for role in case.criterion.roles:
        facts = evidence.facts.get(role)
        if facts is None or isinstance(facts, Fault):
            fault = facts or Fault("missing", "the network was not examined")
            items += _without_graph(case, role, fault, evidence)
        else:
            items += items_of(case.require, facts)
    return combine(items, case.criterion.hint)


def _without_graph(case: Case, role: str, fault: Fault, evidence: Evidence) -> list[Item]:
    """A network that runs but cannot be exported: its output shape is a claim of the worker, the rest is for a person."""
    lost = fault_item(role, fault, message("{title}", title=case.rubric.role[role].title))
    shapes = evidence.claimed_shapes.get(role)
    if not shapes:
        return [lost]
    right = all(shape == (size, *case.require.output) for size, shape in shapes.items())
    listed = ", ".join(f"{size} -> {list(shape)}" for size, shape in shapes.items())
    claim = item(
        right,
        message("an output of shape (N, {shape})", shape=", ".join(map(str, case.require.output))),
        message("batch size -> shape: {listed}", listed=listed),
        message("computed by the worker, since the network could not be exported"),
        weight=RUNS,
    )
    return [claim, replace(lost, weight=DEFINES, review=Review.REQUIRED)]


def items_of(require: Require, facts: NetworkFacts) -> list[Item]:
    """What the requirement asks, each as an item; weights add up to one."""
    output = _output(require, facts)
    if not output.holds:
        return [replace(output, weight=Fraction(1))]
    asked = [each for make in _DEFINING for each in make(require, facts)]
    weighed = [replace(each, weight=DEFINES / len(asked)) for each in asked]
    return [output, _independence(facts), *_doubts(facts), *weighed]


def _output(require: Require, facts: NetworkFacts) -> Item:
    wrong = {size: shape for size, shape in facts.output_shapes.items() if shape != (size, *require.output)}
    shapes = ", ".join(f"{size} -> {list(shape)}" for size, shape in (wrong or facts.output_shapes).items())
    expected = message("an output of shape (N, {shape}) for every batch size N", shape=", ".join(map(str, require.output)))
    if not facts.finite:
        return item(False, expected, message("the output is not finite"), message("NaN or infinity on ordinary input"))
    why = message("the output has the shape that the task needs") if not wrong else message("the shape is not the one asked for")
    return item(not wrong, expected, message("batch size -> shape: {shapes}", shapes=shapes), why, weight=RUNS / 2)


def _independence(facts: NetworkFacts) -> Item:
    return item(
        facts.batch_independent,
        message("in evaluation each image is judged on its own"),
        message("the outputs are independent") if facts.batch_independent else message("an output changes with its neighbours"),
        message("the same image gets the same output in any batch")
        if facts.batch_independent
        else message("something mixes the samples of a batch in evaluation mode (a norm without running statistics, a sum over N)"),
        weight=RUNS / 2,
    )


def _doubts(facts: NetworkFacts) -> list[Item]:
    """Where the exported graph and the running code differ, a person looks: no weight, but a required review."""
    doubts = (
        (facts.eager_agrees, message("the network behaves while it is exported as it does when it runs")),
        (facts.evaluation_agrees, message("training and evaluation are the same network")),
    )
    why = message("what was exported is not what runs; a person has to look")
    return [
        Item(Fraction(0), expected, message("they differ"), why, Fraction(0), Review.REQUIRED)
        for holds, expected in doubts
        if not holds
    ]


def _count(asked: Range | None, found: int, things: str, where: str) -> list[Item]:
    if asked is None:
        return []
    holds = found in asked
    why = message("{found} counted on the graph: {where}", found=found, where=where or "none")
    return [item(holds, message("{asked} {things}", asked=str(asked), things=things), message("{found}", found=found), why)]


def _linears(require: Require, facts: NetworkFacts) -> list[Item]:
    return _count(require.linears, len(facts.linears), "fully connected layers", _listed(facts.linears))


def _convolutions(require: Require, facts: NetworkFacts) -> list[Item]:
    convs = main_convolutions(facts)
    return _count(require.convolutions, len(convs), "convolution layers", _listed(convs))


def _residuals(require: Require, facts: NetworkFacts) -> list[Item]:
    places = ", ".join(dict.fromkeys(residual.at or residual.node for residual in facts.residuals))
    return _count(require.residuals, len(facts.residuals), "residual connections", places)


def _parameters(require: Require, facts: NetworkFacts) -> list[Item]:
    return _count(require.parameters, facts.parameters, "parameters", "trainable numbers that the output depends on")


def _kernels(require: Require, facts: NetworkFacts) -> list[Item]:
    if require.kernels is None:
        return []
    found = sorted({extent for layer in main_convolutions(facts) for extent in layer.kernel})
    spatial = [extent for extent in found if extent > 1] or found
    holds = spatial == require.kernels if require.kernel_rule == "only" else set(require.kernels) <= set(found)
    words = " and ".join(f"{extent}x{extent}" for extent in require.kernels)
    rule = "only " if require.kernel_rule == "only" else "both "
    return [
        item(
            holds,
            message("convolutions with {rule}{kernels} kernels", rule=rule, kernels=words),
            message("kernels of extent {found}", found=", ".join(map(str, found)) or "none"),
            message("the extent is measured by the support of the gradient: {where}", where=_listed(main_convolutions(facts))),
        )
    ]


def _nonlinear(require: Require, facts: NetworkFacts) -> list[Item]:
    if not require.nonlinear:
        return []
    linear_pair = next(_linear_pairs(facts.layers), None)
    return [
        item(
            linear_pair is None,
            message("a non-linearity between the layers"),
            message("a non-linearity between the layers")
            if linear_pair is None
            else message("none between {pair}", pair=" and ".join(layer.path or layer.op for layer in linear_pair)),
            message("without one, two layers collapse into a single linear map"),
        )
    ]


def _linear_pairs(layers: tuple[LayerFact, ...]) -> Iterator[tuple[LayerFact, LayerFact]]:
    """Pairs of weight layers on the main path with nothing non-linear between them.

    Grouped and 1x1 convolutions are passed over: a depthwise-separable or factorised convolution is one layer to the eye.
    """
    last: LayerFact | None = None
    for layer in layers:
        if layer.kind == "nonlinearity" or (layer.kind == "pool" and "max" in layer.op):
            last = None
        elif layer.kind in ("conv", "linear") and layer.in_main_path and not _is_factor(layer):
            if last is not None:
                yield last, layer
            last = layer


def _is_factor(layer: LayerFact) -> bool:
    return layer.kind == "conv" and (layer.groups > 1 or set(layer.kernel) == {1})


def main_convolutions(facts: NetworkFacts) -> tuple[LayerFact, ...]:
    """Convolutions outside the shortcuts of residual connections."""
    return tuple(layer for layer in facts.convs if layer.in_main_path)


def _listed(layers: tuple[LayerFact, ...]) -> str:
    return ", ".join(
        f"{layer.path or layer.op}" + (f" {'x'.join(map(str, layer.kernel))}" if layer.kernel else "") for layer in layers
    )


_DEFINING = (_linears, _convolutions, _residuals, _kernels, _parameters, _nonlinear)
