"""What the three homework files share as commands: arguments, logging, and how much each profile trains."""

import argparse
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from utils.data_utils import ImageSet
from utils.training_utils import Hyperparameters


@dataclass(frozen=True)
class Budget:
    """How much one experiment trains; None images means all of them."""

    train_images: int | None
    test_images: int | None
    epochs: int
    batch_size: int = 64
    learning_rate: float = 2e-3

    def limit(self, images: ImageSet, seed: int) -> ImageSet:
        """The part of a data set that fits the budget."""
        return images.limited(self.train_images, self.test_images, seed)

    def hyperparameters(self, seed: int) -> Hyperparameters:
        """What an experiment with this budget is asked to use."""
        return Hyperparameters(self.learning_rate, self.batch_size, self.epochs, seed)


def parse_arguments(description: str | None) -> argparse.Namespace:
    """Read --profile, --data-root, --seed, --out and --threads, and start the log."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", choices=("quick", "full"), default="quick", help="how much is trained")
    parser.add_argument("--data-root", type=Path, help="folder with MNIST and CIFAR-10; synthetic images without it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(), help="folder that gets results/ and plots/")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of torch")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", datefmt="%H:%M:%S")
    torch.set_num_threads(arguments.threads)
    return arguments
