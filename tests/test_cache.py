"""The cache of trainings: a fresh and a kept result are the same record; the key covers what a training depends on."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from grader.cache import keep_result, read_result, training_key
from grader.checks import accuracy, trainable
from grader.files import cache_folder, write_atomically
from grader.network import Exported
from grader.training import Recipe
from tests.checks.graph_work import case, conv, evidence, measured, training

RECIPE = Recipe(steps=10)


@pytest.fixture(scope="module")
def network() -> Exported:
    return measured(nn.Sequential(conv(3, 4), nn.BatchNorm2d(4)), 3, 8, 8)[0]


def test_the_same_work_has_the_same_key(network: Exported) -> None:
    again = replace(network, weights={name: value.clone() for name, value in network.weights.items()})
    assert training_key(network, RECIPE, "data", 1, "cpu") == training_key(again, RECIPE, "data", 1, "cpu")


def test_whatever_a_training_depends_on_changes_the_key(network: Exported) -> None:
    name = next(iter(network.weights))
    nudged = {**network.weights, name: torch.nextafter(network.weights[name], torch.tensor(math.inf))}
    keys = [
        training_key(network, RECIPE, "data", 1, "cpu"),
        training_key(network, replace(RECIPE, steps=11), "data", 1, "cpu"),
        training_key(network, replace(RECIPE, stop_at=0.9), "data", 1, "cpu"),
        training_key(network, RECIPE, "other data", 1, "cpu"),
        training_key(network, RECIPE, "data", 2, "cpu"),
        training_key(network, RECIPE, "data", 1, "cuda"),
        training_key(replace(network, weights=nudged), RECIPE, "data", 1, "cpu"),
        training_key(replace(network, training=network.evaluation), RECIPE, "data", 1, "cpu"),
        training_key(measured(conv(3, 4, 5), 3, 8, 8)[0], RECIPE, "data", 1, "cpu"),
    ]
    assert len(set(keys)) == len(keys)


FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(losses=st.lists(FLOATS, max_size=10), norms=st.dictionaries(st.text(max_size=5), st.tuples(FLOATS, FLOATS, FLOATS), max_size=3))
def test_what_is_read_is_what_was_kept(
    tmp_path_factory: pytest.TempPathFactory, losses: list[float], norms: dict[str, tuple[float, ...]]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "kept"
    result = training(losses=tuple(losses), gradient_norms=norms, confusion=((3, 1), (0, 2)), validation=((40, 0.5),))
    keep_result(folder, "key", result)
    assert read_result(folder, "key") == result


def test_cached_and_fresh_verdicts_are_the_same(tmp_path: Path) -> None:
    fresh = training(losses=(2.30258509299404, 0.1 + 0.2))
    keep_result(tmp_path, "key", fresh)
    kept = read_result(tmp_path, "key")
    assert kept is not None
    found = evidence({"net": conv(3, 4)})
    for check in (accuracy, trainable):
        words = [check.judge(case(check), replace(found, trainings={"net": each})) for each in (fresh, kept)]
        assert words[0] == words[1] and words[0] is not None and repr(words[0]) == repr(words[1])


def test_a_result_that_is_not_finite_is_never_read_as_another(tmp_path: Path) -> None:
    keep_result(tmp_path, "key", training(losses=(2.3, math.nan, math.inf), diverged=True))
    kept = read_result(tmp_path, "key")
    assert kept is None or (math.isnan(kept.losses[1]) and math.isinf(kept.losses[2]))


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[1]", b"\xff\xfe", b'{"steps": "many"}'])
def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "training-key.json").write_bytes(content)
    assert read_result(tmp_path, "key") is None


def test_without_a_folder_nothing_is_kept_and_one_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    keep_result(None, "key", training())
    assert read_result(None, "key") is None and read_result(tmp_path / "none", "key") is None
    (tmp_path / "file").write_text("")
    keep_result(tmp_path / "file", "key", training())
    assert (tmp_path / "file").read_text() == ""


def test_the_folder_may_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("GRADER_CACHE")
    assert "grade" in cache_folder().parts[-2:]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    write_atomically(path, b"first")

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        write_atomically(path, b"second")
    assert path.read_bytes() == b"first" and list(tmp_path.iterdir()) == [path]
