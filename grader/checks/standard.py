"""Is a custom layer a standard layer under another name? Compared by what comes out.

Parameters are redrawn at random before each comparison, so that a layer whose gain starts at 0 or 1 is not taken for an
identity or for its standard counterpart. Only a layer that agrees on every draw, in training and in evaluation, is the
same: one that drops weights in training is not, and neither is one whose gates happen to be shut on one draw. A constant
factor and a constant offset are no logic of their own; ones that are drawn with the parameters are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from grader.network.exported import Exported
from grader.network.run import Network

DIFFERENT = 1e-3  # largest difference, relative to the largest value, below which two layers are the same
SEEDS = (20, 21, 22)


@dataclass(frozen=True)
class Likeness:
    """``factor`` times a standard layer, plus ``offset``."""

    name: str
    factor: float = 1.0
    offset: float = 0.0

    def __str__(self) -> str:
        factor = f", times {self.factor:.3g}" if abs(self.factor - 1) > DIFFERENT else ""
        return self.name + factor + (f", plus {self.offset:.3g}" if abs(self.offset) > DIFFERENT else "")

    def is_as(self, other: Likeness) -> bool:
        """Whether factor and offset are constants: the same on two draws."""
        return math.isclose(self.factor, other.factor, rel_tol=DIFFERENT) and abs(self.offset - other.offset) <= DIFFERENT * (
            abs(self.factor) + abs(other.offset)
        )


Same = Callable[[Network, Tensor], Likeness | None]
Others = Iterable[tuple[str, Callable[[], Tensor]]]


@torch.no_grad()
def same_as_standard(standard: str, exported: Exported) -> str | None:
    """What the layer is the same as, in words; None where it differs from every ``standard`` layer."""
    found: list[Likeness] = []
    for seed in SEEDS:
        network, inputs = _redrawn(exported, seed)
        for training in (True, False):
            likeness = _SAME[standard](network.train(training), inputs)
            if likeness is None or not all(likeness.is_as(each) for each in found):
                return None
            found.append(likeness)
    return str(found[-1])


def _redrawn(exported: Exported, seed: int) -> tuple[Network, Tensor]:
    """The network with random parameters, and a random input of mixed sign in its probe's shape."""
    generator = torch.Generator().manual_seed(seed)
    network = Network(exported.training, exported.evaluation, exported.weights)
    for parameter in network.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return network, torch.randn(exported.probe[0].shape, generator=generator) * 2


def _equal(left: Tensor, right: Tensor) -> bool:
    if left.shape != right.shape:
        return False
    return bool((left - right).abs().max() <= DIFFERENT * left.abs().max().clamp_min(1e-6))


def _likeness(name: str, output: Tensor, other: Tensor) -> Likeness | None:
    """Whether an output is the other one, or a multiple of it and a constant, by least squares."""
    if _equal(output, other):
        return Likeness(name)
    if output.shape != other.shape or not (output.isfinite().all() and other.isfinite().all()):
        return None
    left, right = output.double() - output.double().mean(), other.double() - other.double().mean()
    factor = float((left * right).sum() / right.square().sum().clamp_min(1e-12))
    if factor == 0 or not (left - factor * right).abs().max() <= DIFFERENT * left.abs().max() or left.abs().max() < 1e-6:
        return None
    return Likeness(name, factor, float(output.double().mean() - factor * other.double().mean()))


def _same_as(output: Tensor, others: Others) -> Likeness | None:
    for name, make in others:
        try:
            if likeness := _likeness(name, output, make()):
                return likeness
        except RuntimeError:
            continue  # the standard layer does not take these shapes
    return None


# --- convolution -----------------------------------------------------------------------------------------------------


def _same_convolution(network: Network, inputs: Tensor) -> Likeness | None:
    """Any plain convolution, grouped or dilated as well, with the layer's own tensors."""
    output = network(inputs)
    return _same_as(output, _convolutions(network, inputs, output.shape[1]))


def _convolutions(network: Network, inputs: Tensor, width: int) -> Others:
    biases: list[Tensor | None] = [None, *(each.flatten() for each in network.parameters() if each.numel() == width)]
    channels = inputs.shape[1]
    for weight in _kernels(network, channels, width):
        groups = channels // weight.shape[1]
        for stride, dilation, padding in _settings(weight.shape[-1]):
            name = f"a convolution of kernel {list(weight.shape)}, stride {stride}, padding {padding}, dilation {dilation}"
            for bias in biases:
                yield name, partial(F.conv2d, inputs, weight, bias, stride, padding, dilation, groups)


def _settings(side: int) -> Iterator[tuple[int, int, int]]:
    """(stride, dilation, padding) of ordinary convolutions with a kernel of that side."""
    for stride in (1, 2):
        for dilation in (1, 2):
            for padding in range(dilation * (side - 1) + 1):
                yield stride, dilation, padding


