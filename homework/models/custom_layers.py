"""Custom layers (part 3.1) and residual blocks (part 3.2).

For 3.1, write a `torch.autograd.Function` with `forward` and `backward` of your own for each layer, and call its
`apply` in the layer's `forward`. Check it with `torch.autograd.gradcheck` in float64, on inputs of both signs. A layer
that leaves `backward` to automatic differentiation earns a part of the points.
"""

from torch import Tensor, nn

# --- 3.1 Custom layers -----------------------------------------------------------------------------------------------


class CustomConv2d(nn.Module):
    """Role `custom_conv`: a convolution with parameters of its own and extra logic that `nn.Conv2d` does not have.

    Ideas: standardised weights, a learnable gain per channel, a mask, a coordinate channel.
    (N, in_channels, H, W) -> (N, out_channels, H', W'), H' = floor((H + 2 padding - kernel_size) / stride) + 1.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0
    ) -> None:
        super().__init__()
        raise NotImplementedError("CustomConv2d: create the parameters")

    def forward(self, images: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, H', W')."""
        raise NotImplementedError("CustomConv2d.forward")


class ChannelAttention(nn.Module):
    """Role `attention`: weighs channels (or places) by their content; (N, channels, H, W) -> the same shape.

    It has learnable parameters and is not the identity at the start.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        raise NotImplementedError("ChannelAttention: create the parameters")

    def forward(self, images: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, channels, H, W)."""
        raise NotImplementedError("ChannelAttention.forward")


class CustomActivation(nn.Module):
    """Role `activation`: a non-linear function with at least one learnable parameter; any shape -> the same shape."""

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("CustomActivation: create the parameters")

    def forward(self, values: Tensor) -> Tensor:
        """Any shape -> the same shape, element by element."""
        raise NotImplementedError("CustomActivation.forward")


class CustomPool2d(nn.Module):
    """Role `pooling`: a pooling that is neither max nor average pooling, and works on negative numbers too.

    (N, C, H, W) -> (N, C, H', W'), H' = floor((H - kernel_size) / stride) + 1; stride None means kernel_size.
    """

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        super().__init__()
        raise NotImplementedError("CustomPool2d: create the parameters")

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H', W')."""
        raise NotImplementedError("CustomPool2d.forward")


# --- 3.2 Residual blocks ---------------------------------------------------------------------------------------------


class BasicBlock(nn.Module):
    """Role `basic_block`: a 3x3 and a 3x3 convolution, and a shortcut around them.

    The shortcut is the identity where the shape stays, else a 1x1 convolution. The side shrinks by `stride`:
    (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        raise NotImplementedError("BasicBlock: create the branch and the shortcut")

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        raise NotImplementedError("BasicBlock.forward")


class BottleneckBlock(nn.Module):
    """Role `bottleneck_block`: 1x1 to fewer channels, 3x3 there, 1x1 to out_channels, and a shortcut; as BasicBlock."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        raise NotImplementedError("BottleneckBlock: create the branch and the shortcut")

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        raise NotImplementedError("BottleneckBlock.forward")


class WideBlock(nn.Module):
    """Role `wide_block`: 3x3 to more channels than out_channels, 3x3 back, and a shortcut; as BasicBlock."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        raise NotImplementedError("WideBlock: create the branch and the shortcut")

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        raise NotImplementedError("WideBlock.forward")
