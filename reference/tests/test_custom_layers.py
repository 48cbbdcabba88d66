"""The four layers with a backward of their own, and the three blocks."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.custom_layers import (
    BasicBlock,
    BottleneckBlock,
    ChannelAttention,
    CustomActivation,
    CustomConv2d,
    CustomPool2d,
    WideBlock,
)
from utils.comparison_utils import count_parameters

LAYERS = [
    (lambda: CustomConv2d(3, 4, 3, padding=1), (2, 3, 5, 6)),
    (lambda: CustomConv2d(2, 3, 3, stride=2, padding=1), (2, 2, 7, 6)),
    (lambda: CustomConv2d(3, 2, 2, stride=3), (1, 3, 7, 8)),
    (lambda: CustomConv2d(4, 3, 1), (2, 4, 3, 3)),
    (lambda: ChannelAttention(8), (2, 8, 4, 3)),
    (lambda: ChannelAttention(3), (3, 3, 1, 1)),
    (CustomActivation, (2, 3, 4, 4)),
    (CustomActivation, (7,)),
    (lambda: CustomPool2d(2), (2, 3, 4, 6)),
    (lambda: CustomPool2d(3, 2), (1, 2, 8, 7)),
    (lambda: CustomPool2d(2, 3), (2, 2, 8, 8)),
    (lambda: CustomPool2d(3, 1), (1, 2, 5, 5)),
]
BLOCKS = [BasicBlock, BottleneckBlock, WideBlock]


def moved(layer: nn.Module) -> nn.Module:
    """The layer in float64, away from its start, where symmetries could hide an error."""
    layer = layer.double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return layer


@pytest.mark.parametrize(("build", "shape"), LAYERS)
@pytest.mark.parametrize("offset", [0.0, -2.0])
def test_backward_agrees_with_finite_differences(build, shape: tuple[int, ...], offset: float) -> None:  # noqa: ANN001
    torch.manual_seed(0)
    layer = moved(build())
    names = [name for name, _ in layer.named_parameters()]

    def call(inputs: Tensor, *parameters: Tensor) -> Tensor:
        return torch.func.functional_call(layer, dict(zip(names, parameters, strict=True)), (inputs,))

    inputs = (torch.randn(shape, dtype=torch.float64) + offset).requires_grad_()
    assert torch.autograd.gradcheck(call, (inputs, *layer.parameters()))


@pytest.mark.parametrize(("build", "shape"), LAYERS)
def test_float32_gives_finite_values_and_gradients_close_to_float64(build, shape: tuple[int, ...]) -> None:  # noqa: ANN001
    torch.manual_seed(1)
    layer, inputs = build(), torch.randn(shape)
    gradients = []
    for dtype in (torch.float32, torch.float64):
        layer.to(dtype).zero_grad()
        copy = inputs.clone().to(dtype).requires_grad_()
        layer(copy).square().sum().backward()
        gradients.append([copy.grad, *(parameter.grad for parameter in layer.parameters())])
    for single, double in zip(*gradients, strict=True):
        torch.testing.assert_close(single.double(), double, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("stride", "padding", "kernel"), [(1, 0, 3), (2, 1, 3), (3, 2, 5)])
def test_convolution_is_the_standard_one_with_standardised_weights(stride: int, padding: int, kernel: int) -> None:
    layer, images = CustomConv2d(3, 5, kernel, stride, padding), torch.randn(2, 3, 11, 9)
    centred = layer.weight - layer.weight.mean((1, 2, 3), keepdim=True)
    weight = layer.gain[:, None, None, None] * centred / centred.flatten(1).norm(dim=1)[:, None, None, None]
    expected = functional.conv2d(images, weight, layer.bias, stride, padding)
    torch.testing.assert_close(layer(images), expected, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(layer(images), functional.conv2d(images, layer.weight, layer.bias, stride, padding))


def test_attention_scales_channels_and_is_no_identity_at_the_start() -> None:
    images = torch.randn(2, 8, 5, 5)
    factors = ChannelAttention(8)(images) / images
    torch.testing.assert_close(factors, factors[:, :, :1, :1].expand_as(factors))
    assert ((factors > 0) & (factors < 0.99)).all()


def test_activation_tends_to_relu_with_sharpness() -> None:
    layer, values = CustomActivation(), torch.linspace(-3, 3, 13)
    with torch.no_grad():
        layer.lower.zero_()
        layer.sharpness.fill_(1e4)
    torch.testing.assert_close(layer(values), functional.relu(values))


def test_pooling_lies_between_average_and_maximum() -> None:
    images = torch.randn(2, 3, 9, 8) - 3
    pooled = CustomPool2d(3, 2)(images)
    torch.testing.assert_close(
        pooled, (functional.max_pool2d(images, 3, 2) + functional.avg_pool2d(images, 3, 2)) / 2
    )


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize(("channels", "stride", "shape"), [((8, 8), 1, (2, 8, 6, 6)), ((8, 16), 2, (2, 16, 3, 3))])
def test_blocks_keep_or_change_the_shape_as_asked(
    block: type[nn.Module], channels: tuple[int, int], stride: int, shape: tuple[int, ...]
) -> None:
    assert block(*channels, stride)(torch.randn(2, 8, 6, 6)).shape == shape


@pytest.mark.parametrize("block", BLOCKS)
def test_the_shortcut_carries_the_input_past_a_silent_branch(block: type[nn.Module]) -> None:
    layer, inputs = block(8, 8).eval(), torch.randn(2, 8, 6, 6)
    with torch.no_grad():
        for parameter in layer.branch.parameters():
            parameter.zero_()
    torch.testing.assert_close(layer(inputs), functional.relu(inputs))


def test_bottleneck_is_the_smallest_and_wide_the_largest() -> None:
    basic, bottleneck, wide = (count_parameters(block(32, 32)) for block in BLOCKS)
    assert bottleneck < basic < wide
