"""Fully connected networks: the baselines that know nothing of the neighbourhood of two pixels.

Every hidden layer is Linear > BatchNorm > ReLU, as every convolution of `cnn_models` is: what differs between the
networks of part 1 is then how they are connected, and not how they are normalised.
"""

from collections.abc import Sequence

from torch import Tensor, nn

CLASSES = 10


def multilayer_perceptron(inputs: int, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """Flatten, then len(hidden) layers Linear > BatchNorm > ReLU, then one Linear to `outputs` logits."""
    layers: list[nn.Module] = [nn.Flatten()]
    for width in hidden:
        # The bias would be taken away again by the batch norm that follows.
        layers += [nn.Linear(inputs, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
        inputs = width
    layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)


class FullyConnectedMNIST(nn.Module):
    """Four linear layers for MNIST: (N, 1, 28, 28) -> logits (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = multilayer_perceptron(28 * 28, (256, 128, 64), CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 1, 28, 28) -> logits (N, 10)."""
        logits: Tensor = self.layers(images)
        return logits


class DeepFullyConnectedCIFAR(nn.Module):
    """Six linear layers for CIFAR-10: (N, 3, 32, 32) -> logits (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = multilayer_perceptron(3 * 32 * 32, (256, 192, 128, 96, 64), CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 3, 32, 32) -> logits (N, 10)."""
        logits: Tensor = self.layers(images)
        return logits
