"""How well the reference's networks do on the built-in image sets: the table in docs/data.md, and pictures of samples.

    python bench/datasets_table.py --seeds 10                  prints the table (about a minute per seed on one core)
    python bench/datasets_table.py --samples docs/images       writes digits.png and objects.png there instead

A seed fixes the images, their order and the initial weights. Training is plain eager PyTorch in float32 on one thread
with the quick profile's recipe, so the table is also a check on the grader's own trainer, which shares no code with it.
"""

from __future__ import annotations

import argparse
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "reference")]

from homework_custom_layers_experiments import BLOCKS, BlockNetwork  # noqa: E402
from models import cnn_models, fc_models  # noqa: E402

from grader import datasets  # noqa: E402

BATCH = 64
PEAK_RATE = 2e-3
WARM_UP = 0.1
SIZES = {"train": 6000, "validation": 1000, "held": 2000}


@dataclass(frozen=True)
class Row:
    """A role: the set it is trained on, and how its network is built."""

    role: str
    data: str
    build: Callable[[], nn.Module]


@dataclass(frozen=True)
class Run:
    """What one training gave: held-out accuracy, and mean processor time of a step."""

    accuracy: float
    step_seconds: float


def rows() -> Iterator[Row]:
    """The 17 networks that the quick profile trains, in the order of the assignment."""
    yield Row("fc_mnist", "digits", fc_models.FullyConnectedMNIST)
    yield Row("cnn_mnist", "digits", cnn_models.SimpleCNN)
    yield Row("rescnn_mnist", "digits", cnn_models.MNISTResidualCNN)
    yield Row("fc_cifar", "objects", fc_models.DeepFullyConnectedCIFAR)
    yield Row("rescnn_cifar", "objects", cnn_models.CIFARResidualCNN)
    yield Row("regrescnn_cifar", "objects", cnn_models.RegularizedResidualCNN)
    for role, kernel in (("k3", "3x3"), ("k5", "5x5"), ("k7", "7x7"), ("kmix", "1x1+3x3")):
        yield Row(role, "objects", lambda kernel=kernel: cnn_models.KernelCNN(kernel))
    for role, depth in (("shallow", 2), ("medium", 4), ("deep", 6)):
        yield Row(role, "objects", lambda depth=depth: cnn_models.DepthCNN(depth))
    yield Row("depth_residual", "objects", cnn_models.DepthResidualCNN)
    for role, block in BLOCKS.items():
        yield Row(role, "objects", lambda block=block: BlockNetwork(block))


def learning_rate(step: int, steps: int) -> float:
    """Linear warm-up to PEAK_RATE, then half a cosine to 0."""
    warm_up = max(1, round(WARM_UP * steps))
    falling = 0.5 * (1 + math.cos(math.pi * max(0, step - warm_up) / (steps - warm_up)))
    return PEAK_RATE * min((step + 1) / warm_up, falling)


def batches(count: int, steps: int, seed: int) -> Iterator[Tensor]:
    """Positions of the images of each step: whole passes over the training images, each in a new order."""
    generator = torch.Generator().manual_seed(seed)
    passes = math.ceil(steps * BATCH / count)
    order = torch.cat([torch.randperm(count, generator=generator) for _ in range(passes)])
    yield from order[: steps * BATCH].split(BATCH)


def train(build: Callable[[], nn.Module], data: datasets.ImageSet, steps: int, seed: int) -> Run:
    """Train one network from fresh weights and measure it on the held-out images."""
    torch.manual_seed(seed)
    network = build().to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.Adam(network.parameters())
    began = time.process_time()
    for step, positions in enumerate(batches(len(data.train_labels), steps, seed)):
        optimiser.param_groups[0]["lr"] = learning_rate(step, steps)
        images = data.train_images[positions].contiguous(memory_format=torch.channels_last)
        loss = functional.cross_entropy(network(images), data.train_labels[positions])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    step_seconds = (time.process_time() - began) / steps
    return Run(accuracy(network, data), step_seconds)


@torch.no_grad()
def accuracy(network: nn.Module, data: datasets.ImageSet) -> float:
    """Share of held-out images that are classified correctly, with norms and dropout in evaluation mode."""
    network.eval()
    predicted = torch.cat([network(images).argmax(1) for images in data.held_images.split(250)])
    return (predicted == data.held_labels).double().mean().item()


def measure(seeds: range, steps: int, wanted: set[str]) -> dict[str, list[Run]]:
    """Runs of each role, one per seed; progress goes to standard error."""
    runs: dict[str, list[Run]] = {row.role: [] for row in rows() if not wanted or row.role in wanted}
    for seed in seeds:
        sets = {name: datasets.load(name, seed=seed, **SIZES) for name in ("digits", "objects")}
        for row in rows():
            if row.role in runs:
                runs[row.role].append(train(row.build, sets[row.data], steps, seed))
                print(f"seed {seed} {row.role} {runs[row.role][-1].accuracy:.3f}", file=sys.stderr, flush=True)
    return runs


def table(runs: dict[str, list[Run]], steps: int) -> str:
    """The runs as a Markdown table; the deviation is the sample's."""
    lines = ["| role | data | steps | mean | std | min | max | ms per step |", "|---|---|---|---|---|---|---|---|"]
    for row in rows():
        if found := runs.get(row.role):
            values = [run.accuracy for run in found]
            deviation = statistics.stdev(values) if len(values) > 1 else 0.0
            numbers = " | ".join(f"{value:.3f}" for value in (statistics.mean(values), deviation, min(values), max(values)))
            pace = 1000 * statistics.mean(run.step_seconds for run in found)
            lines.append(f"| `{row.role}` | {row.data} | {steps} | {numbers} | {pace:.0f} |")
    return "\n".join(lines)


def environment() -> str:
    """The processor and versions, in one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = named[0] if named else platform.processor()
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, torchvision {torchvision.__version__}"
    return f"{processor}, one thread, float32, channels_last; {versions}, NumPy {np.__version__}"


def write_samples(folder: Path, per_class: int = 10) -> None:
    """A row of held-out pictures for each class of a built-in set, seed 0, at twice their size."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("digits", "objects"):
        data = datasets.load(name, seed=0, train=1000, validation=0, held=10 * per_class)
        order = data.held_labels.sort(stable=True).indices
        grid = torchvision.utils.make_grid(data.held_images[order], nrow=per_class, padding=1, normalize=True)
        pixels = (grid * 255).round().byte().permute(1, 2, 0).numpy()
        picture = Image.fromarray(pixels[:, :, 0] if name == "digits" else pixels)
        picture = picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.NEAREST)
        picture.quantize(64).save(folder / f"{name}.png", optimize=True)


def main() -> None:
    """Read the arguments, then measure or draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="seeds 0 to N - 1")
    parser.add_argument("--steps", type=int, default=120, help="training steps of each network")
    parser.add_argument("--roles", default="", metavar="A,B", help="these roles only")
    parser.add_argument("--samples", type=Path, metavar="FOLDER", help="write pictures of samples there and stop")
    options = parser.parse_args()
    if options.samples:
        write_samples(options.samples)
        return
    torch.set_num_threads(1)
    wanted = set(filter(None, options.roles.split(",")))
    print(table(measure(range(options.seeds), options.steps, wanted), options.steps))
    print(f"\nSeeds 0 to {options.seeds - 1}; {environment()}.")


if __name__ == "__main__":
    main()
