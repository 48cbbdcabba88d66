"""The trusted processes: what breaks one takes nothing else with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import grader.trainers
from grader.gathering import result_of
from grader.network.exported import Exported
from grader.records import Fault, NetworkFacts, TrainingResult
from grader.trainers import DataRequest, Trainers
from grader.training import Recipe
from tests.network.exporting import export

IMAGES = DataRequest("digits", 1, 64, 16, 32)


def network(width: int = 8) -> Exported:
    torch.manual_seed(0)
    return export(nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 10)), 1, 28, 28)


def test_a_network_that_takes_too_long_is_ended_and_the_next_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grader.trainers, "WORK_SECONDS", 8.0)
    with Trainers(1, "cpu", None) as trainers:
        trainers.start([IMAGES])
        endless = trainers.train(network(), IMAGES, Recipe(steps=10**9), {}, 0)
        after = trainers.analyse(network(), 0)
        fault = result_of(endless)
        assert isinstance(fault, Fault) and fault.kind == "trainer" and "seconds" in fault.message and fault.remedy
        assert isinstance(result_of(after), NetworkFacts)


def test_a_network_that_takes_too_much_memory_is_told_and_the_next_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grader.trainers, "WORK_BYTES", 600 * 2**20)
    with Trainers(1, "cpu", None) as trainers:
        trainers.start([IMAGES])
        wide, narrow = (trainers.train(network(width), IMAGES, Recipe(steps=2), {}, 0) for width in (80_000, 8))
        fault, result = result_of(wide), result_of(narrow)
        assert isinstance(fault, Fault) and "memory" in fault.message
        assert not isinstance(result, Fault) and isinstance(result.result, TrainingResult)


def test_images_that_are_not_there_are_told_at_the_start(tmp_path: Path) -> None:
    with Trainers(1, "cpu", None) as trainers, pytest.raises(grader.trainers.InputError):
        trainers.start([DataRequest("mnist", 1, 64, 16, 32, data_root=tmp_path)])
