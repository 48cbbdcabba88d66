"""Comparing networks: parameters, receptive fields, confusion, and the documents that go to results/."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from utils.data_utils import CLASSES, Images
from utils.training_utils import Hyperparameters, Run

Document = dict[str, Any]


# --- Counting --------------------------------------------------------------------------------------------------------


def count_parameters(model: nn.Module) -> int:
    """Trainable numbers of a network."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def count_convolution_parameters(model: nn.Module) -> int:
    """Trainable numbers of the convolutions alone, biases included."""
    return sum(count_parameters(module) for module in model.modules() if isinstance(module, nn.Conv2d))


# --- Receptive field -------------------------------------------------------------------------------------------------


def receptive_field(features: nn.Module) -> int:
    """Side in pixels of what one output unit sees, for convolutions and pools in a row.

    Each layer adds (kernel - 1) steps of the distance between neighbouring units so far (Dumoulin and Visin 2016).
    """
    side, distance = 1, 1
    for module in features.modules():
        if isinstance(module, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
            side += (_side(module.kernel_size) - 1) * distance
            distance *= _side(module.stride)
    return side


def _side(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else size[0]


def influence_map(features: nn.Module, channels: int = 3, side: int = 64, images: int = 16) -> Tensor:
    """Mean |d centre unit / d pixel| over random images, (side, side): what the unit really looks at."""
    features.eval()
    inputs = torch.randn(images, channels, side, side, generator=torch.Generator().manual_seed(0), requires_grad=True)
    outputs = features(inputs)
    outputs[:, :, outputs.shape[2] // 2, outputs.shape[3] // 2].sum().backward()
    features.zero_grad()
    assert inputs.grad is not None
    return inputs.grad.abs().mean((0, 1))


def receptive_field_by_gradient(features: nn.Module) -> int:
    """Side in pixels of the square in which the centre unit's gradient is not zero, on images large enough for it."""
    touched = influence_map(features) > 0
    rows = touched.any(1).nonzero()
    return int(rows.max() - rows.min() + 1)


# --- Comparing -------------------------------------------------------------------------------------------------------


def confusion_matrix(predictions: Tensor, labels: Tensor) -> list[list[int]]:
    """10 x 10 counts; row = true class, column = predicted class."""
    counts = torch.bincount(labels * CLASSES + predictions, minlength=CLASSES**2)
    matrix: list[list[int]] = counts.view(CLASSES, CLASSES).tolist()
    return matrix


def residual_effect(runs: Mapping[str, Run], plain: str = "deep", residual: str = "depth_residual") -> Document:
    """What shortcuts change: test accuracy (difference) and the first layer's gradient norm (ratio, last epoch)."""
    first_layer = {role: next(iter(runs[role].gradient_norms.values()))[-1] for role in (plain, residual)}
    return {
        "plain": plain,
        "residual": residual,
        "accuracy_difference": runs[residual].test_accuracy[-1] - runs[plain].test_accuracy[-1],
        "first_layer_gradient_ratio": first_layer[residual] / first_layer[plain],
    }


def mean_and_deviation(values: list[float]) -> tuple[float, float]:
    """Mean and population standard deviation (0 for a single value)."""
    numbers = torch.tensor(values, dtype=torch.float64)
    return float(numbers.mean()), float(numbers.std(correction=0))


# --- Documents -------------------------------------------------------------------------------------------------------


def run_document(run: Run) -> Document:
    """What every experiment states of one trained network."""
    return {
        "hyperparameters": asdict(run.hyperparameters),
        "parameters": count_parameters(run.model),
        "train_accuracy": run.train_accuracy[-1],
        "test_accuracy": run.test_accuracy[-1],
        "train_seconds": run.train_seconds,
        "train_cpu_seconds": run.train_cpu_seconds,
        "inference_seconds": run.final_test.seconds,
        "history": {
            "train_loss": run.train_loss,
            "train_accuracy": run.train_accuracy,
            "test_accuracy": run.test_accuracy,
        },
    }


def experiment_document(
    experiment: str, train: Images, test: Images, wanted: Hyperparameters, models: Mapping[str, Document]
) -> Document:
    """The frame around the networks; whoever knows the data set replaces its name."""
    return {
        "experiment": experiment,
        "data": {"name": "images given as tensors", "train_images": len(train[1]), "test_images": len(test[1])},
        "hyperparameters": asdict(wanted),
        "models": dict(models),
    }


def environment() -> Document:
    """Where the seconds were measured: processor, threads, versions."""
    return {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": "cpu",
    }


def processor_name() -> str:
    """The processor as the system names it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def write_document(document: Document, path: Path, data_name: str | None = None) -> None:
    """Write indented JSON with the environment added, and the name of the data set where there is one."""
    if data_name is not None:
        document["data"]["name"] = data_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**document, "environment": environment()}, indent=1) + "\n")
