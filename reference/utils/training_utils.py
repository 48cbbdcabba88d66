"""Training and measuring: one loop for every network of the homework, so that "the same hyperparameters" is true.

What a result says about its hyperparameters is read back from the optimiser and the loop that were used.
"""

import logging
import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from utils.data_utils import Images

logger = logging.getLogger(__name__)

EVALUATION_BATCH = 256
WARM_UP = 0.05
"""Share of the steps in which the learning rate rises to its peak; after that it falls along a cosine to 0."""


@dataclass(frozen=True)
class Hyperparameters:
    """What all networks of a comparison share. `learning_rate` is the peak of the schedule."""

    learning_rate: float
    batch_size: int
    epochs: int
    seed: int
    optimizer: str = "Adam"


@dataclass(frozen=True)
class Epoch:
    """One pass over the training images: mean loss, mean gradient norm per weight, time spent in the training loop."""

    loss: float
    gradient_norms: dict[str, float]
    seconds: float
    cpu_seconds: float
    largest_batch: int


@dataclass(frozen=True)
class Evaluation:
    """Accuracy (0 to 1), predicted classes (N,) and seconds for a whole set of images."""

    accuracy: float
    predictions: Tensor
    seconds: float


@dataclass(frozen=True)
class Run:
    """A trained network and everything that was measured on the way. Lists hold one entry per epoch.

    `train_seconds` is wall-clock; `train_cpu_seconds` is what the processor spent on this process alone, which other
    processes on the machine lengthen far less.
    """

    model: nn.Module
    hyperparameters: Hyperparameters
    train_loss: list[float]
    train_accuracy: list[float]
    test_accuracy: list[float]
    gradient_norms: dict[str, list[float]]
    train_seconds: float
    train_cpu_seconds: float
    final_test: Evaluation


def seed_everything(seed: int) -> None:
    """Seed random, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def channels_last(images: Images) -> Images:
    """The same images, laid out in memory as convolutions on a CPU are fastest."""
    return images[0].contiguous(memory_format=torch.channels_last), images[1]


def batches(images: Images, batch_size: int, generator: torch.Generator) -> Iterator[Images]:
    """Shuffled batches; a last one of a single image is left out, since batch norm cannot train on it."""
    order = torch.randperm(len(images[1]), generator=generator)
    for chosen in order.split(batch_size):
        if len(chosen) > 1:
            yield images[0][chosen], images[1][chosen]


def learning_rate_factor(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to 0: factor of the peak for step 0 <= step < steps; it is 1 at its highest."""
    warm = max(1, round(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 + 0.5 * math.cos(math.pi * (step + 1 - warm) / (steps + 1 - warm))


def weight_gradient_norms(model: nn.Module) -> dict[str, Tensor]:
    """L2 norm of the gradient of each parameter with two dimensions or more, in the order of the forward pass."""
    return {
        name: parameter.grad.norm()
        for name, parameter in model.named_parameters()
        if parameter.dim() >= 2 and parameter.grad is not None
    }


def train_epoch(
    model: nn.Module,
    images: Iterator[Images],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> Epoch:
    """Train on each batch once and measure; the seconds leave nothing out but the caller's evaluation."""
    start, cpu_start = time.perf_counter(), time.process_time()
    model.train()
    losses: list[Tensor] = []
    sizes: list[int] = []
    norms: list[dict[str, Tensor]] = []
    for inputs, labels in images:
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(model(inputs), labels)
        loss.backward()
        norms.append(weight_gradient_norms(model))
        optimizer.step()
        schedule.step()
        losses.append(loss.detach())
        sizes.append(len(labels))
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    mean_loss = float(torch.stack(losses).dot(torch.tensor(sizes, dtype=torch.float32)) / sum(sizes))
    mean_norms = {name: float(torch.stack([step[name] for step in norms]).mean()) for name in norms[0]}
    return Epoch(mean_loss, mean_norms, seconds, cpu_seconds, max(sizes))


@torch.no_grad()
def evaluate(model: nn.Module, images: Images) -> Evaluation:
    """Accuracy in evaluation mode over all images; the seconds are those of the forward passes."""
    model.eval()
    start = time.perf_counter()
    predictions = torch.cat([model(part).argmax(1) for part in images[0].split(EVALUATION_BATCH)])
    seconds = time.perf_counter() - start
    return Evaluation(int((predictions == images[1]).sum()) / len(predictions), predictions, seconds)


def train_model(build: Callable[[], nn.Module], train: Images, test: Images, wanted: Hyperparameters) -> Run:
    """Seed, build, train and measure one network.

    Two calls with equal arguments but for `build` see the same batches in the same order at the same learning rates.
    """
    seed_everything(wanted.seed)
    model = build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    train, test = channels_last(train), channels_last(test)
    order = torch.Generator().manual_seed(wanted.seed)
    optimizer = getattr(torch.optim, wanted.optimizer)(model.parameters(), lr=wanted.learning_rate)
    steps = wanted.epochs * math.ceil(len(train[1]) / wanted.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_factor(step, steps))
    epochs: list[Epoch] = []
    train_accuracy: list[float] = []
    tests: list[Evaluation] = []
    for number in range(1, wanted.epochs + 1):
        epochs.append(train_epoch(model, batches(train, wanted.batch_size, order), optimizer, schedule))
        train_accuracy.append(evaluate(model, train).accuracy)
        tests.append(evaluate(model, test))
        message = "%s seed %d epoch %d/%d: loss %.3f, train %.3f, test %.3f, %.1f s"
        values = (epochs[-1].loss, train_accuracy[-1], tests[-1].accuracy, epochs[-1].seconds)
        logger.info(message, type(model).__name__, wanted.seed, number, wanted.epochs, *values)
    used = Hyperparameters(
        learning_rate=optimizer.defaults["lr"],
        batch_size=max(epoch.largest_batch for epoch in epochs),
        epochs=len(epochs),
        seed=order.initial_seed(),
        optimizer=type(optimizer).__name__,
    )
    return Run(
        model=model,
        hyperparameters=used,
        train_loss=[epoch.loss for epoch in epochs],
        train_accuracy=train_accuracy,
        test_accuracy=[test.accuracy for test in tests],
        gradient_norms={name: [epoch.gradient_norms[name] for epoch in epochs] for name in epochs[0].gradient_norms},
        train_seconds=sum(epoch.seconds for epoch in epochs),
        train_cpu_seconds=sum(epoch.cpu_seconds for epoch in epochs),
        final_test=tests[-1],
    )
