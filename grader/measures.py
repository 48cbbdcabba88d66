"""Counts over predictions and weights: pure tensor functions. A prediction that is not finite is always wrong."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

WRONG = -1


def predictions(logits: Tensor) -> Tensor:
    """logits (N, K) -> class of each sample (N,) int64; ``WRONG`` where a logit is not finite.

    Raises ValueError for another shape.
    """
    if logits.ndim != 2 or logits.shape[1] == 0:
        raise ValueError(f"logits have to be (N, K), got {tuple(logits.shape)}")
    finite = logits.isfinite().all(dim=1)
    return torch.where(finite, logits.nan_to_num().argmax(dim=1), WRONG)


def count_correct(logits: Tensor, labels: Tensor) -> int:
    """logits (N, K), labels (N,) -> how many samples are classified right."""
    return int((predictions(logits) == _fitting(labels, len(logits))).sum())


def confusion(classes: Tensor, labels: Tensor, count: int) -> tuple[tuple[int, ...], ...]:
    """classes (N,) from ``predictions``, labels (N,) -> counts [true][predicted], count x count.

    A sample without a finite prediction, or with one outside of the classes, is in no column.
    """
    labels = _fitting(labels, len(classes))
    known = (classes >= 0) & (classes < count)
    cells = torch.bincount(labels[known] * count + classes[known], minlength=count * count)
    return tuple(tuple(row) for row in cells.reshape(count, count).tolist())


def count_parameters(weights: Iterable[Tensor]) -> int:
    """Numbers in distinct storages: tied weights count once."""
    found = {value.untyped_storage().data_ptr(): value.numel() for value in weights}
    return sum(found.values())


def gradient_norms(gradients: Mapping[str, Tensor | None]) -> dict[str, float]:
    """Path -> L2 norm of a gradient, 0 where it is missing."""
    return {path: 0.0 if value is None else float(value.detach().float().norm()) for path, value in gradients.items()}


def means(values: Tensor, parts: int) -> tuple[float, ...]:
    """values (T,) -> the mean of each of ``parts`` stretches of equal length (fewer where T is shorter)."""
    chunks: Any = torch.tensor_split(values.double(), min(parts, len(values))) if len(values) else ()
    return tuple(float(chunk.mean()) for chunk in chunks)


def _fitting(labels: Tensor, count: int) -> Tensor:
    if labels.shape != (count,):
        raise ValueError(f"labels have to be ({count},), got {tuple(labels.shape)}")
    return labels


def is_safely_reached(correct: int, seen: int, goal: float, held: int, risk: float = 1e-3) -> bool:
    """Whether ``correct`` of ``seen`` validation images make it nearly sure that ``goal`` is met on ``held`` others.

    The exact predictive distribution of the held-out count under a uniform prior (beta-binomial): the probability of
    fewer than ``goal * held`` right ones has to be at most ``risk``.
    """
    if seen == 0 or held == 0:
        return False
    needed = math.ceil(goal * held - 1e-9)
    a, b = correct + 1, seen - correct + 1
    return sum(math.exp(_log_predictive(count, held, a, b)) for count in range(needed)) <= risk


def _log_predictive(count: int, held: int, a: int, b: int) -> float:
    ways = math.lgamma(held + 1) - math.lgamma(count + 1) - math.lgamma(held - count + 1)
    return ways + _log_beta(a + count, b + held - count) - _log_beta(a, b)


def _log_beta(a: int, b: int) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
