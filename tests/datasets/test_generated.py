from __future__ import annotations

import time

import pytest
import torch
from torch import Tensor

from grader import datasets
from grader.datasets import ImageSet

SHAPES = {"digits": (1, 28, 28), "objects": (3, 32, 32)}
both = pytest.mark.parametrize("name", SHAPES)


def small(name: str, seed: int = 0, train: int = 200, validation: int = 40, held: int = 100) -> ImageSet:
    return datasets.load(name, seed=seed, train=train, validation=validation, held=held)


def parts(data: ImageSet) -> dict[str, tuple[Tensor, Tensor]]:
    return {
        "train": (data.train_images, data.train_labels),
        "validation": (data.validation_images, data.validation_labels),
        "held": (data.held_images, data.held_labels),
    }


def rows(images: Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


@both
def test_sizes_shapes_and_types_are_those_asked_for(name: str) -> None:
    for part, count in (("train", 200), ("validation", 40), ("held", 100)):
        images, labels = parts(small(name))[part]
        assert images.shape == (count, *SHAPES[name]) and images.dtype == torch.float32
        assert labels.shape == (count,) and labels.dtype == torch.int64


@both
def test_every_class_is_as_frequent_as_any_other_in_each_part(name: str) -> None:
    for images, labels in parts(small(name)).values():
        assert labels.bincount(minlength=10).tolist() == [len(images) // 10] * 10


@both
def test_sizes_that_ten_does_not_divide_differ_by_one_at_most(name: str) -> None:
    for _, labels in parts(small(name, train=57, validation=13, held=29)).values():
        counts = labels.bincount(minlength=10)
        assert counts.max() - counts.min() <= 1


@both
def test_labels_come_in_random_order(name: str) -> None:
    for _, labels in parts(small(name)).values():
        assert not torch.equal(labels, labels.sort().values)
        assert not torch.equal(labels, torch.arange(len(labels)) % 10)


@both
def test_training_images_are_normalised_and_the_others_by_the_same_numbers(name: str) -> None:
    data = small(name, train=1000)
    channels = (0, 2, 3)
    torch.testing.assert_close(data.train_images.mean(channels), torch.zeros(SHAPES[name][0]), atol=1e-4, rtol=0)
    torch.testing.assert_close(data.train_images.std(channels), torch.ones(SHAPES[name][0]), atol=1e-4, rtol=0)
    assert data.held_images.mean(channels).abs().max() < 0.2
    assert data.held_images.mean(channels).abs().max() > 0, "not by their own"
    assert set(data.held_images[:, 0].unique().tolist()) <= set(data.train_images[:, 0].unique().tolist())


@both
def test_the_same_seed_gives_the_same_bits(name: str) -> None:
    first, second = small(name, seed=3), small(name, seed=3)
    assert first.fingerprint == second.fingerprint
    for (images, labels), (again, labels_again) in zip(parts(first).values(), parts(second).values(), strict=True):
        assert torch.equal(images, again) and torch.equal(labels, labels_again)


@both
def test_another_seed_gives_other_images_in_every_part(name: str) -> None:
    first, second = small(name, seed=0), small(name, seed=1)
    assert first.fingerprint != second.fingerprint
    for (images, labels), (others, other_labels) in zip(parts(first).values(), parts(second).values(), strict=True):
        assert not rows(images) & rows(others)
        assert not torch.equal(labels, other_labels)


@both
def test_no_image_is_in_two_parts(name: str) -> None:
    data = small(name, train=600, validation=100, held=600)
    train, validation, held = (rows(images) for images, _ in parts(data).values())
    assert len(train) == 600 and len(held) == 600
    assert not train & held and not train & validation and not validation & held


@both
def test_held_out_images_do_not_depend_on_the_size_of_the_training_part(name: str) -> None:
    few, many = small(name, train=100), small(name, train=300)
    assert torch.equal(few.held_labels, many.held_labels)
    few_levels, many_levels = (data.held_images[:, 0].unique(return_inverse=True)[1] for data in (few, many))
    assert torch.equal(few_levels, many_levels)


@both
def test_neither_brightness_nor_colour_tells_the_classes_apart(name: str) -> None:
    data = small(name, train=2000)
    brightness = torch.stack([data.train_images[data.train_labels == label].mean((0, 2, 3)) for label in range(10)])
    assert brightness.std(0).max() < 0.25


@both
def test_source_and_kind_say_that_the_images_are_built_in(name: str) -> None:
    data = small(name, seed=7)
    assert data.kind == "generated"
    for expected in (name, "built-in", "seed 7", "200 training", "40 validation", "100 held-out"):
        assert expected in data.source


@both
def test_the_validation_part_may_be_empty(name: str) -> None:
    data = small(name, validation=0)
    assert data.validation_images.shape == (0, *SHAPES[name]) and len(data.validation_labels) == 0


@both
def test_a_set_for_the_quick_profile_takes_seconds_at_most(name: str) -> None:
    began = time.process_time()
    small(name, train=6000, validation=0, held=10)
    assert time.process_time() - began < 8


def test_classes_have_names() -> None:
    assert small("digits").classes == tuple("0123456789")
    assert len(set(small("objects").classes)) == 10 and "striped ring" in small("objects").classes
