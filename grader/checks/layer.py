"""Does a custom layer do its job on several shapes, and is it more than the standard layer under another name?

Parameters are redrawn at random before the comparison, so that a layer whose gain starts at 0 or 1 is not taken for an
identity or for its standard counterpart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from grader.checks.base import Case, Evidence, Item, Need, Requirements, combine, fault_item, item
from grader.network.exported import Exported
from grader.network.run import Network
from grader.records import Fault, Judgement, NetworkFacts, message

DIFFERENT = 1e-3  # largest difference, relative to the largest value, below which two layers are the same


class Require(Requirements):
    """The output shape of each probe variant (without the batch) and the standard counterpart."""

    outputs: list[list[int]]
    standard: Literal["convolution", "attention", "activation", "pooling"]


def needs(case: Case) -> frozenset[Need]:
    """The graphs of all variants of each role."""
    return frozenset(Need("export", subject) for role in case.criterion.roles for subject in variants_of(case, role))


def variants_of(case: Case, role: str) -> tuple[str, ...]:
    """``attention``, ``attention#1``, ...: the evidence subjects of a role's probe variants."""
    count = len(case.rubric.role[role].probe.variants)
    return (role, *(f"{role}#{index}" for index in range(1, count)))


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """Half for the shapes, half for being different from the standard layer."""
    items: list[Item] = []
    for role in case.criterion.roles:
        main = evidence.exports.get(role)
        if main is None or isinstance(main, Fault):
            fault = main or Fault("missing", "it was not examined")
            items.append(fault_item(role, fault, message("{title}", title=case.rubric.role[role].title)))
            continue
        shapes = list(shape_items(case, role, evidence))
        items += shapes
        if any(each.holds for each in shapes):
            items.append(_difference(case.require.standard, main))
    return combine(items, case.criterion.hint)


def shape_items(case: Case, role: str, evidence: Evidence) -> Iterator[Item]:
    """One item for each variant: together half of the weight."""
    subjects = variants_of(case, role)
    for subject, variant, output in zip(subjects, case.rubric.role[role].probe.variants, case.require.outputs, strict=True):
        expected = message("{given} -> {output} with {arguments}", given=variant.shape, output=output, arguments=_listed(variant.arguments))
        facts = evidence.facts.get(subject)
        weight = Fraction(1, 2 * len(subjects))
        if not isinstance(facts, NetworkFacts):
            reason = facts.sentence if isinstance(facts, Fault) else "it was not examined"
            place = facts.place if isinstance(facts, Fault) else None
            yield item(False, expected, message("it does not work there"), message("{reason}", reason=reason), weight=weight, look_at=place)
            continue
        right = facts.finite and all(shape == (size, *output) for size, shape in facts.output_shapes.items())
        found = message("{shapes}", shapes=[list(shape[1:]) for shape in facts.output_shapes.values()][0])
        why = message("the shape fits") if right else message("the shape is wrong, or the output is not finite (mixed-sign input)")
        yield item(right, expected, found if facts.finite else message("NaN or infinity"), why, weight=weight)


def _listed(arguments: dict[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in arguments.items()) or "no arguments"


def _difference(standard: str, exported: Exported) -> Item:
    same = _SAME[standard](exported)
    expected = message("something that the standard {standard} layer does not do", standard=standard)
    if same is None:
        return item(True, expected, message("it differs"), message("compared on random inputs with redrawn parameters"), weight=Fraction(1, 2))
    why = message("on random inputs of mixed sign, with redrawn parameters, the outputs agree")
    return item(False, expected, message("the same as {same}", same=same), why, weight=Fraction(1, 2))


def _redrawn(exported: Exported) -> tuple[Network, Tensor]:
    """The network with random parameters, and a random input of mixed sign in its probe's shape."""
    generator = torch.Generator().manual_seed(20)
    network = Network(exported.training, exported.evaluation, exported.weights).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return network, torch.randn(exported.probe[0].shape, generator=generator) * 2


def _equal(left: Tensor, right: Tensor) -> bool:
    if left.shape != right.shape:
        return False
    return bool((left - right).abs().max() <= DIFFERENT * left.abs().max().clamp_min(1e-6))


def _same_as(output: Tensor, others: Mapping[str, Callable[[], Tensor]]) -> str | None:
    for name, make in others.items():
        try:
            if _equal(output, make()):
                return name
        except RuntimeError:
            continue  # the standard layer does not take these shapes
    return None


@torch.no_grad()
def _same_convolution(exported: Exported) -> str | None:
    """Any plain convolution with the layer's own tensors."""
    network, inputs = _redrawn(exported)
    output = network(inputs)
    weights = [p for p in network.parameters() if p.dim() == 4 and p.shape[0] == output.shape[1]]
    biases: list[Tensor | None] = [None, *(p for p in network.parameters() if p.dim() == 1 and p.shape[0] == output.shape[1])]
    others = {
        f"a convolution with its weight of shape {list(weight.shape)}, stride {stride}, padding {padding}": (
            partial(F.conv2d, inputs, weight, bias, stride, padding)
        )
        for weight in weights
        for bias in biases
        for stride in (1, 2)
        for padding in range(weight.shape[-1])
    }
    return _same_as(output, others)


@torch.no_grad()
def _same_attention(exported: Exported) -> str | None:
    """The identity, or a gain that does not depend on the input: f(x) / x is the same for two inputs."""
    network, first = _redrawn(exported)
    second = first.flip(0).roll(1, dims=-1) * 1.3 + 0.1
    if _equal(network(first), first):
        return "its input (an identity)"
    sure = (first.abs() > 0.1) & (second.abs() > 0.1)
    gains = (network(first) / first)[sure], (network(second) / second)[sure]
    return "a gain that does not depend on the input" if _equal(*gains) else None


_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "the identity": lambda x: x,
    "ReLU": F.relu,
    "ReLU6": F.relu6,
    "LeakyReLU": F.leaky_relu,
    "ELU": F.elu,
    "SELU": F.selu,
    "GELU": F.gelu,
    "GELU (tanh)": lambda x: F.gelu(x, approximate="tanh"),
    "SiLU": F.silu,
    "Mish": F.mish,
    "Softplus": F.softplus,
    "Softsign": F.softsign,
    "Hardswish": F.hardswish,
    "Hardsigmoid": F.hardsigmoid,
    "Hardtanh": F.hardtanh,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "Tanhshrink": F.tanhshrink,
}


@torch.no_grad()
def _same_activation(exported: Exported) -> str | None:
    network, inputs = _redrawn(exported)
    output = network(inputs)
    return _same_as(output, {name: partial(function, inputs) for name, function in _ACTIVATIONS.items()})


@torch.no_grad()
def _same_pooling(exported: Exported) -> str | None:
    """Maximum, mean or adaptive pooling with the window that the shapes suggest."""
    network, inputs = _redrawn(exported)
    output = network(inputs)
    window = max(1, round(inputs.shape[-1] / output.shape[-1]))
    others: dict[str, Callable[[], Tensor]] = {"the first value of each window": lambda: inputs[..., ::window, ::window]}
    for size in (2, 3, window):
        others[f"max pooling {size}x{size}"] = partial(F.max_pool2d, inputs, size, window)
        others[f"average pooling {size}x{size}"] = partial(F.avg_pool2d, inputs, size, window)
    others["adaptive max pooling"] = partial(F.adaptive_max_pool2d, inputs, output.shape[-2:])
    return _same_as(output, others)


_SAME: dict[str, Callable[[Exported], str | None]] = {
    "convolution": _same_convolution,
    "attention": _same_attention,
    "activation": _same_activation,
    "pooling": _same_pooling,
}
