"""The networks: shapes, parameters that agree, layers that are there, and that each of them can learn."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from models.cnn_models import (
    CIFARResidualCNN,
    DepthCNN,
    DepthResidualCNN,
    KernelCNN,
    MNISTResidualCNN,
    RegularizedResidualCNN,
    SimpleCNN,
)
from models.fc_models import DeepFullyConnectedCIFAR, FullyConnectedMNIST
from utils.comparison_utils import count_convolution_parameters, count_parameters

KERNELS = {"3x3": {3}, "5x5": {5}, "7x7": {7}, "1x1+3x3": {1, 3}}
MNIST = [FullyConnectedMNIST, SimpleCNN, MNISTResidualCNN]
CIFAR = [
    DeepFullyConnectedCIFAR,
    CIFARResidualCNN,
    RegularizedResidualCNN,
    *(partial(KernelCNN, kernel) for kernel in KERNELS),
    *(partial(DepthCNN, layers) for layers in (2, 4, 6)),
    DepthResidualCNN,
]
ALL = [(build, (1, 28, 28)) for build in MNIST] + [(build, (3, 32, 32)) for build in CIFAR]


def convolutions(model: nn.Module) -> list[nn.Conv2d]:
    return [module for module in model.modules() if isinstance(module, nn.Conv2d)]


@pytest.mark.parametrize(("build", "shape"), ALL)
def test_logits_have_one_row_per_image(build: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    model = build().eval()
    for count in (1, 5):
        assert model(torch.randn(count, *shape)).shape == (count, 10)


@pytest.mark.parametrize(("build", "shape"), ALL)
def test_one_small_batch_is_learnt_and_every_parameter_gets_a_gradient(
    build: Callable[[], nn.Module], shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    model, images, labels = build(), torch.randn(16, *shape), torch.arange(16) % 10
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(15):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(images), labels)
        loss.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in model.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_kernel_networks_have_equal_parameters_within_2_percent() -> None:
    for count in (count_parameters, count_convolution_parameters):
        counts = [count(KernelCNN(kernel)) for kernel in KERNELS]
        assert max(counts) / min(counts) < 1.02


@pytest.mark.parametrize(("kernel", "sides"), KERNELS.items())
def test_kernel_networks_have_the_kernels_they_are_named_after(kernel: str, sides: set[int]) -> None:
    assert {layer.kernel_size[0] for layer in convolutions(KernelCNN(kernel))} == sides


def test_an_unknown_kernel_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="9x9"):
        KernelCNN("9x9")


@pytest.mark.parametrize("layers", [2, 4, 6])
def test_depth_networks_have_as_many_convolutions_as_they_say(layers: int) -> None:
    assert len(convolutions(DepthCNN(layers))) == layers


def test_shortcuts_cost_no_parameter_at_equal_depth() -> None:
    assert count_parameters(DepthResidualCNN()) == count_parameters(DepthCNN(6))
    assert len(convolutions(DepthResidualCNN())) == 6


def test_regularisation_acts_in_training_only_and_has_no_parameters() -> None:
    model, images = RegularizedResidualCNN(), torch.randn(4, 3, 32, 32)
    assert count_parameters(model) == count_parameters(CIFARResidualCNN())
    model.eval()
    assert torch.equal(model(images), model(images))
    model.train()
    assert not torch.equal(model(images), model(images))
