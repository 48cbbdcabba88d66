"""What of a layer's backward pass is the student's own: which functions, which of them only hand on, what autograd does."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .faults import relative

# Steps of autograd between a layer's inputs and its own function that are no mathematics of the layer: other views of the
# same numbers, and sums and products with what the function gave.
_PLAIN = frozenset(
    re.findall(
        r"\w+",
        "AccumulateGrad Add Alias AsStrided Cat Clone ConstantPadNd Copy CopySlices Detach Div Expand Flip Im2Col Index Mul "
        "Neg Permute Repeat Reshape ReshapeAlias Roll Select Slice Split SplitWithSizes Squeeze Stack Sub T ToCopy Transpose "
        "Unbind Unfold UnsafeView Unsqueeze View ",
    )
)
_EQUAL = 1e-9  # in float64


def nodes_of(outputs: Sequence[Tensor]) -> Iterator[Any]:
    """Every step on the way back from the outputs, once."""
    pending = [output.grad_fn for output in outputs if output.grad_fn is not None]
    seen = set(pending)
    while pending:
        node = pending.pop()
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                pending.append(following)


def own_name(node: Any, root: Path) -> str | None:
    """The name of the submission's autograd.Function class that a step belongs to."""
    function = getattr(node, "_forward_cls", None)
    return function.__name__ if function is not None and _written_in(function, root) else None


def own_functions(outputs: Sequence[Tensor], root: Path) -> list[str]:
    """The names of the submission's autograd.Function classes met on the way back from the outputs, sorted."""
    return sorted({name for node in nodes_of(outputs) if (name := own_name(node, root))})


def others(outputs: Sequence[Tensor], root: Path) -> list[str]:
    """The mathematics that is left to autograd: ``["Sigmoid", "Sin"]``."""
    found = {_operation(node) for node in nodes_of(outputs) if own_name(node, root) is None}
    return sorted(found - _PLAIN)


def _operation(node: Any) -> str:
    return re.sub(r"Backward\d*$", "", type(node).__name__)


class Watched:
    """While the backward pass runs: which own functions do more than hand their gradient on, as that of an identity does."""

    def __init__(self, outputs: Sequence[Tensor], root: Path) -> None:
        self._names, self._busy = set(own_functions(outputs, root)), set[str]()
        for node in nodes_of(outputs):
            if name := own_name(node, root):
                node.register_hook(self._hook(name))

    def _hook(self, name: str) -> Any:
        def after(given: Sequence[Tensor | None], gradients: Sequence[Tensor | None]) -> None:
            if not all(_hands_on(each, gradients) for each in given if each is not None):
                self._busy.add(name)

        return after

    def idle(self) -> list[str]:
        """The names of those that only handed on, sorted."""
        return sorted(self._names - self._busy)


def _hands_on(given: Tensor, gradients: Sequence[Tensor | None]) -> bool:
    """Whether what a function gives back is one of the gradients that it got, up to a factor."""
    return any(
        _are_multiples(given.flatten().double(), each.flatten().double())
        for each in gradients
        if each is not None and each.numel() == given.numel()
    )


def _are_multiples(left: Tensor, right: Tensor) -> bool:
    if right.numel() == 1:  # a single number is a multiple of any other
        return bool(left == right)
    factor = (left @ right) / (right @ right).clamp_min(torch.finfo(right.dtype).tiny)
    return bool((left - factor * right).abs().max() <= _EQUAL * right.abs().max())


def _written_in(thing: Any, root: Path) -> bool:
    try:
        return relative(inspect.getfile(thing), root) is not None
    except (TypeError, OSError):
        return False
