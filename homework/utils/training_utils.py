"""Training and measuring, shared by all experiments. Change the signatures if another shape suits your code better."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

Images = tuple[Tensor, Tensor]
"""Normalised float32 images (N, C, H, W) and int64 labels (N,)."""


def seed_everything(seed: int) -> None:
    """Seed `random`, `numpy` and `torch`."""
    raise NotImplementedError("seed_everything")


def train_model(
    build: Callable[[], nn.Module],
    train: Images,
    test: Images,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
) -> dict[str, Any]:
    """Build and train one network and measure it.

    Returns what every experiment states of a network (README, "Per network"): the hyperparameters as really used, the
    number of parameters, accuracies (0 to 1), seconds, and the history with one entry per epoch. Measure seconds with
    `time.perf_counter`, and log each epoch with `logging`.
    """
    raise NotImplementedError("train_model")


def evaluate(model: nn.Module, images: Images) -> tuple[float, Tensor]:
    """Accuracy (0 to 1) and predicted classes (N,) in evaluation mode."""
    raise NotImplementedError("evaluate")
