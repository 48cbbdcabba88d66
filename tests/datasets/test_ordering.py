"""What the built-in sets are for, at one seed: docs/data.md has the table over ten."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from grader import datasets
from grader.datasets import ImageSet

STEPS = 80
PEAK_RATE = 2e-3


def convolution(channels: int, width: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]


def held_out_accuracy(network: nn.Module, data: ImageSet) -> float:
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.reset_parameters()
    optimiser = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=STEPS, pct_start=0.1)
    for positions in torch.randint(len(data.train_labels), (STEPS, 64)):
        loss = functional.cross_entropy(network(data.train_images[positions]), data.train_labels[positions])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        return (network.eval()(data.held_images).argmax(1) == data.held_labels).double().mean().item()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "objects"])
def test_a_network_with_convolutions_does_better_than_one_without(name: str) -> None:
    data = datasets.load(name, seed=0, train=4000, validation=0, held=500)
    channels, side = data.train_images.shape[1:3]
    flat = nn.Sequential(nn.Flatten(), nn.Linear(channels * side**2, 128), nn.ReLU(), nn.Linear(128, 10))
    layers = [*convolution(channels, 16), *convolution(16, 32), *convolution(32, 64)]
    spatial = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4**2, 10))
    without, having = held_out_accuracy(flat, data), held_out_accuracy(spatial, data)
    assert 0.15 < without < having - 0.1, f"{without:.3f} without convolutions, {having:.3f} with them"
    assert having < 1, "a set that anything solves tells nothing"
