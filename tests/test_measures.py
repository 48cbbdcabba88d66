"""Counts over predictions; NaN always fails."""

from __future__ import annotations

import pytest
import torch

from grader.measures import (
    confusion,
    count_correct,
    count_parameters,
    gradient_norms,
    is_safely_reached,
    means,
    predictions,
)

LOGITS = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [0.0, 0.0, 5.0], [9.0, 0.0, 0.0]])
LABELS = torch.tensor([0, 1, 2, 2])


def test_counts_are_exact() -> None:
    assert count_correct(LOGITS, LABELS) == 3
    assert confusion(predictions(LOGITS), LABELS, 3) == ((1, 0, 0), (0, 1, 0), (1, 0, 1))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_wrong(bad: float) -> None:
    logits = LOGITS.clone()
    logits[0, 2] = bad
    assert count_correct(logits, LABELS) == 2
    assert sum(map(sum, confusion(predictions(logits), LABELS, 3))) == 3


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="logits"):
        predictions(torch.zeros(3))
    with pytest.raises(ValueError, match="labels"):
        count_correct(LOGITS, LABELS[:2])


def test_tied_weights_count_once() -> None:
    weight = torch.zeros(3, 2)
    assert count_parameters([weight, weight.view(6), torch.zeros(5)]) == 11


def test_norms_and_means() -> None:
    assert gradient_norms({"a": torch.tensor([3.0, 4.0]), "b": None}) == {"a": 5.0, "b": 0.0}
    assert means(torch.arange(4.0), 2) == (0.5, 2.5)
    assert means(torch.arange(3.0), 10) == (0.0, 1.0, 2.0)
    assert means(torch.empty(0), 10) == ()


def test_a_threshold_is_reached_only_with_a_margin() -> None:
    assert is_safely_reached(500, 500, 0.9, 1000)
    assert not is_safely_reached(455, 500, 0.9, 1000)
    assert not is_safely_reached(5, 5, 0.9, 1000)
    assert not is_safely_reached(0, 0, 0.9, 1000)


def test_the_margin_keeps_its_promise() -> None:
    """With a true accuracy at the goal itself, a stop is rare."""
    generator = torch.Generator().manual_seed(0)
    drawn = (torch.rand(2000, 300, generator=generator) < 0.9).sum(1)
    reached = {int(count): is_safely_reached(int(count), 300, 0.9, 500) for count in drawn.unique()}
    assert sum(reached[int(count)] for count in drawn) < 20
