"""Is a custom layer's backward pass written by hand, and right?

The graph does not hold a student's own backward, so its gradients are a claim of the worker; they are held against
finite differences of the graph in float64. That it is written by hand is claimed (an own autograd.Function was met on
the way back, does more than hand its gradient on, and leaves no mathematics of the layer to automatic differentiation)
and read from the code (the class is there, with a backward).
"""

from __future__ import annotations

import ast
from fractions import Fraction

from grader.checks.base import Case, ClaimedGradients, Evidence, Need, Requirements, combine, item, review_of
from grader.checks.layer import variants_of
from grader.records import Fault, Item, Judgement, Message, Review, message
from grader.submission import Submission


class Require(Requirements):
    """How near the gradients have to be, and what right gradients by automatic differentiation alone are worth."""

    tolerance: float = 1e-4
    automatic: float = 0.5


def needs(case: Case) -> frozenset[Need]:
    """The claimed gradients of all variants of each role: windows that do not overlap say nothing of those that do."""
    subjects = [subject for role in case.criterion.roles for subject in variants_of(case, role)]
    return frozenset(Need(kind, subject) for subject in subjects for kind in ("export", "gradients"))


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """One item for each role, that of its worst variant; None where the layer could not be built."""
    items: list[Item] = []
    for role in case.criterion.roles:
        if isinstance(evidence.exports.get(role), Fault) or role not in evidence.gradients:
            return None
        there = [each for each in variants_of(case, role) if not isinstance(evidence.exports.get(each), Fault)]
        claims = [evidence.gradients[each] for each in there if each in evidence.gradients]
        items.append(min((_item(case.require, role, each, evidence.submission) for each in claims), key=lambda one: one.holds))
    return combine(items, case.criterion.hint)


def _item(require: Require, role: str, claimed: ClaimedGradients | Fault, submission: Submission) -> Item:
    expected = message("an own autograd.Function whose gradients agree with finite differences")
    if isinstance(claimed, Fault):
        why = message("{role}: {what}", role=role, what=claimed.sentence)
        return item(False, expected, message("the backward pass fails"), why, review=review_of(claimed), look_at=claimed.place)
    comparison = claimed.comparison
    if comparison.step_like or any(check.relative_error is None for check in comparison.checks):
        why = message("the layer jumps: finite differences cannot judge its gradients, a person has to look")
        return item(False, expected, message("no derivative to compare with"), why, review=Review.REQUIRED)
    written = [name for name in claimed.functions if name not in claimed.idle and _defines_backward(submission, name)]
    if not comparison.agrees(require.tolerance):
        share = _right_share(require, claimed) * _exactly(require.automatic) if written else Fraction(0)
        return item(share, expected, message("{wrong}", wrong=_wrong(require, claimed)), message("compared at random points of mixed sign"))
    if written and not claimed.others:
        worst = max(check.relative_error or 0.0 for check in comparison.checks)
        found = message("{names} agrees", names=", ".join(written))
        why = message("largest relative error below {bound} at random points of mixed sign", bound=_power_of_ten(worst))
        return item(True, expected, found, why)
    return _automatic(require, claimed, written, expected)


def _automatic(require: Require, claimed: ClaimedGradients, written: list[str], expected: Message) -> Item:
    """Right gradients of which autograd, and no function of the student's, did the work, or a part of it."""
    share = _exactly(require.automatic)
    if written:
        left = ", ".join(claimed.others[:4])
        found = message("{names}, and {left} by automatic differentiation", names=", ".join(written), left=left)
        why = message("the own backward covers only a part of the layer; it counts in full where the layer's mathematics is inside it")
        return item(share, expected, found, why, review=Review.RECOMMENDED)
    why = message("automatic differentiation is right, but no backward was written by hand; it earns a part")
    if claimed.idle:
        found = message("{names} only hands on what it is given", names=", ".join(claimed.idle))
        return item(share, expected, found, why)
    return item(share, expected, message("right gradients, no own autograd.Function"), why)


def _right_share(require: Require, claimed: ClaimedGradients) -> Fraction:
    """Of the inputs and parameters, those whose gradients agree."""
    checks, missing = claimed.comparison.checks, claimed.comparison.missing
    right = sum(check.relative_error is not None and check.relative_error <= require.tolerance for check in checks)
    return Fraction(right, max(len(checks) + len(missing), 1))


def _exactly(share: float) -> Fraction:
    """0.1 as one tenth."""
    return Fraction(str(share))


def _wrong(require: Require, claimed: ClaimedGradients) -> str:
    """What disagrees, by name: ``the gradient of inputs.0 is off by 50 %``."""
    comparison = claimed.comparison
    off = [
        f"the gradient of {check.name} is off by {100 * check.relative_error:.2g} %"
        for check in comparison.checks
        if check.relative_error is not None and check.relative_error > require.tolerance
    ]
    return "; ".join([*off, *(f"there is no gradient of {name}" for name in comparison.missing)])


def _power_of_ten(value: float) -> str:
    """The next power of ten above, so that the last digits of a sum never show."""
    exponent = next((power for power in range(-12, 1) if value <= 10.0**power), 1)
    return f"1e{exponent}"


def _defines_backward(submission: Submission, name: str) -> bool:
    """Whether a class of that name, with a backward of more than a pass or a raise, stands in the code."""
    short = name.rpartition(".")[2]
    return any(
        isinstance(node, ast.ClassDef) and node.name == short and any(_is_backward(each) for each in node.body)
        for source in submission.sources()
        if source.tree is not None
        for node in ast.walk(source.tree)
    )


def _is_backward(node: ast.stmt) -> bool:
    is_named = isinstance(node, ast.FunctionDef) and node.name in ("backward", "vjp")
    return is_named and any(isinstance(each, ast.Return) for each in ast.walk(node))
