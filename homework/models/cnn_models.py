"""Convolutional networks (parts 1.1, 1.2, 2.1 and 2.2).

All of them return logits (N, 10) without softmax for any batch size N. Keep them small: a training step on 64 images
should take well under 0.1 s on one CPU core.
"""

from torch import Tensor, nn


class SimpleCNN(nn.Module):
    """Part 1.1, role `cnn_mnist`: 2 or 3 convolutions, no residual connection; (N, 1, 28, 28) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("SimpleCNN: create 2 or 3 convolutions and a classifier")

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 1, 28, 28) -> logits (N, 10)."""
        raise NotImplementedError("SimpleCNN.forward")


class MNISTResidualCNN(nn.Module):
    """Part 1.1, role `rescnn_mnist`: a CNN with at least one residual block; (N, 1, 28, 28) -> (N, 10).

    A residual block adds its input (or a 1x1 convolution of it) to the output of a branch with convolutions.
    """

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("MNISTResidualCNN: create a CNN with at least one residual block")

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 1, 28, 28) -> logits (N, 10)."""
        raise NotImplementedError("MNISTResidualCNN.forward")


class CIFARResidualCNN(nn.Module):
    """Part 1.2, role `rescnn_cifar`: a CNN with at least two residual blocks; (N, 3, 32, 32) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("CIFARResidualCNN: create a CNN with at least two residual blocks")

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 3, 32, 32) -> logits (N, 10)."""
        raise NotImplementedError("CIFARResidualCNN.forward")


class RegularizedResidualCNN(nn.Module):
    """Part 1.2, role `regrescnn_cifar`: CIFARResidualCNN with regularisation, such as dropout with p > 0.

    The regularisation has to act in training mode only: in evaluation mode two passes give the same logits.
    (N, 3, 32, 32) -> (N, 10).
    """

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("RegularizedResidualCNN: create residual blocks and add regularisation")

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 3, 32, 32) -> logits (N, 10)."""
        raise NotImplementedError("RegularizedResidualCNN.forward")


class KernelCNN(nn.Module):
    """Part 2.1, roles `k3`, `k5`, `k7`, `kmix`: one network per kernel size, with equal numbers of parameters.

    `kernel` is one of "3x3", "5x5", "7x7" and "1x1+3x3". Every convolution has exactly that kernel; the last one has
    1x1 and 3x3 convolutions one after the other. Choose the channels so that the numbers of parameters agree over
    the four within a few percent: in total, and of the convolutions alone. (N, 3, 32, 32) -> (N, 10).
    """

    def __init__(self, kernel: str) -> None:
        super().__init__()
        raise NotImplementedError(f"KernelCNN: create the network for kernel {kernel}")

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 3, 32, 32) -> logits (N, 10)."""
        raise NotImplementedError("KernelCNN.forward")


class DepthCNN(nn.Module):
    """Part 2.2, roles `shallow`, `medium`, `deep`: exactly `conv_layers` (2, 4 or 6) convolutions, no residual.

    (N, 3, 32, 32) -> (N, 10).
    """

    def __init__(self, conv_layers: int) -> None:
        super().__init__()
        raise NotImplementedError(f"DepthCNN: create {conv_layers} convolutions and a classifier")

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 3, 32, 32) -> logits (N, 10)."""
        raise NotImplementedError("DepthCNN.forward")


class DepthResidualCNN(nn.Module):
    """Part 2.2, role `depth_residual`: as deep as DepthCNN(6), with residual connections; (N, 3, 32, 32) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("DepthResidualCNN: create 6 or more convolutions with residual connections")

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 3, 32, 32) -> logits (N, 10)."""
        raise NotImplementedError("DepthResidualCNN.forward")
