"""Fully connected networks (parts 1.1 and 1.2)."""

from torch import Tensor, nn


class FullyConnectedMNIST(nn.Module):
    """Part 1.1, role `fc_mnist`: a network of 3 or 4 linear layers for MNIST.

    Input: images (N, 1, 28, 28), float32, normalised. Output: logits (N, 10), no softmax. N may be any batch size.
    """

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("FullyConnectedMNIST: create 3 or 4 linear layers with non-linearities between them")

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 1, 28, 28) -> logits (N, 10)."""
        raise NotImplementedError("FullyConnectedMNIST.forward")


class DeepFullyConnectedCIFAR(nn.Module):
    """Part 1.2, role `fc_cifar`: a deep network of at least 5 linear layers for CIFAR-10.

    Input: images (N, 3, 32, 32), float32, normalised. Output: logits (N, 10), no softmax. N may be any batch size.
    """

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("DeepFullyConnectedCIFAR: create at least 5 linear layers")

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 3, 32, 32) -> logits (N, 10)."""
        raise NotImplementedError("DeepFullyConnectedCIFAR.forward")
