"""Is a network what its role asks for? Read off its graph: output, independence of samples, layers, kernels, skips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from grader.checks.base import Case, Evidence, Need, Requirements, combine, fault_item, item, with_doubts
from grader.network.collapse import linear_pairs
from grader.network.exported import Exported
from grader.records import Fault, Item, Judgement, LayerFact, NetworkFacts, Review, message

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
        facts, exported = evidence.facts.get(role), evidence.exports.get(role)
        if isinstance(facts, NetworkFacts) and isinstance(exported, Exported):
            items += _items(case.require, facts, exported, case.rubric.role[role].probe.batch_sizes)
        else:
            fault = next((each for each in (facts, exported) if isinstance(each, Fault)), Fault("missing", "it was not examined"))
            items += _without_graph(case, role, fault, evidence)
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


def _items(require: Require, facts: NetworkFacts, exported: Exported, batch_sizes: Sequence[int]) -> list[Item]:
    """What the requirement asks, each as an item; weights add up to one."""
    output = _output(require, facts, exported, batch_sizes)
    if not output.holds:
        return [replace(output, weight=Fraction(1))]
    asked = [each for make in _DEFINING for each in make(require, facts)] + _nonlinear(require, facts, exported)
    weighed = [replace(each, weight=DEFINES / len(asked)) for each in asked]
    return with_doubts(facts, [output, _independence(facts), *weighed])


def _output(require: Require, facts: NetworkFacts, exported: Exported, batch_sizes: Sequence[int]) -> Item:
    """Holds by the share of batch sizes that give the right shape."""
    expected = message("an output of shape (N, {shape}) for every batch size N", shape=", ".join(map(str, require.output)))
    if not facts.finite:
        return item(False, expected, message("the output is not finite"), message("NaN or infinity on ordinary input"))
    fails: dict[int, tuple[int, ...] | None] = {size: None for size in batch_sizes if exported.evaluation_for(size) is None}
    shapes = facts.output_shapes | fails
    wrong = {size: shape for size, shape in sorted(shapes.items()) if shape != (size, *require.output)}
    found = ", ".join(f"{size} -> {'it fails' if shape is None else list(shape)}" for size, shape in (wrong or shapes).items())
    note = next((each for each in exported.notes if each.kind == "fixed_batch"), None) if wrong else None
    why = message("the shape is not the one asked for") if wrong else message("the output has the shape that the task needs")
    return item(
        1 - Fraction(len(wrong), len(shapes)),
        expected,
        message("batch size -> shape: {found}", found=found),
        message("{reason}", reason=note.sentence) if note else why,
        weight=RUNS / 2,
        look_at=note.place if note else None,
    )


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


def _count(asked: Range | None, found: int, things: str, where: str) -> list[Item]:
    if asked is None:
        return []
    holds = found in asked
    why = message("{found} counted on the graph: {where}", found=found, where=where or "none")
    expected = message("{asked} {things}", asked=str(asked), things=things)
    return [item(holds, expected, message("{found} {things}", found=found, things=things), why)]


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
    found = sorted({max(layer.kernel) for layer in main_convolutions(facts)})  # 3x1 beside 1x3 is no 1x1
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


def _nonlinear(require: Require, facts: NetworkFacts, exported: Exported) -> list[Item]:
    if not require.nonlinear:
        return []
    pair = next(linear_pairs(exported, facts), None)
    expected = message("a non-linearity between the layers")
    found = expected if pair is None else message("none between {pair}", pair=" and ".join(pair))
    return [item(pair is None, expected, found, message("without one, two layers collapse into a single linear map"))]


def main_convolutions(facts: NetworkFacts) -> tuple[LayerFact, ...]:
    """Convolutions outside the shortcuts of residual connections."""
    return tuple(layer for layer in facts.convs if layer.in_main_path)


def _listed(layers: tuple[LayerFact, ...]) -> str:
    return ", ".join(f"{layer.path or layer.op}" + (f" {'x'.join(map(str, layer.kernel))}" if layer.kernel else "") for layer in layers)


_DEFINING = (_linears, _convolutions, _residuals, _kernels, _parameters)
