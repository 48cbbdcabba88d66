from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from grader.datasets.image_set import Pictures
from grader.datasets.sampling import Sizes, quotas, sampled

supplies = some.lists(some.integers(0, 30), min_size=1, max_size=12).filter(lambda counts: sum(counts) > 0)


@given(supplies, some.floats(0, 1))
def test_quotas_sum_to_what_is_wanted_and_are_as_even_as_supplies_allow(counts: list[int], share: float) -> None:
    available = np.array(counts)
    wanted = int(share * available.sum())
    taken = quotas(available, wanted)
    assert taken.sum() == wanted and (taken <= available).all()
    fullest = taken.max()
    assert all(fullest - one <= 1 for one, supply in zip(taken, available, strict=True) if one < supply)


def numbered(counts: list[int]) -> Pictures:
    """One-pixel pictures that hold their own number, the classes one after the other."""
    labels = np.repeat(np.arange(len(counts)), counts)
    return Pictures(np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1, 1), labels)


def numbers(pictures: Pictures) -> list[int]:
    return pictures.images.reshape(-1).tolist()


def test_a_rare_class_is_taken_whole_and_the_others_fill_up() -> None:
    splits = sampled(numbered([5, 40, 40]), numbered([5, 5, 5]), Sizes(train=60, validation=0, held=15), seed=0)
    counts = np.bincount(splits.train.labels)
    assert counts[0] == 5 and sorted(counts[1:]) == [27, 28]


@pytest.mark.parametrize("seed", range(3))
def test_training_and_validation_images_share_nothing_and_keep_their_labels(seed: int) -> None:
    pictures = numbered([20] * 5)
    splits = sampled(pictures, pictures, Sizes(train=60, validation=40, held=10), seed)
    assert sorted(numbers(splits.train) + numbers(splits.validation)) == list(range(100))
    for part in (splits.train, splits.validation, splits.held):
        assert [number // 20 for number in numbers(part)] == part.labels.tolist()


def test_the_order_is_random() -> None:
    splits = sampled(numbered([20] * 5), numbered([20] * 5), Sizes(train=50, validation=10, held=50), seed=0)
    for part in (splits.train, splits.validation, splits.held):
        assert part.labels.tolist() != sorted(part.labels.tolist())
