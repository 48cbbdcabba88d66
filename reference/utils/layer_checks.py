"""Checks of the four custom layers: worked examples, gradcheck, and the standard counterpart beside each of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops import SqueezeExcitation

from models.custom_layers import ChannelAttention, CustomActivation, CustomConv2d, CustomPool2d
from utils.comparison_utils import Document, count_parameters

CHANNELS = 8
TOLERANCE = 1e-5
REPETITIONS = 5


@dataclass(frozen=True)
class LayerCase:
    """A custom layer, its standard counterpart with the same weights, and examples with a known answer."""

    layer: nn.Module
    standard: nn.Module
    standard_name: str
    examples: list[Document]


def example(name: str, expected: Tensor | list[float] | float, found: Tensor) -> Document:
    """One worked example: passed where every number agrees within 1e-5."""
    target = torch.as_tensor(expected, dtype=found.dtype).expand_as(found)
    error = float((target - found).abs().max().detach())
    return {"name": name, "expected": target.tolist(), "found": found.tolist(), "passed": error <= TOLERANCE}


# --- The four layers -------------------------------------------------------------------------------------------------


@torch.no_grad()
def convolution_case() -> LayerCase:
    """CustomConv2d: a kernel worked out by hand, and what standardising must not notice."""
    layer = CustomConv2d(CHANNELS, CHANNELS, 3, padding=1)
    standard = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
    standard.weight.copy_(layer.weight)
    standard.bias.copy_(layer.bias)  # type: ignore[union-attr]
    tiny = CustomConv2d(1, 1, 2)
    tiny.weight.copy_(torch.tensor([[[[100.0, 300.0], [100.0, 300.0]]]]))  # standardised: -1/2, 1/2, -1/2, 1/2
    tiny.gain.fill_(2.0)
    tiny.bias.fill_(0.5)
    steps = torch.tensor([[[[0.0, 1.0, 3.0], [0.0, 1.0, 3.0]]]])
    examples = [example("differences of neighbours: 2 (0 + 1) + 1/2 and so on", [2.5, 4.5], tiny(steps).flatten())]
    before = tiny(steps).flatten()
    tiny.weight.mul_(3.0).add_(50.0)
    examples.append(example("scaling and shifting the weights changes nothing", before, tiny(steps).flatten()))
    examples.append(example("a constant image leaves the bias alone", [0.5], tiny(torch.ones(1, 1, 2, 2)).flatten()))
    return LayerCase(layer, standard, "torch.nn.Conv2d", examples)


@torch.no_grad()
def attention_case() -> LayerCase:
    """ChannelAttention: factors that follow from the biases, and one worked out by hand."""
    layer = ChannelAttention(CHANNELS)
    standard = SqueezeExcitation(CHANNELS, layer.squeeze.out_features)
    for ours, theirs in ((layer.squeeze, standard.fc1), (layer.excite, standard.fc2)):
        theirs.weight.copy_(ours.weight[:, :, None, None])
        theirs.bias.copy_(ours.bias)
    known = ChannelAttention(2)
    for parameter in known.parameters():
        parameter.zero_()
    image = torch.tensor([[[[1.0, -3.0]], [[4.0, 0.0]]]])
    examples = [example("weights of zero halve the image", image.flatten() / 2, known(image).flatten())]
    known.excite.bias.copy_(torch.tensor([20.0, -20.0]))
    examples.append(example("the biases open one channel, close the other", [1, -3, 0, 0], known(image).flatten()))
    known.squeeze.weight[0, 1] = 1.0  # hidden 0 = mean + peak of channel 1 = 2 + 4
    known.excite.weight[1, 0] = 20 / 6  # cancels the bias of -20
    examples.append(example("mean 2 and peak 4 of channel 1 half open it", [1, -3, 2, 0], known(image).flatten()))
    return LayerCase(layer, standard, "torchvision.ops.SqueezeExcitation", examples)


@torch.no_grad()
def activation_case() -> LayerCase:
    """CustomActivation: its limits, SiLU among them."""
    silu = CustomActivation()
    for parameter, value in ((silu.upper, 1.0), (silu.lower, 0.0), (silu.sharpness, 1.0)):
        parameter.fill_(value)
    points = torch.tensor([-20.0, -1.0, 0.0, 2.0, 20.0])
    examples = [
        example("slopes 1 and 0 at sharpness 1 are SiLU", nn.functional.silu(points), silu(points)),
        example("the start far out: slope 0.1 left, 1 right", [-2.0, 0.0, 20.0], CustomActivation()(points[[0, 2, 4]])),
    ]
    return LayerCase(CustomActivation(), nn.SiLU(), "torch.nn.SiLU", examples)


@torch.no_grad()
def pooling_case() -> LayerCase:
    """CustomPool2d: half way, and both ends of the mixture, on negative numbers too."""
    layer = CustomPool2d(2)
    image = torch.tensor([[[[1.0, 2.0, -1.0, -2.0], [3.0, 6.0, -3.0, -6.0]]]])
    examples = [example("half maximum, half average", [4.5, -2.0], layer(image).flatten())]
    for name, mix, expected in (("maximum", 40.0, [6.0, -1.0]), ("average", -40.0, [3.0, -3.0])):
        extreme = CustomPool2d(2)
        extreme.mix.fill_(mix)
        examples.append(example(f"the whole mixture on the {name}", expected, extreme(image).flatten()))
    return LayerCase(layer, nn.MaxPool2d(2), "torch.nn.MaxPool2d", examples)


CASES: dict[str, Callable[[], LayerCase]] = {
    "custom_conv": convolution_case,
    "attention": attention_case,
    "activation": activation_case,
    "pooling": pooling_case,
}


# --- What is measured of each ----------------------------------------------------------------------------------------


def passes_gradcheck(layer: nn.Module) -> bool:
    """The layer's own backward against finite differences, float64, by its input and by each of its parameters."""
    layer = layer.double()
    names = [name for name, _ in layer.named_parameters()]
    inputs = torch.randn(2, CHANNELS, 4, 4, dtype=torch.float64, requires_grad=True)

    def call(images: Tensor, *parameters: Tensor) -> Any:
        return torch.func.functional_call(layer, dict(zip(names, parameters, strict=True)), (images,))

    # The fast mode compares one random projection per input and output instead of every entry of the Jacobian.
    return torch.autograd.gradcheck(call, (inputs, *layer.parameters()), fast_mode=True, raise_exception=False)


