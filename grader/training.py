"""Train a network as data by a recipe, and count what it gets right. No student code runs in this process.

Adam with decoupled weight decay (Loshchilov & Hutter 2019), linear warm-up, then a cosine to 0; cross-entropy. The same
seed, recipe, data and kind of device give the same numbers: batches are drawn by a generator of their own, algorithms
are deterministic, one thread sums on a CPU. Held-out images are read right before and right after a training; no network
learns from them, and where the first training is not enough they say so.

bfloat16 autocast with ``channels_last`` is used where the processor computes in bfloat16; a network that fails or
diverges in it is trained again in float32. Whatever is counted is computed in float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.device import computes_bfloat16, fixed
from grader.measures import confusion, count_correct, gradient_norms, is_safely_reached, means, predictions
from grader.network.exported import Exported
from grader.network.fixed import FixedBatch
from grader.network.run import Network
from grader.network.values import NetworkError, RunError
from grader.records import TrainingResult

_CHECKS = (0.4, 0.55, 0.7, 0.85)  # shares of the steps after which the validation part is asked
_GLIMPSE = 128  # images that show well enough where a network starts, and twice as many what it does on training images
_BATCH = 64  # images at a time where no gradient is needed; the largest batch the network's caps were checked for


class Images(Protocol):
    """Images float32 (N, C, H, W), normalised, and labels int64 (N,): to train on, to validate, held out."""

    @property
    def train_images(self) -> Tensor: ...
    @property
    def train_labels(self) -> Tensor: ...
    @property
    def validation_images(self) -> Tensor: ...
    @property
    def validation_labels(self) -> Tensor: ...
    @property
    def held_images(self) -> Tensor: ...
    @property
    def held_labels(self) -> Tensor: ...
    @property
    def classes(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. ``host`` "block": between a convolution stem and a linear classifier."""

    steps: int
    batch: int = 64
    learning_rate: float = 2e-3
    warmup_share: float = 0.1
    weight_decay: float = 0.0
    stop_at: float | None = None  # held-out accuracy that is enough; None trains to the end
    host: Literal["classifier", "block"] = "classifier"
    held: int | None = None  # held-out images to count on; None counts on all
    longer: float = 1.0  # one that misses ``stop_at`` is trained anew with so many times the steps: right work may learn slowly


def train(exported: Exported, images: Images, recipe: Recipe, *, seed: int, device: str = "cpu") -> TrainingResult:
    """Train a fresh copy of ``exported`` and measure it, the better of two times where the first is not enough.

    A network that can't be trained at all raises NetworkError.
    """
    first = _trained(exported, images, recipe, seed, device)
    if recipe.stop_at is None or recipe.longer <= 1 or first.diverged or first.accuracy >= recipe.stop_at:
        return first
    second = _trained(exported, images, replace(recipe, steps=round(recipe.longer * recipe.steps)), seed, device)
    return max(first, second, key=lambda result: (not result.diverged, result.accuracy))


def _trained(exported: Exported, images: Images, recipe: Recipe, seed: int, device: str) -> TrainingResult:
    with fixed(seed, device):
        data = _Data.on(images, device)
        if computes_bfloat16(device):
            result = _attempt(exported, data, recipe, seed, device, "bfloat16")
            if result is not None:
                return result
        result = _attempt(exported, data, recipe, seed, device, "float32")
        if result is None:
            raise RunError("train", "The network cannot be trained")
        return result


def _attempt(exported: Exported, data: _Data, recipe: Recipe, seed: int, device: str, precision: str) -> TrainingResult | None:
    """None where bfloat16 failed or diverged; in float32 an error of the network is raised, and divergence a result."""
    torch.manual_seed(seed)
    last = precision == "float32"
    try:
        result = _Run(exported, data, recipe, seed, device, precision).result()
    except (NetworkError, RuntimeError) as error:
        if not last:
            return None
        if isinstance(error, NetworkError):
            raise
        raise RunError("train", f"The network cannot be trained: {(str(error).splitlines() or [''])[0][:300]}") from error
    return result if last or not result.diverged else None


