"""Layers of part 3: four with forward and backward written by hand, and three residual blocks from scratch.

Each of the four is a pair: a `torch.autograd.Function` that holds the mathematics, both directions, and an `nn.Module`
that holds the parameters. The derivations stand in the docstrings of `backward`; "gradient" is the gradient of the loss
with respect to the function's output. Convention: N images, C channels, side H x W, L output positions, k kernel side.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

# --- 3.1 Convolution with standardised weights -----------------------------------------------------------------------


class StandardizedConvFunction(torch.autograd.Function):
    """y = conv(x, gain * (w - mean(w)) / sqrt(fan_in * var(w) + eps)) + bias, mean and var per output channel.

    Scaled weight standardisation: Qiao et al. 2019, in the scaling of Brock et al. 2021, section 4.
    """

    EPSILON = 1e-4

    @staticmethod
    def forward(
        ctx: Any, images: Tensor, weight: Tensor, gain: Tensor, bias: Tensor, stride: int, padding: int
    ) -> Tensor:
        """images (N, C, H, W), weight (O, C, k, k), gain (O,), bias (O,) -> (N, O, H', W')."""
        centred = weight - weight.mean((1, 2, 3), keepdim=True)
        scale = (centred.square().sum((1, 2, 3), keepdim=True) + StandardizedConvFunction.EPSILON).rsqrt()
        standard = centred * scale
        kernel = standard * gain[:, None, None, None]
        ctx.save_for_backward(images, standard, scale, gain)
        ctx.stride, ctx.padding = stride, padding
        return functional.conv2d(images, kernel, bias, stride, padding)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """A convolution is a matrix product with the patches; standardising is a projection and a scaling.

        With s = c / |c| and c = w - mean(w):  dL/dc = (dL/ds - s <s, dL/ds>) / |c|,  dL/dw = dL/dc - mean(dL/dc).
        """
        images, standard, scale, gain = ctx.saved_tensors
        side, stride, padding = standard.shape[-1], ctx.stride, ctx.padding
        flat = gradient.flatten(2)  # (N, O, L)
        patches = functional.unfold(images, side, padding=padding, stride=stride)  # (N, C k k, L)
        for_kernel = (flat @ patches.transpose(1, 2)).sum(0).view_as(standard)
        for_patches = (standard * gain[:, None, None, None]).flatten(1).T @ flat  # (N, C k k, L)
        for_images = functional.fold(for_patches, images.shape[-2:], side, padding=padding, stride=stride)
        for_gain = (for_kernel * standard).sum((1, 2, 3))
        for_standard = for_kernel * gain[:, None, None, None]
        along = (for_standard * standard).sum((1, 2, 3), keepdim=True)
        for_centred = (for_standard - standard * along) * scale
        for_weight = for_centred - for_centred.mean((1, 2, 3), keepdim=True)
        return for_images, for_weight, for_gain, flat.sum((0, 2)), None, None


class CustomConv2d(nn.Module):
    """A 2-d convolution whose kernels are standardised at every step and scaled by a learnable gain per channel.

    The extra logic takes two directions out of the search (mean and length of a kernel) and gives one back (the gain),
    so that activations keep their scale without a batch norm. (N, in_channels, H, W) -> (N, out_channels, H', W') with
    H' = floor((H + 2 padding - kernel_size) / stride) + 1.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, padding
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        # A kernel of length sqrt(2) keeps the variance through a ReLU, as He initialisation does on average.
        self.gain = nn.Parameter(torch.full((out_channels,), 2.0**0.5))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, images: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, H', W')."""
        output: Tensor = StandardizedConvFunction.apply(
            images, self.weight, self.gain, self.bias, self.stride, self.padding
        )
        return output


# --- 3.1 Channel attention -------------------------------------------------------------------------------------------


class ChannelAttentionFunction(torch.autograd.Function):
    """y = x * sigmoid(W2 (h(mean(x)) + h(max(x))) + b2) with h(v) = relu(W1 v + b1): Woo et al. 2018, section 3.1."""

    @staticmethod
    def forward(
        ctx: Any, images: Tensor, squeeze: Tensor, squeeze_bias: Tensor, excite: Tensor, excite_bias: Tensor
    ) -> Tensor:
        """images (N, C, H, W), squeeze (R, C), squeeze_bias (R,), excite (C, R), excite_bias (C,) -> (N, C, H, W)."""
        mean = functional.adaptive_avg_pool2d(images, 1).flatten(1)  # (N, C)
        peak = functional.adaptive_max_pool2d(images, 1).flatten(1)  # (N, C)
        from_mean = functional.relu(functional.linear(mean, squeeze, squeeze_bias))  # (N, R)
        from_peak = functional.relu(functional.linear(peak, squeeze, squeeze_bias))  # (N, R)
        factors = torch.sigmoid(functional.linear(from_mean + from_peak, excite, excite_bias))  # (N, C)
        ctx.save_for_backward(images, squeeze, excite, mean, peak, from_mean, from_peak, factors)
        return images * factors[:, :, None, None]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        """The product rule: through the image, and through its factor, in which each mean and each peak has a share."""
        images, squeeze, excite, mean, peak, from_mean, from_peak, factors = ctx.saved_tensors
        for_factors = (gradient * images).sum((2, 3))  # (N, C)
        for_scores = for_factors * factors * (1 - factors)  # sigmoid' = s (1 - s)
        for_hidden = for_scores @ excite  # (N, R)
        by_mean, by_peak = for_hidden * (from_mean > 0), for_hidden * (from_peak > 0)
        pixels = (gradient * factors[:, :, None, None]).flatten(2)  # (N, C, H W)
        pixels = pixels + (by_mean @ squeeze / pixels.shape[2])[:, :, None]
        pixels.scatter_add_(2, images.flatten(2).argmax(2, keepdim=True), (by_peak @ squeeze)[:, :, None])
        for_squeeze = by_mean.T @ mean + by_peak.T @ peak
        for_excite = for_scores.T @ (from_mean + from_peak)
        return pixels.view_as(images), for_squeeze, (by_mean + by_peak).sum(0), for_excite, for_scores.sum(0)


class ChannelAttention(nn.Module):
    """Weighs each channel by what all channels hold on average and at their peak, (N, C, H, W) -> the same shape.

    Squeeze-and-excitation (Hu et al. 2018) with the peaks of CBAM beside the means. The hidden layer has
    max(4, channels / 4) units. At the start the factors are near 1/2, never exactly 1.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(4, channels // 4)
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, channels)

    def forward(self, images: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, channels, H, W)."""
        output: Tensor = ChannelAttentionFunction.apply(
            images, self.squeeze.weight, self.squeeze.bias, self.excite.weight, self.excite.bias
        )
        return output


# --- 3.1 Activation --------------------------------------------------------------------------------------------------


class AconFunction(torch.autograd.Function):
    """y = (p - q) x sigmoid(b (p - q) x) + q x: ACON-C of Ma et al. 2021, a smooth max(p x, q x)."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, upper: Tensor, lower: Tensor, sharpness: Tensor) -> Tensor:
        """values of any shape; upper p, lower q and sharpness b are scalars -> the shape of values."""
        ctx.save_for_backward(values, upper, lower, sharpness)
        difference = (upper - lower) * values
        return difference * torch.sigmoid(sharpness * difference) + lower * values

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        """With d = (p - q) x and s = sigmoid(b d): dy/dd = s + b d s (1 - s) and dy/db = d^2 s (1 - s)."""
        values, upper, lower, sharpness = ctx.saved_tensors
        difference = (upper - lower) * values
        gate = torch.sigmoid(sharpness * difference)
        bend = difference * gate * (1 - gate)
        for_difference = gradient * (gate + sharpness * bend)
        for_values = for_difference * (upper - lower) + gradient * lower
        for_upper = (for_difference * values).sum()
        for_lower = (gradient * values).sum() - for_upper
        return for_values, for_upper, for_lower, (gradient * difference * bend).sum()


