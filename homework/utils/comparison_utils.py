"""Comparing networks, and writing results. Change the signatures if another shape suits your code better."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn


def count_parameters(model: nn.Module) -> int:
    """Number of trainable parameters."""
    raise NotImplementedError("count_parameters")


def count_convolution_parameters(model: nn.Module) -> int:
    """Number of trainable parameters of the convolutions alone, biases included."""
    raise NotImplementedError("count_convolution_parameters")


def receptive_field(features: nn.Module) -> int:
    """Side in pixels of what one unit of the last feature map sees, computed from kernels and strides."""
    raise NotImplementedError("receptive_field")


def receptive_field_by_gradient(features: nn.Module) -> int:
    """The same side, measured: where the gradient of one unit by the input is not zero."""
    raise NotImplementedError("receptive_field_by_gradient")


def confusion_matrix(predictions: Tensor, labels: Tensor) -> list[list[int]]:
    """predictions (N,), labels (N,) -> 10 x 10 counts, row = true class, column = predicted class."""
    raise NotImplementedError("confusion_matrix")


def gradient_norms(model: nn.Module) -> dict[str, float]:
    """L2 norm of the gradient of each parameter with two dimensions or more, in forward order, after `backward`."""
    raise NotImplementedError("gradient_norms")


def write_document(document: dict[str, Any], path: Path) -> None:
    """Write a document as JSON, with "environment" added: processor, threads, versions."""
    raise NotImplementedError("write_document")
