"""Convolutional networks of parts 1 and 2.

Early strides and narrow layers keep a training step at tens of milliseconds on one CPU core. Within a comparison all
networks have the same kind of head, so that it is one of features: flattened features and one linear layer for MNIST,
global average pooling and one linear layer for CIFAR-10.
"""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

CLASSES = 10


class ConvNormActivation(nn.Sequential):
    """Conv2d (padded to keep the side, no bias: the norm has one) > BatchNorm2d > ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding=kernel_size // 2, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut, added before the last ReLU (He et al. 2016, figure 2).

    (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride). The shortcut is the identity where the shape
    stays, else a 1x1 convolution with a batch norm. `dropout` is the probability to drop a whole channel between the
    two convolutions; at 0 there is no dropout layer at all.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        self.first = ConvNormActivation(in_channels, out_channels, stride=stride)
        self.dropout: nn.Module = nn.Dropout2d(dropout) if dropout > 0 else nn.Identity()
        self.second = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)."""
        branch = self.norm(self.second(self.dropout(self.first(features))))
        return functional.relu(branch + self.shortcut(features))


class PooledClassifier(nn.Module):
    """Features, global average pooling, dropout (none at 0), one linear layer: images -> logits (N, 10)."""

    def __init__(self, features: nn.Module, channels: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.features = features
        self.dropout: nn.Module = nn.Dropout(dropout) if dropout > 0 else nn.Identity()
        self.classifier = nn.Linear(channels, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """images (N, C, H, W) -> logits (N, 10)."""
        pooled = functional.adaptive_avg_pool2d(self.features(images), 1).flatten(1)
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits


class FlatClassifier(nn.Module):
    """Features, flattened, one linear layer: images -> logits (N, 10). For digits, where a stroke lies matters."""

    def __init__(self, features: nn.Module, values: int) -> None:
        super().__init__()
        self.features = features
        self.classifier = nn.Linear(values, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """images (N, C, H, W) -> logits (N, 10)."""
        logits: Tensor = self.classifier(self.features(images).flatten(1))
        return logits


# --- Part 1.1: MNIST -------------------------------------------------------------------------------------------------


class SimpleCNN(FlatClassifier):
    """Two strided 5x5 convolutions for MNIST, no residual connection: (N, 1, 28, 28) -> logits (N, 10)."""

    def __init__(self) -> None:
        features = nn.Sequential(
            ConvNormActivation(1, 16, kernel_size=5, stride=2),  # (N, 16, 14, 14)
            ConvNormActivation(16, 32, kernel_size=5, stride=2),  # (N, 32, 7, 7)
        )
        super().__init__(features, values=32 * 7 * 7)


class MNISTResidualCNN(FlatClassifier):
    """A strided stem and two residual blocks for MNIST: (N, 1, 28, 28) -> logits (N, 10)."""

    def __init__(self) -> None:
        features = nn.Sequential(
            ConvNormActivation(1, 16, kernel_size=5, stride=2),  # (N, 16, 14, 14)
            ResidualBlock(16, 32, stride=2),  # (N, 32, 7, 7)
            ResidualBlock(32, 32),  # (N, 32, 7, 7)
        )
        super().__init__(features, values=32 * 7 * 7)


# --- Part 1.2: CIFAR-10 ----------------------------------------------------------------------------------------------


def residual_features(dropout: float) -> nn.Sequential:
    """The features both CIFAR networks share, (N, 3, 32, 32) -> (N, 64, 4, 4); only the dropout differs."""
    return nn.Sequential(
        ConvNormActivation(3, 16, stride=2),  # (N, 16, 16, 16)
        ResidualBlock(16, 16, dropout=dropout),  # (N, 16, 16, 16)
        ResidualBlock(16, 32, stride=2, dropout=dropout),  # (N, 32, 8, 8)
        ResidualBlock(32, 64, stride=2, dropout=dropout),  # (N, 64, 4, 4)
    )


class CIFARResidualCNN(PooledClassifier):
    """A strided stem and three residual blocks for CIFAR-10: (N, 3, 32, 32) -> logits (N, 10)."""

    def __init__(self) -> None:
        super().__init__(residual_features(dropout=0.0), channels=64)


class RegularizedResidualCNN(PooledClassifier):
    """CIFARResidualCNN with channel dropout in each block and dropout before the classifier; the same parameters."""

    def __init__(self, block_dropout: float = 0.1, head_dropout: float = 0.2) -> None:
        super().__init__(residual_features(dropout=block_dropout), channels=64, dropout=head_dropout)


# --- Part 2.1: kernel size -------------------------------------------------------------------------------------------


def spatial_stack(kernel_size: int, widths: tuple[int, int, int]) -> nn.Sequential:
    """Three k x k convolutions, the first and the last with stride 2: (N, 3, 32, 32) -> (N, widths[2], 8, 8)."""
    first, second, third = widths
    return nn.Sequential(
        ConvNormActivation(3, first, kernel_size, stride=2),
        ConvNormActivation(first, second, kernel_size),
        ConvNormActivation(second, third, kernel_size, stride=2),
    )


def mixed_stack(stem: int, stages: tuple[tuple[int, int], tuple[int, int]]) -> nn.Sequential:
    """The stack for 3x3 with a 1x1 convolution before the second and the third: (N, 3, 32, 32) -> (N, C, 8, 8)."""
    (mixed, spatial), (last_mixed, last_spatial) = stages
    return nn.Sequential(
        ConvNormActivation(3, stem, 3, stride=2),
        ConvNormActivation(stem, mixed, 1),
        ConvNormActivation(mixed, spatial, 3),
        ConvNormActivation(spatial, last_mixed, 1),
        ConvNormActivation(last_mixed, last_spatial, 3, stride=2),
    )


class KernelCNN(PooledClassifier):
    """Three spatial convolutions of one kernel size, equal parameters: (N, 3, 32, 32) -> logits (N, 10).

    A k x k convolution has k^2 weights per pair of channels, so larger kernels get fewer channels. The widths were
    searched so that both the total and the convolutions alone agree within 2 % over the four kernels. One unit of the
    last feature map (N, 32, 8, 8) sees 1 + 5 (k - 1) pixels a side: 11, 21 or 31, all inside the image.

    Raises ValueError for a kernel that is none of "3x3", "5x5", "7x7", "1x1+3x3".
    """

    WIDTHS: ClassVar[dict[str, tuple[int, int, int]]] = {"3x3": (16, 32, 32), "5x5": (16, 11, 32), "7x7": (11, 6, 32)}

    def __init__(self, kernel: str) -> None:
        if kernel == "1x1+3x3":
            features = mixed_stack(16, ((16, 32), (28, 32)))
        elif kernel in self.WIDTHS:
            features = spatial_stack(int(kernel[0]), self.WIDTHS[kernel])
        else:
            raise ValueError(f"kernel: expected one of 3x3, 5x5, 7x7, 1x1+3x3, got {kernel!r}")
        super().__init__(features, channels=32)


# --- Part 2.2: depth -------------------------------------------------------------------------------------------------


class PlainConv(nn.Sequential):
    """Conv2d 3x3 > ReLU without a norm: a batch norm would hide the very effect of depth that part 2.2 looks for."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        convolution = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        super().__init__(convolution, nn.ReLU())


class ResidualPair(nn.Module):
    """Two PlainConv beside an identity shortcut; it has exactly the parameters of the two: (N, C, H, W) -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        last = nn.Conv2d(channels, channels, 3, padding=1)
        # Half of He's deviation: without a norm, full branches would double the variance at every sum.
        nn.init.normal_(last.weight, std=0.5 * (2 / (9 * channels)) ** 0.5)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        self.branch = nn.Sequential(PlainConv(channels, channels), last)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        return functional.relu(features + self.branch(features))


def depth_stem(width: int) -> list[nn.Module]:
    """The two convolutions all depths begin with: (N, 3, 32, 32) -> (N, width, 8, 8)."""
    return [PlainConv(3, width, stride=2), PlainConv(width, width), nn.MaxPool2d(2)]


class DepthCNN(PooledClassifier):
    """`conv_layers` (at least 2) plain 3x3 convolutions without shortcuts: (N, 3, 32, 32) -> logits (N, 10)."""

    def __init__(self, conv_layers: int, width: int = 32) -> None:
        if conv_layers < 2:
            raise ValueError(f"conv_layers: expected 2 or more, got {conv_layers}")
        deeper = [PlainConv(width, width) for _ in range(conv_layers - 2)]
        super().__init__(nn.Sequential(*depth_stem(width), *deeper), width)


class DepthResidualCNN(PooledClassifier):
    """DepthCNN(6) with an identity shortcut around layers 3-4 and 5-6, and no parameter more."""

    def __init__(self, width: int = 32) -> None:
        super().__init__(nn.Sequential(*depth_stem(width), ResidualPair(width), ResidualPair(width)), width)
