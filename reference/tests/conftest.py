"""Make the homework's own folder importable, and keep torch to one thread."""

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
torch.set_num_threads(1)

Images = tuple[Tensor, Tensor]


def random_images(count: int, channels: int, side: int, seed: int) -> Images:
    """Noise with random labels: enough to run an experiment, too little to learn from."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (count,), generator=generator)
    return torch.randn(count, channels, side, side, generator=generator), labels


@pytest.fixture(scope="session")
def mnist_like() -> tuple[Images, Images]:
    """64 training and 32 test images (N, 1, 28, 28)."""
    return random_images(64, 1, 28, 0), random_images(32, 1, 28, 1)


@pytest.fixture(scope="session")
def cifar_like() -> tuple[Images, Images]:
    """64 training and 32 test images (N, 3, 32, 32)."""
    return random_images(64, 3, 32, 0), random_images(32, 3, 32, 1)
