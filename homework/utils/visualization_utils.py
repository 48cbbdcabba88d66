"""Plots. Import matplotlib only here: the experiments have to run without it."""

from pathlib import Path
from typing import Any

from torch import nn

Document = dict[str, Any]


def learning_curves(document: Document, path: Path) -> None:
    """Loss and accuracies per epoch: plots/mnist_learning_curves.png, plots/cifar_learning_curves.png."""
    raise NotImplementedError("learning_curves")


def confusion_matrices(document: Document, path: Path) -> None:
    """One matrix per network: plots/cifar_confusion_matrices.png."""
    raise NotImplementedError("confusion_matrices")


def gradient_flow(document: Document, path: Path) -> None:
    """Gradient norm per layer: plots/cifar_gradient_flow.png, plots/depth_gradient_norms.png."""
    raise NotImplementedError("gradient_flow")


def comparison(document: Document, path: Path) -> None:
    """Accuracy, time and parameters: plots/kernels_comparison.png, plots/depth_comparison.png."""
    raise NotImplementedError("comparison")


def receptive_fields(features: dict[str, nn.Module], path: Path) -> None:
    """What one unit sees, per kernel size: plots/kernels_receptive_fields.png."""
    raise NotImplementedError("receptive_fields")


def first_layer_activations(features: dict[str, nn.Module], path: Path) -> None:
    """What the first layer makes of an image: plots/kernels_first_layer_activations.png."""
    raise NotImplementedError("first_layer_activations")


def residual_effect(document: Document, path: Path) -> None:
    """Plain against residual at equal depth: plots/depth_residual_effect.png."""
    raise NotImplementedError("residual_effect")


def feature_maps(features: dict[str, nn.Module], path: Path) -> None:
    """Feature maps layer by layer: plots/depth_feature_maps.png."""
    raise NotImplementedError("feature_maps")


def layers_comparison(document: Document, path: Path) -> None:
    """Custom layers and their standard counterparts: plots/layers_comparison.png."""
    raise NotImplementedError("layers_comparison")


def blocks_comparison(document: Document, path: Path) -> None:
    """Accuracy, parameters and time of the blocks: plots/blocks_comparison.png."""
    raise NotImplementedError("blocks_comparison")


def blocks_stability(document: Document, path: Path) -> None:
    """Training loss of each seed: plots/blocks_stability.png."""
    raise NotImplementedError("blocks_stability")
