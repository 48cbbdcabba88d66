"""Does a custom layer do its job on several shapes, and is it more than the standard layer under another name?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

from grader.checks.base import Case, Evidence, Need, Requirements, combine, fault_item, item, place_of, with_doubts
from grader.checks.standard import same_as_standard
from grader.network.exported import Exported
from grader.records import Fault, Item, Judgement, NetworkFacts, Review, message


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
        main = evidence.facts.get(role, Fault("missing", "it was not examined"))
        if isinstance(main, Fault):
            items.append(fault_item(role, main, message("{title}", title=case.rubric.role[role].title)))
            continue
        items += with_doubts(main, [*shape_items(case, role, evidence), _logic(case, role, evidence), *unasked_items(case, role, evidence)])
    return combine(items, case.criterion.hint)


def _logic(case: Case, role: str, evidence: Evidence) -> Item:
    """The difference from the standard layer, on the first variant that gives the right shape."""
    for subject, output in zip(variants_of(case, role), case.require.outputs, strict=True):
        facts, exported = evidence.facts.get(subject), evidence.exports.get(subject)
        if isinstance(facts, NetworkFacts) and isinstance(exported, Exported):
            output = _asked(case.require, output, evidence.shapes.get(subject), facts)
            if not _is_right(facts, output):
                continue
            return _difference(case.require.standard, exported, facts)
    expected = message("something that the standard {standard} layer does not do", standard=case.require.standard)
    why = message("a layer that gives another shape is not compared")
    return item(False, expected, message("no output of the right shape"), why, weight=Fraction(1, 2))


def _is_right(facts: NetworkFacts, output: list[int]) -> bool:
    return facts.finite and all(shape == (size, *output) for size, shape in facts.output_shapes.items())


def _asked(require: Any, stated: list[int], given: tuple[int, ...] | None, facts: NetworkFacts) -> list[int]:
    """The output that a variant has to give. A layer that was searched for (``given``: what it was fed) has channels and strides
    of its own: an activation and an attention keep the shape, a pooling keeps the channels and shrinks the rest, anything else
    gives channels, height and width of some size."""
    if given is None:
        return stated
    standard = getattr(require, "standard", "")
    if standard in ("activation", "attention"):
        return list(given)
    gives = {shape[1:] for shape in facts.output_shapes.values()}
    if standard == "pooling" and not any(_pools(given, shape) for shape in gives):
        return [given[0], *(side // 2 for side in given[1:])]
    return next((list(shape) for shape in gives if len(shape) == len(given)), stated)


def _pools(given: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """The same channels, and less of everything else."""
    return len(shape) == len(given) and shape[0] == given[0] and all(side < whole for side, whole in zip(shape[1:], given[1:], strict=True))


def unasked_items(case: Case, role: str, evidence: Evidence) -> Iterator[Item]:
    """An item without weight where the submission chose a shape, and the rubric's variants could not be asked: a person may look."""
    if role not in evidence.unasked:
        return
    variants = case.rubric.role[role].probe.variants
    listed = "; ".join(f"{_listed(variant.arguments)} on {list(variant.shape)}" for variant in variants)
    expected = message("{role} with {listed}", role=role, listed=listed)
    found = message("not asked: it was built as submission.toml says")
    why = message("it does not take these arguments; that it works with others than its own was not seen")
    yield item(False, expected, found, why, weight=Fraction(0), review=Review.RECOMMENDED)


def shape_items(case: Case, role: str, evidence: Evidence) -> Iterator[Item]:
    """One item for each variant: together half of the weight."""
    subjects = variants_of(case, role)
    for subject, variant, output in zip(subjects, case.rubric.role[role].probe.variants, case.require.outputs, strict=True):
        facts, given = evidence.facts.get(subject), evidence.shapes.get(subject)
        if isinstance(facts, NetworkFacts):
            output = _asked(case.require, output, given, facts)
        fed, arguments = (list(given), "the submission's own arguments") if given else (variant.shape, _listed(variant.arguments))
        expected = message("{given} -> {output} with {arguments}", given=fed, output=output, arguments=arguments)
        weight = Fraction(1, 2 * len(subjects))
        if not isinstance(facts, NetworkFacts):
            fault = facts or Fault("missing", "it was not examined")
            yield replace(fault_item(subject, fault, expected), found=message("it does not work there"), weight=weight)
            continue
        right = _is_right(facts, output)
        wrong = [shape for size, shape in facts.output_shapes.items() if shape != (size, *output)]
        found = message("{shape}", shape=list(wrong[0][1:]) if wrong else output)
        why = message("the shape fits") if right else message("the shape is wrong, or the output is not finite (mixed-sign input)")
        yield item(right, expected, found if facts.finite else message("NaN or infinity"), why, weight=weight)


def _listed(arguments: dict[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in arguments.items()) or "no arguments"


def _difference(standard: str, exported: Exported, facts: NetworkFacts) -> Item:
    same = same_as_standard(standard, exported)
    expected = message("something that the standard {standard} layer does not do", standard=standard)
    if same is None:
        why = message("compared on random inputs with redrawn parameters")
        return item(True, expected, message("it differs"), why, weight=Fraction(1, 2))
    why = message("on random inputs of mixed sign, with redrawn parameters, the outputs agree")
    found = message("the same as {same}", same=same)
    return item(False, expected, found, why, weight=Fraction(1, 2), look_at=place_of(facts))