class CustomActivation(nn.Module):
    """ACON-C with three learnable scalars: slope far right, slope far left, and how sharp the bend is.

    With slopes 1 and 0 it is SiLU at sharpness 1 and tends to ReLU as the sharpness grows. Any shape -> the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self.upper = nn.Parameter(torch.tensor(1.0))
        self.lower = nn.Parameter(torch.tensor(0.1))
        self.sharpness = nn.Parameter(torch.tensor(2.0))

    def forward(self, values: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        output: Tensor = AconFunction.apply(values, self.upper, self.lower, self.sharpness)
        return output


# --- 3.1 Pooling -----------------------------------------------------------------------------------------------------


class MixedPoolFunction(torch.autograd.Function):
    """y = a max(window) + (1 - a) mean(window) with a = sigmoid(mix): Lee et al. 2016, "mixed" pooling."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, mix: Tensor, kernel_size: int, stride: int) -> Tensor:
        """images (N, C, H, W), mix a scalar -> (N, C, H', W') with H' = floor((H - kernel_size) / stride) + 1."""
        share = torch.sigmoid(mix)
        highest = functional.max_pool2d(images, kernel_size, stride)
        average = functional.avg_pool2d(images, kernel_size, stride)
        ctx.save_for_backward(images, share, highest - average)
        ctx.kernel_size, ctx.stride = kernel_size, stride
        return share * highest + (1 - share) * average

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """A window's gradient goes to its largest pixel (share a) and to all its pixels alike (share 1 - a)."""
        images, share, difference = ctx.saved_tensors
        area = ctx.kernel_size**2
        windows = functional.unfold(images, ctx.kernel_size, stride=ctx.stride)  # (N, C k k, L)
        windows = windows.unflatten(1, (images.shape[1], area))  # (N, C, k k, L)
        largest = torch.zeros_like(windows).scatter_(2, windows.argmax(2, keepdim=True), 1.0)
        shares = share * largest + (1 - share) / area
        for_windows = (shares * gradient.flatten(2)[:, :, None]).flatten(1, 2)
        for_images = functional.fold(for_windows, images.shape[-2:], ctx.kernel_size, stride=ctx.stride)
        for_mix = (gradient * difference).sum() * share * (1 - share)
        return for_images, for_mix, None, None


