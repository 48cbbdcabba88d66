from __future__ import annotations

from pathlib import Path

import pytest

from grader import datasets
from grader.errors import InputError


def load(name: str, **changed: object) -> datasets.ImageSet:
    arguments = {"seed": 0, "train": 20, "validation": 10, "held": 10, **changed}
    return datasets.load(name, **arguments)


def message(name: str, **changed: object) -> str:
    with pytest.raises(InputError) as raised:
        load(name, **changed)
    text = str(raised.value)
    assert "\n" not in text
    return text


def test_an_unknown_name_lists_the_known_ones_and_the_nearest() -> None:
    text = message("mnsit")
    assert "'mnsit'" in text and "did you mean mnist" in text
    assert all(name in text for name in datasets.NAMES)


def test_an_unknown_name_like_no_other_gets_no_guess() -> None:
    assert "did you mean" not in message("zzz")


@pytest.mark.parametrize(("part", "count"), [("train", 0), ("validation", -1), ("held", 0)])
def test_an_impossible_size_is_named(part: str, count: int) -> None:
    text = message("digits", **{part: count})
    assert part in text and str(count) in text


def test_a_negative_seed_is_named() -> None:
    assert "seed" in message("objects", seed=-1)


@pytest.mark.parametrize(("name", "title"), [("mnist", "MNIST"), ("cifar10", "CIFAR-10")])
def test_a_real_set_without_a_data_root_names_both_ways_out(name: str, title: str, tmp_path: Path) -> None:
    text = message(name, cache=tmp_path)
    assert title in text and "--data-root" in text and "--download" in text


@pytest.mark.parametrize(("name", "looked_for"), [("mnist", "MNIST/raw"), ("cifar10", "cifar-10-batches-py")])
def test_a_data_root_without_data_is_named_with_what_was_looked_for(name: str, looked_for: str, tmp_path: Path) -> None:
    text = message(name, data_root=tmp_path, cache=tmp_path / "cache")
    assert str(tmp_path) in text and looked_for in text and "--data-root" in text and "--download" in text


def test_a_data_root_that_does_not_exist_is_named(tmp_path: Path) -> None:
    text = message("mnist", data_root=tmp_path / "nowhere", cache=tmp_path)
    assert str(tmp_path / "nowhere") in text and "does not exist" in text and "--data-root" in text


def test_the_built_in_sets_need_no_data_root(tmp_path: Path) -> None:
    assert load("digits", data_root=tmp_path / "nowhere").kind == "generated"


def test_a_set_is_frozen() -> None:
    with pytest.raises(AttributeError):
        load("digits").name = "mnist"  # type: ignore[misc]