@dataclass(frozen=True)
class _Data:
    """The images on the device, in channels_last."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    held: tuple[Tensor, Tensor]
    classes: int

    @classmethod
    def on(cls, images: Images, device: str) -> _Data:
        def move(pictures: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
            return pictures.to(device, memory_format=torch.channels_last), labels.to(device)

        train = move(images.train_images, images.train_labels)
        validation = move(images.validation_images, images.validation_labels)
        return cls(train, validation, move(images.held_images, images.held_labels), len(images.classes))


class BlockHost(nn.Module):
    """A block (N, C, H, W) -> (N, C', H', W') between a stem and a classifier: images (N, c, h, w) -> logits (N, classes)."""

    def __init__(self, block: nn.Module, exported: Exported, image: torch.Size, classes: int) -> None:
        super().__init__()
        channels, height = (int(side or 1) for side in exported.evaluation.inputs[0].shape[1:3])
        stride = max(round(image[2] / height), 1)
        self.stem = nn.Conv2d(image[1], channels, 3, stride=stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.block = block
        self.classify = nn.Linear(exported.outputs[0].shape[1], classes)

    def forward(self, images: Tensor) -> Tensor:
        """images (N, c, h, w) -> logits (N, classes)."""
        features = self.block(F.relu(self.norm(self.stem(images))))
        return self.classify(features.mean(dim=(2, 3)))  # type: ignore[no-any-return]


@dataclass
class _Run:
    """One training of one network in one precision."""

    exported: Exported
    data: _Data
    recipe: Recipe
    seed: int
    device: str
    precision: str
    losses: list[Tensor] = field(default_factory=list)
    validation: list[tuple[int, float]] = field(default_factory=list)
    norms: dict[int, Mapping[str, float]] = field(default_factory=dict)
    stopped: bool = False

    def result(self) -> TrainingResult:
        """Train and measure."""
        training, evaluation = self.exported.largest
        self.network = Network(training, evaluation, self.exported.weights)
        self.model = self._model().to(device=self.device).to(memory_format=torch.channels_last)
        images, labels = (part[:_GLIMPSE] for part in self.data.held)
        before = count_correct(self._logits(images), labels)
        trainable = [value for value in self.model.parameters() if value.requires_grad]
        optimiser = self._optimiser(trainable) if trainable else None
        if optimiser is not None:
            self._train(optimiser)
        return self._measured(before, optimiser)

    def _model(self) -> nn.Module:
        only_batch = self.exported.largest[0].fixed_batch
        candidate = self.network if only_batch is None else FixedBatch(self.network, only_batch)
        if self.recipe.host == "classifier":
            return candidate
        output = self.exported.outputs[0]
        if output.ndim != 4 or len(self.exported.evaluation.inputs[0].shape) != 4:
            raise RunError("train", f"A block has to give (N, C, H, W), got {tuple(output.shape)}")
        return BlockHost(candidate, self.exported, self.data.train[0].shape, self.data.classes)

    def _optimiser(self, trainable: list[nn.Parameter]) -> torch.optim.Optimizer:
        fused = self.device == "cpu" or self.device.startswith("cuda")
        rate, decay = self.recipe.learning_rate, self.recipe.weight_decay
        return torch.optim.AdamW(trainable, lr=rate, weight_decay=decay, fused=fused or None)

    def _train(self, optimiser: torch.optim.Optimizer) -> None:
        checks = {round(share * self.recipe.steps) for share in _CHECKS} if self.recipe.stop_at is not None else set()
        watched = {0, self.recipe.steps // 2, self.recipe.steps - 1} | {step - 1 for step in checks}
        self.model.train()
        for step, (images, labels) in enumerate(self._batches()):
            for group in optimiser.param_groups:
                group["lr"] = self.recipe.learning_rate * _rate(step, self.recipe)
            self._step(optimiser, images, labels)
            if step in watched:
                self._watch(step)
                if not bool(self.losses[-1].isfinite()):
                    return
            if step + 1 in checks and self._is_enough(step + 1):
                self.stopped = True
                return

    def _step(self, optimiser: torch.optim.Optimizer, images: Tensor, labels: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        kind = torch.device(self.device).type
        with torch.autocast(kind, torch.bfloat16, enabled=self.precision == "bfloat16"):
            logits = self.model(images)
        loss = F.cross_entropy(self._checked(logits).float(), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        self.losses.append(loss.detach())

    def _checked(self, logits: Tensor) -> Tensor:
        if logits.ndim != 2 or logits.shape[1] < self.data.classes:
            sentence = f"The output has to be (N, {self.data.classes}) to be trained, got {tuple(logits.shape)}"
            raise RunError("output", sentence)
        return logits

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Shuffled batches of full size, epoch after epoch, drawn on the CPU so that every device sees the same."""
        images, labels = self.data.train
        size = min(self.recipe.batch, len(images))
        generator = torch.Generator().manual_seed(self.seed)
        order = torch.empty(0, dtype=torch.int64)
        for _ in range(self.recipe.steps):
            if len(order) < size:
                order = torch.randperm(len(images), generator=generator)
            chosen, order = order[:size].to(self.device), order[size:]
            yield images[chosen].contiguous(memory_format=torch.channels_last), labels[chosen]

    def _watch(self, step: int) -> None:
        weights = self.network.named_weights()
        self.norms[step] = gradient_norms({path: value.grad for path, value in weights.items() if value.ndim >= 2})

    def _is_enough(self, step: int) -> bool:
        images, labels = self.data.validation
        correct = count_correct(self._logits(images), labels)
        self.model.train()
        self.validation.append((step, correct / max(len(labels), 1)))
        goal = self.recipe.stop_at
        return goal is not None and is_safely_reached(correct, len(labels), goal, len(self.data.held[1]))

    def _logits(self, images: Tensor) -> Tensor:
        """Logits (N, classes) in evaluation mode and float32."""
        self.model.eval()
        with torch.no_grad():
            parts = [self._checked(self.model(part)).float() for part in torch.split(images, _BATCH)]
        return torch.cat(parts)

    def _measured(self, before: int, optimiser: torch.optim.Optimizer | None) -> TrainingResult:
        held, labels = (part[: self.recipe.held] for part in self.data.held)
        logits = self._logits(held)
        losses = torch.stack(self.losses) if self.losses else torch.empty(0)
        images, seen = (part[: 2 * _GLIMPSE] for part in self.data.train)
        return TrainingResult(
            steps=len(self.losses),
            images=len(self.losses) * self.recipe.batch,
            stopped_early=self.stopped,
            diverged=not bool(losses.isfinite().all() and logits.isfinite().all()),
            precision=self.precision,
            losses=means(losses.cpu(), 10),
            validation=tuple(self.validation),
            initial_correct=before,
            initial_seen=min(_GLIMPSE, len(labels)),
            correct=count_correct(logits, labels),
            held=len(labels),
            train_correct=count_correct(self._logits(images), seen),
            train_seen=len(seen),
            confusion=confusion(predictions(logits), labels, self.data.classes),
            gradient_norms=self._gradient_norms(),
            dead_parameters=self._dead(optimiser),
        )

    def _gradient_norms(self) -> dict[str, tuple[float, ...]]:
        if not self.norms:
            return {}
        last = max(self.norms)
        middle = min(self.norms, key=lambda step: abs(step - last // 2))
        return {path: tuple(self.norms[step][path] for step in (0, middle, last)) for path in self.norms[0]}

    def _dead(self, optimiser: torch.optim.Optimizer | None) -> tuple[str, ...]:
        """Trainable weights whose squared gradients, as Adam sums them, are zero after all steps."""
        states = optimiser.state if optimiser is not None else {}

        def is_dead(value: nn.Parameter) -> bool:
            state = states.get(value) or {}
            return "exp_avg_sq" not in state or not bool(state["exp_avg_sq"].any())

        weights = self.network.named_weights()
        return tuple(path for path, value in weights.items() if value.requires_grad and is_dead(value))


def _rate(step: int, recipe: Recipe) -> float:
    """Share of the learning rate: a line up, then half a cosine down to 0."""
    warm = max(round(recipe.warmup_share * recipe.steps), 1)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(recipe.steps - warm, 1)))