class CustomPool2d(nn.Module):
    """Learnable mixture of max and average pooling; it starts half and half. Works for any sign of the input.

    (N, C, H, W) -> (N, C, H', W') with H' = floor((H - kernel_size) / stride) + 1; stride is kernel_size unless given.
    """

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.mix = nn.Parameter(torch.tensor(0.0))

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H', W')."""
        output: Tensor = MixedPoolFunction.apply(images, self.mix, self.kernel_size, self.stride)
        return output


# --- 3.2 Residual blocks ---------------------------------------------------------------------------------------------


class ResidualSum(nn.Module):
    """relu(branch(x) + shortcut(x)), what the three blocks share.

    The shortcut is the identity where the shape stays; else a 1x1 convolution with the block's stride, and a norm.
    """

    def __init__(self, branch: nn.Module, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = convolution_norm(in_channels, out_channels, 1, stride)

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        return functional.relu(self.branch(features) + self.shortcut(features))


def convolution_norm(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> nn.Sequential:
    """Conv2d, padded to keep the side at stride 1, and BatchNorm2d."""
    convolution = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding=kernel_size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels))


class BasicBlock(ResidualSum):
    """3x3 > 3x3 at the width of the output (He et al. 2016, ResNet-18)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        branch = nn.Sequential(
            convolution_norm(in_channels, out_channels, 3, stride),
            nn.ReLU(),
            convolution_norm(out_channels, out_channels, 3),
        )
        super().__init__(branch, in_channels, out_channels, stride)


class BottleneckBlock(ResidualSum):
    """1x1 to a quarter of the width > 3x3 there > 1x1 back to the full width (He et al. 2016, ResNet-50)."""

    REDUCTION = 4

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        inner = max(1, out_channels // self.REDUCTION)
        branch = nn.Sequential(
            convolution_norm(in_channels, inner, 1),
            nn.ReLU(),
            convolution_norm(inner, inner, 3, stride),
            nn.ReLU(),
            convolution_norm(inner, out_channels, 1),
        )
        super().__init__(branch, in_channels, out_channels, stride)


class WideBlock(ResidualSum):
    """3x3 to twice the width > 3x3 back (after Zagoruyko and Komodakis 2016, which widens a whole stage)."""

    WIDENING = 2

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        inner = self.WIDENING * out_channels
        branch = nn.Sequential(
            convolution_norm(in_channels, inner, 3, stride),
            nn.ReLU(),
            convolution_norm(inner, out_channels, 3),
        )
        super().__init__(branch, in_channels, out_channels, stride)
