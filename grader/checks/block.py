"""Is a residual block what its name says: a real residual connection, the right branch, the right widths, several shapes?"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Literal

from grader.checks.base import Case, Evidence, Need, Requirements, combine, fault_item, item, place_of, with_doubts
from grader.checks.layer import shape_items, unasked_items, variants_of
from grader.records import Fault, Item, Judgement, LayerFact, NetworkFacts, ResidualFact, message


class Require(Requirements):
    """The kind of block and the output shape of each probe variant. A wide block's inner width is at least ``wider`` times its input."""

    outputs: list[list[int]]
    kind: Literal["basic", "bottleneck", "wide"]
    wider: float = 1.5


def needs(case: Case) -> frozenset[Need]:
    """The graphs of all variants of each role."""
    return frozenset(Need("export", subject) for role in case.criterion.roles for subject in variants_of(case, role))


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """A quarter for the shapes; the rest for the residual connection and the branch."""
    items: list[Item] = []
    for role in case.criterion.roles:
        facts = evidence.facts.get(role)
        if facts is None or isinstance(facts, Fault):
            fault = facts or Fault("missing", "it was not examined")
            items.append(fault_item(role, fault, message("{title}", title=case.rubric.role[role].title)))
            continue
        shapes = [replace(each, weight=each.weight / 2) for each in shape_items(case, role, evidence)]
        items += with_doubts(facts, [*shapes, _residual(facts), _branch(case.require, facts), *unasked_items(case, role, evidence)])
    return combine(items, case.criterion.hint)


def _residual(facts: NetworkFacts) -> Item:
    found = ", ".join(f"{each.shortcut} shortcut at {each.at or each.node}" for each in facts.residuals) or "none"
    return item(
        bool(facts.residuals),
        message("a residual connection: out = branch(x) + shortcut(x)"),
        message("{found}", found=found),
        message("read off the graph with redrawn parameters: both sides of the sum come from the same value"),
        weight=Fraction(3, 8),
        look_at=place_of(facts),
    )


def _branch(require: Require, facts: NetworkFacts) -> Item:
    convs = branch_of(facts)
    kernels = [max(layer.kernel) for layer in convs]
    widths = [layer.out_channels for layer in convs]
    given = convs[0].in_channels if convs else 0
    holds, expected = _RULES[require.kind](require, kernels, widths, given)
    found = ", ".join(f"{kernel}x{kernel} to {width} channels" for kernel, width in zip(kernels, widths, strict=True)) or "no convolution"
    why = message("the branch of the residual connection, read off the graph; its input has {given} channels", given=given)
    place = next((layer.at for layer in convs if layer.at), None)
    return item(holds, message("{expected}", expected=expected), message("{found}", found=found), why, weight=Fraction(3, 8), look_at=place)


def branch_of(facts: NetworkFacts) -> tuple[LayerFact, ...]:
    """The convolutions of the longest residual branch; without a residual connection, those of the main path.

    Those over a single pixel belong to a channel attention inside the branch, and shape it no more than its norms do.
    """
    residual: ResidualFact | None = max(facts.residuals, key=lambda each: len(each.branch_convs), default=None)
    convs = [layer for layer in facts.convs if set(layer.output_shape[1:]) != {1}]
    if residual is None:
        return tuple(layer for layer in convs if layer.in_main_path)
    by_path = {layer.path: layer for layer in convs}
    return tuple(by_path[path] for path in residual.branch_convs if path in by_path)


def _basic(require: Require, kernels: list[int], widths: list[int], given: int) -> tuple[bool, str]:
    return sum(kernel >= 3 for kernel in kernels) >= 2, "at least two 3x3 convolutions in the branch"


def _bottleneck(require: Require, kernels: list[int], widths: list[int], given: int) -> tuple[bool, str]:
    squeezed = len(kernels) >= 3 and kernels[0] == kernels[-1] == 1 and max(kernels[1:-1]) >= 3
    narrow = squeezed and max(widths[:-1]) < max(given, widths[-1])
    return narrow, "1x1, 3x3, 1x1 convolutions that narrow in the middle"


def _wide(require: Require, kernels: list[int], widths: list[int], given: int) -> tuple[bool, str]:
    wide = len(kernels) >= 2 and max(kernels) >= 3 and max(widths) >= require.wider * given
    return wide, f"a branch at least {require.wider:g} times as wide as its input"


_RULES = {"basic": _basic, "bottleneck": _bottleneck, "wide": _wide}