def input_gradient(layer: nn.Module, images: Tensor, direction: Tensor) -> Tensor:
    """Gradient of sum(direction * layer(images)) by the images."""
    images = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad((layer(images) * direction).sum(), images)
    return gradient


def seconds_of(layer: nn.Module, images: Tensor) -> float:
    """Median seconds of one forward and backward pass."""
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        layer(images).sum().backward()
        times.append(time.perf_counter() - start)
    return median(times)


def layer_document(case: LayerCase) -> Document:
    """Examples, gradcheck, and the largest differences from the standard counterpart on random images."""
    images = torch.randn(16, CHANNELS, 16, 16)
    found, reference = case.layer(images), case.standard(images)
    direction = torch.randn_like(found)
    ours, theirs = (input_gradient(layer, images, direction) for layer in (case.layer, case.standard))
    timed = images.clone().requires_grad_()
    return {
        "standard": case.standard_name,
        "parameters": count_parameters(case.layer),
        "examples": case.examples,
        "value_difference": float((found - reference).abs().max().detach()),
        "gradient_difference": float((ours - theirs).abs().max()),
        "seconds": seconds_of(case.layer, timed),
        "standard_seconds": seconds_of(case.standard, timed),
        "gradcheck": passes_gradcheck(case.layer),
    }
