"""The trusted training loop: the same numbers every time, early stop, divergence, dead parameters, blocks."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor, nn

import grader.training
from grader.network import Exported, NetworkError
from grader.training import Recipe, train
from tests.network.exporting import export


@dataclass(frozen=True)
class Pictures:
    """Four classes of 8x8 pictures: which quarter is bright."""

    train_images: Tensor
    train_labels: Tensor
    validation_images: Tensor
    validation_labels: Tensor
    held_images: Tensor
    held_labels: Tensor
    classes: tuple[str, ...] = ("a", "b", "c", "d")


def _draw(count: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (count,), generator=generator)
    images = torch.randn(count, 3, 8, 8, generator=generator)
    for place, label in enumerate(labels.tolist()):
        images[place, :, (label // 2) * 4 : (label // 2) * 4 + 4, (label % 2) * 4 : (label % 2) * 4 + 4] += 2
    return images, labels


@functools.cache
def pictures() -> Pictures:
    return Pictures(*_draw(256, 1), *_draw(200, 2), *_draw(200, 3))


def _network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(4), nn.Dropout(0.1), nn.Flatten(), nn.Linear(32, 4)
    )


@functools.cache
def exported() -> Exported:
    return export(_network(), 3, 8, 8)


RECIPE = Recipe(steps=60, batch=32, learning_rate=1e-2)


def test_it_learns_and_counts_exactly() -> None:
    result = train(exported(), pictures(), RECIPE, seed=0)
    assert result.correct > 190 > 64 > result.initial_correct
    assert (result.held, result.initial_seen, result.train_seen, result.steps) == (200, 128, 256, 60)
    assert sum(map(sum, result.confusion)) == 200 and sum(result.confusion[i][i] for i in range(4)) == result.correct
    assert len(result.losses) == 10 and result.losses[-1] < result.losses[0]
    assert not result.diverged and not result.stopped_early and result.dead_parameters == ()
    assert set(result.gradient_norms) == {"0.weight", "6.weight"}
    assert all(len(norms) == 3 and min(norms) > 0 for norms in result.gradient_norms.values())


def test_the_same_seed_gives_the_same_result_whatever_came_before() -> None:
    first = train(exported(), pictures(), RECIPE, seed=3)
    torch.manual_seed(99)
    torch.randn(7)
    assert train(exported(), pictures(), RECIPE, seed=3) == first
    assert train(exported(), pictures(), RECIPE, seed=4) != first


def test_the_callers_state_is_left_alone() -> None:
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    train(exported(), pictures(), replace(RECIPE, steps=2), seed=0)
    assert torch.equal(torch.randn(3), expected) and torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_short_training_counts_on_few_held_out_images() -> None:
    few = train(exported(), pictures(), replace(RECIPE, steps=2, batch=8, held=10), seed=0)
    assert (few.held, few.images, sum(map(sum, few.confusion))) == (10, 16, 10)


def test_it_stops_when_the_threshold_is_safely_reached() -> None:
    result = train(exported(), pictures(), replace(RECIPE, stop_at=0.7), seed=0)
    assert result.stopped_early and result.steps < 60 and result.accuracy >= 0.7
    assert result.validation[-1][0] == result.steps


def test_it_goes_on_while_the_threshold_is_not_safe() -> None:
    result = train(exported(), pictures(), replace(RECIPE, stop_at=1.0), seed=0)
    assert not result.stopped_early and result.steps == 60 and len(result.validation) == 4


def test_what_learns_slowly_is_trained_anew_for_longer() -> None:
    hurried = replace(RECIPE, steps=6, learning_rate=1e-3, stop_at=0.8)
    once, twice = (train(exported(), pictures(), replace(hurried, longer=longer), seed=0) for longer in (1.0, 20.0))
    assert once.accuracy < 0.8 <= twice.accuracy and once.steps == 6 < twice.steps <= 120


def test_what_is_enough_is_not_trained_anew() -> None:
    enough = replace(RECIPE, stop_at=0.7)
    assert train(exported(), pictures(), replace(enough, longer=3.0), seed=0) == train(exported(), pictures(), enough, seed=0)


def test_the_better_of_two_trainings_counts() -> None:
    out_of_reach = replace(RECIPE, stop_at=0.999, longer=1.5)
    better, first = train(exported(), pictures(), out_of_reach, seed=0), train(exported(), pictures(), RECIPE, seed=0)
    assert better.accuracy >= first.accuracy


def test_early_stopping_never_reads_held_out_images() -> None:
    swapped = replace(pictures(), held_labels=(pictures().held_labels + 1) % 4)
    honest, other = (train(exported(), one, replace(RECIPE, stop_at=0.7), seed=0) for one in (pictures(), swapped))
    assert (honest.steps, honest.validation, honest.losses) == (other.steps, other.validation, other.losses)


def test_a_network_of_nan_diverges_and_gets_nothing_right() -> None:
    network = exported()
    spoilt = replace(network, weights={name: value.float() * float("nan") for name, value in network.weights.items()})
    result = train(spoilt, pictures(), RECIPE, seed=0)
    assert result.diverged and result.correct == 0 and result.steps == 1 and result.precision == "float32"


def test_dead_and_frozen_parameters() -> None:
    module = _network()
    module.register_parameter("idle", nn.Parameter(torch.ones(2)))
    module[0].requires_grad_(False)
    result = train(export(module, 3, 8, 8), pictures(), replace(RECIPE, steps=5), seed=0)
    assert result.dead_parameters == ("idle",)


def test_a_network_without_parameters_is_measured_untrained() -> None:
    module = nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Unflatten(1, (3, 4)), nn.AvgPool2d((3, 1)), nn.Flatten())
    result = train(export(module, 3, 8, 8), pictures(), RECIPE, seed=0)
    assert result.steps == 0 and result.correct == result.held and result.initial_correct == result.initial_seen


def test_an_output_of_another_shape_is_named() -> None:
    with pytest.raises(NetworkError, match=r"output has to be \(N, 4\)"):
        train(export(nn.Conv2d(3, 4, 3), 3, 8, 8), pictures(), RECIPE, seed=0)


def test_a_block_is_trained_in_a_host() -> None:
    torch.manual_seed(0)
    block = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
    result = train(export(block, 8, 4, 4), pictures(), replace(RECIPE, host="block"), seed=0)
    assert result.correct > 60 and set(result.gradient_norms) == {"0.weight"}
    with pytest.raises(NetworkError, match="block"):
        train(exported(), pictures(), replace(RECIPE, host="block"), seed=0)


def test_bfloat16_is_used_where_the_device_can_and_judged_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grader.training, "computes_bfloat16", lambda _: True)
    result = train(exported(), pictures(), RECIPE, seed=0)
    assert result.precision == "bfloat16" and result.correct > 180


def test_a_network_that_fails_in_bfloat16_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    class Solver(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(192, 4)

        def forward(self, x: Tensor) -> Tensor:
            y = self.linear(x.flatten(1))
            return torch.where(y == y.to(torch.bfloat16).float(), torch.log(-torch.ones_like(y)), y)

    monkeypatch.setattr(grader.training, "computes_bfloat16", lambda _: True)
    result = train(export(Solver(), 3, 8, 8), pictures(), replace(RECIPE, steps=5), seed=0)
    assert result.precision == "float32"
