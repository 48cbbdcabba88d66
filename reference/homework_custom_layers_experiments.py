"""Part 3: four layers with a backward pass of their own (3.1), and three kinds of residual block (3.2).

    python homework_custom_layers_experiments.py --profile quick
    python homework_custom_layers_experiments.py --profile full --data-root data --seed 0 --out .

`check_layers` and `compare_blocks` measure and return a document; this file's command writes it to
results/custom_layers/ and draws the plots. Without --data-root the images are synthetic.
"""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from torch import nn

from models.cnn_models import ConvNormActivation, PooledClassifier
from models.custom_layers import BasicBlock, BottleneckBlock, WideBlock
from utils.command_utils import Budget, parse_arguments
from utils.comparison_utils import (
    Document,
    count_parameters,
    experiment_document,
    mean_and_deviation,
    write_document,
)
from utils.data_utils import Images, ImageSet, load_cifar10
from utils.layer_checks import CASES, layer_document
from utils.training_utils import Hyperparameters, Run, seed_everything, train_model

logger = logging.getLogger(__name__)

BlockFactory = Callable[[int, int, int], nn.Module]
BLOCKS: Mapping[str, BlockFactory] = {
    "basic_block": BasicBlock,
    "bottleneck_block": BottleneckBlock,
    "wide_block": WideBlock,
}
WIDTH = 32
BUDGETS = {"quick": Budget(2000, 500, epochs=2), "full": Budget(10_000, None, epochs=4)}
SEEDS = {"quick": 2, "full": 3}


class BlockNetwork(PooledClassifier):
    """A stem and two blocks of one kind: (N, 3, 32, 32) -> logits (N, 10). Only the kind of block differs."""

    def __init__(self, block: BlockFactory) -> None:
        features = nn.Sequential(
            ConvNormActivation(3, WIDTH, stride=2),  # (N, 32, 16, 16)
            nn.MaxPool2d(2),  # (N, 32, 8, 8)
            block(WIDTH, WIDTH, 1),  # (N, 32, 8, 8)
            block(WIDTH, 2 * WIDTH, 2),  # (N, 64, 4, 4)
        )
        super().__init__(features, channels=2 * WIDTH)


def check_layers(*, seed: int) -> Document:
    """3.1: worked examples, gradcheck in float64, and the standard counterpart, for each custom layer.

    The differences are the largest absolute ones between the layer at its start and its counterpart with the same
    weights, in value and in gradient by the input; seconds are those of one forward and backward pass.
    """
    seed_everything(seed)
    layers = {}
    for role, build_case in CASES.items():
        layers[role] = layer_document(build_case())
        logger.info("%s: gradcheck %s", role, "passed" if layers[role]["gradcheck"] else "FAILED")
    return {"experiment": "layers", "layers": layers}


def compare_blocks(
    train: Images, test: Images, *, epochs: int, batch_size: int, learning_rate: float, seeds: list[int]
) -> Document:
    """3.2: train a network of each kind of block under each seed; images (N, 3, 32, 32) float32, labels (N,) int64.

    The document holds, per block: its parameters alone and those of the network around it, test accuracy per seed with
    mean and standard deviation, the number of diverged runs, seconds, and the loss per seed and epoch.
    """
    return train_blocks(train, test, Hyperparameters(learning_rate, batch_size, epochs, seeds[0]), seeds)


def train_blocks(train: Images, test: Images, wanted: Hyperparameters, seeds: list[int]) -> Document:
    """The document of 3.2; `wanted.seed` gives way to each of `seeds`."""
    models = {}
    for role, block in BLOCKS.items():
        runs = [
            train_model(lambda block=block: BlockNetwork(block), train, test, replace(wanted, seed=seed))
            for seed in seeds
        ]
        models[role] = blocks_document(block, runs)
    document = experiment_document("blocks", train, test, wanted, models)
    return {**document, "hyperparameters": with_seeds(wanted, seeds)}


def with_seeds(hyperparameters: Hyperparameters, seeds: list[int]) -> Document:
    """The hyperparameters of several runs that differ in the seed alone."""
    return {**{key: value for key, value in asdict(hyperparameters).items() if key != "seed"}, "seeds": seeds}


def blocks_document(block: BlockFactory, runs: list[Run]) -> Document:
    """One kind of block over several seeds."""
    accuracies = [run.test_accuracy[-1] for run in runs]
    mean, deviation = mean_and_deviation(accuracies)
    return {
        "hyperparameters": with_seeds(runs[0].hyperparameters, [run.hyperparameters.seed for run in runs]),
        "block_parameters": count_parameters(block(WIDTH, WIDTH, 1)),
        "parameters": count_parameters(runs[0].model),
        "train_accuracy": [run.train_accuracy[-1] for run in runs],
        "test_accuracy": accuracies,
        "mean_test_accuracy": mean,
        "std_test_accuracy": deviation,
        "diverged_runs": sum(diverged(run.train_loss) for run in runs),
        "train_seconds": sum(run.train_seconds for run in runs),
        "train_cpu_seconds": sum(run.train_cpu_seconds for run in runs),
        "inference_seconds": sum(run.final_test.seconds for run in runs) / len(runs),
        "history": {"train_loss": [run.train_loss for run in runs]},
    }


def diverged(losses: list[float]) -> bool:
    """A run diverged when a loss is not finite, or the last epoch's lies above the first one's."""
    return not all(math.isfinite(loss) for loss in losses) or losses[-1] > losses[0]


def report_blocks(images: ImageSet, wanted: Hyperparameters, seeds: list[int], out: Path) -> None:
    """Run 3.2 and write its results and plots."""
    from utils import visualization_utils as plots

    document = train_blocks(images.train, images.test, wanted, seeds)
    write_document(document, out / "results" / "custom_layers" / "blocks.json", images.name)
    plots.blocks_comparison(document, out / "plots" / "blocks_comparison.png")
    plots.blocks_stability(document, out / "plots" / "blocks_stability.png")


def main() -> None:
    """Check the layers, compare the blocks, and write results/ and plots/."""
    from utils import visualization_utils as plots

    arguments = parse_arguments(__doc__)
    seed, out = arguments.seed, arguments.out
    layers = check_layers(seed=seed)
    write_document(layers, out / "results" / "custom_layers" / "layers.json")
    plots.layers_comparison(layers, out / "plots" / "layers_comparison.png")

    budget = BUDGETS[arguments.profile]
    images = budget.limit(load_cifar10(arguments.data_root), seed)
    seeds = list(range(seed, seed + SEEDS[arguments.profile]))
    report_blocks(images, budget.hyperparameters(seed), seeds, out)
    logger.info("layers and blocks are done")


if __name__ == "__main__":
    main()