def _kernels(network: Network, channels: int, width: int) -> Iterator[Tensor]:
    """Parameters that are a kernel (width, channels / groups, side, side), or a matrix that holds one."""
    for value in network.parameters():
        if value.dim() == 4 and value.shape[0] == width and channels % value.shape[1] == 0:
            yield value
        elif value.dim() in (2, 3) and value.numel() % (width * channels) == 0:
            side = math.isqrt(value.numel() // (width * channels))
            if side * side * width * channels == value.numel():
                shape = (width, channels, side, side)
                yield from (value.reshape(shape), value.transpose(-1, -2).reshape(shape))


# --- attention -------------------------------------------------------------------------------------------------------


def _same_attention(network: Network, inputs: Tensor) -> Likeness | None:
    """A linear layer (an identity and a fixed gain are), or a function of each value alone: neither weighs its input."""
    output = network(inputs)
    if output.shape != inputs.shape:
        return None
    other = inputs.flip(0).roll(1, dims=-1) * 1.3 + 0.1
    if _equal(output, inputs):
        return Likeness("its input (an identity)")
    offset = network(torch.zeros_like(inputs))
    if _equal(network(inputs + other) - offset, output + network(other) - 2 * offset):
        return Likeness("a linear layer: its gain does not depend on the input")
    kept = torch.arange(inputs.numel()).reshape(inputs.shape) % 3 == 0
    changed = network(torch.where(kept, inputs, other))
    alone = _equal(changed[kept], output[kept])
    return Likeness("an activation: each value is weighed by itself alone") if alone else None


# --- activation ------------------------------------------------------------------------------------------------------

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "the identity": lambda x: x,
    "ReLU": F.relu,
    "ReLU6": F.relu6,
    "ELU": F.elu,
    "SELU": F.selu,
    "GELU": F.gelu,
    "GELU (tanh)": lambda x: F.gelu(x, approximate="tanh"),
    "SiLU": F.silu,
    "Mish": F.mish,
    "Softplus": F.softplus,
    "Softsign": F.softsign,
    "Softshrink": F.softshrink,
    "Hardshrink": F.hardshrink,
    "Hardswish": F.hardswish,
    "Hardsigmoid": F.hardsigmoid,
    "Hardtanh": F.hardtanh,
    "sigmoid": torch.sigmoid,
    "LogSigmoid": F.logsigmoid,
    "tanh": torch.tanh,
    "Tanhshrink": F.tanhshrink,
    "softmax over channels": lambda x: F.softmax(x, 1),
    "softmax over the last dimension": lambda x: F.softmax(x, -1),
}


def _same_activation(network: Network, inputs: Tensor) -> Likeness | None:
    output = network(inputs)
    others = {name: partial(function, inputs) for name, function in _ACTIVATIONS.items()}
    if output.shape == inputs.shape:
        slope = _slope(output.flatten(), inputs.flatten())
        others[f"LeakyReLU or PReLU with slope {slope:.2g}"] = partial(F.leaky_relu, inputs, slope)
    return _same_as(output, others.items())


def _slope(output: Tensor, inputs: Tensor) -> float:
    """How much flatter an activation is far below 0 than far above, whatever its factor and offset."""
    order = inputs.argsort()
    (low, lower), (high, higher) = ((output[pair], inputs[pair]) for pair in (order[:2], order[-2:]))
    below, above = (float((y[1] - y[0]) / (x[1] - x[0])) for y, x in ((low, lower), (high, higher)))
    return below / above if above else 0.0


# --- pooling ---------------------------------------------------------------------------------------------------------


def _same_pooling(network: Network, inputs: Tensor) -> Likeness | None:
    """Maximum, mean or adaptive pooling with the window that the shapes suggest."""
    output = network(inputs)
    window = max(1, round(inputs.shape[-1] / output.shape[-1]))
    others: dict[str, Callable[[], Tensor]] = {"the first value of each window": lambda: inputs[..., ::window, ::window]}
    for size in (2, 3, window):
        others[f"max pooling {size}x{size}"] = partial(F.max_pool2d, inputs, size, window)
        others[f"average pooling {size}x{size}"] = partial(F.avg_pool2d, inputs, size, window)
    others["adaptive max pooling"] = partial(F.adaptive_max_pool2d, inputs, output.shape[-2:])
    others["adaptive average pooling"] = partial(F.adaptive_avg_pool2d, inputs, output.shape[-2:])
    return _same_as(output, others.items())


_SAME: dict[str, Same] = {
    "convolution": _same_convolution,
    "attention": _same_attention,
    "activation": _same_activation,
    "pooling": _same_pooling,
}
