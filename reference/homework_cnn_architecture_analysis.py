"""Part 2: what the kernel size (2.1) and the depth (2.2) of a convolutional network do, on CIFAR-10.

    python homework_cnn_architecture_analysis.py --profile quick
    python homework_cnn_architecture_analysis.py --profile full --data-root data --seed 0 --out .

`analyse_kernels` and `analyse_depth` train and return a document; this file's command writes it to
results/architecture_analysis/ and draws the plots. Without --data-root the images are synthetic.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from models.cnn_models import DepthCNN, DepthResidualCNN, KernelCNN, PooledClassifier
from utils.command_utils import Budget, parse_arguments
from utils.comparison_utils import (
    Document,
    count_convolution_parameters,
    experiment_document,
    receptive_field,
    receptive_field_by_gradient,
    residual_effect,
    run_document,
    write_document,
)
from utils.data_utils import Images, ImageSet, load_cifar10
from utils.training_utils import Hyperparameters, Run, train_model

logger = logging.getLogger(__name__)

KERNEL_MODELS: Mapping[str, Callable[[], PooledClassifier]] = {
    "k3": partial(KernelCNN, "3x3"),
    "k5": partial(KernelCNN, "5x5"),
    "k7": partial(KernelCNN, "7x7"),
    "kmix": partial(KernelCNN, "1x1+3x3"),
}
DEPTH_MODELS: Mapping[str, Callable[[], PooledClassifier]] = {
    "shallow": partial(DepthCNN, 2),
    "medium": partial(DepthCNN, 4),
    "deep": partial(DepthCNN, 6),
    "depth_residual": DepthResidualCNN,
}
BUDGETS = {"quick": Budget(2000, 500, epochs=2), "full": Budget(20_000, None, epochs=3)}


def analyse_kernels(
    train: Images, test: Images, *, epochs: int, batch_size: int, learning_rate: float, seed: int
) -> Document:
    """2.1: train the four kernel networks alike; images (N, 3, 32, 32) float32, labels (N,) int64.

    The document holds, per network, the common fields, the parameters of the convolutions alone, and the receptive
    field of one unit before global pooling in pixels: computed from the layers, and measured by gradient.
    """
    wanted = Hyperparameters(learning_rate, batch_size, epochs, seed)
    return kernels_document(train_all(KERNEL_MODELS, train, test, wanted), train, test, wanted)


def analyse_depth(
    train: Images, test: Images, *, epochs: int, batch_size: int, learning_rate: float, seed: int
) -> Document:
    """2.2: train the four depth networks alike; images (N, 3, 32, 32) float32, labels (N,) int64.

    The document holds, per network, the common fields and the gradient norm of each weight per epoch, and for the
    whole what residual connections change at equal depth.
    """
    wanted = Hyperparameters(learning_rate, batch_size, epochs, seed)
    return depth_document(train_all(DEPTH_MODELS, train, test, wanted), train, test, wanted)


def train_all(
    models: Mapping[str, Callable[[], PooledClassifier]], train: Images, test: Images, wanted: Hyperparameters
) -> dict[str, Run]:
    """Train each network with the same hyperparameters."""
    return {role: train_model(build, train, test, wanted) for role, build in models.items()}


def features_of(run: Run) -> PooledClassifier:
    """The trained network with its `features` in sight."""
    assert isinstance(run.model, PooledClassifier)
    return run.model


def kernels_document(runs: Mapping[str, Run], train: Images, test: Images, wanted: Hyperparameters) -> Document:
    """The document of 2.1."""
    models = {
        role: {
            **run_document(run),
            "conv_parameters": count_convolution_parameters(run.model),
            "receptive_field": receptive_field(features_of(run).features),
            "receptive_field_measured": receptive_field_by_gradient(features_of(run).features),
        }
        for role, run in runs.items()
    }
    return experiment_document("kernels", train, test, wanted, models)


def depth_document(runs: Mapping[str, Run], train: Images, test: Images, wanted: Hyperparameters) -> Document:
    """The document of 2.2."""
    models = {role: {**run_document(run), "gradient_norms": run.gradient_norms} for role, run in runs.items()}
    return {
        **experiment_document("depth", train, test, wanted, models),
        "residual_effect": residual_effect(runs),
    }


def report_kernels(images: ImageSet, wanted: Hyperparameters, out: Path) -> None:
    """Run 2.1 and write its results and plots."""
    from utils import visualization_utils as plots

    runs = train_all(KERNEL_MODELS, images.train, images.test, wanted)
    document = kernels_document(runs, images.train, images.test, wanted)
    write_document(document, out / "results" / "architecture_analysis" / "kernels.json", images.name)
    features = {role: features_of(run).features for role, run in runs.items()}
    plots.comparison(document, out / "plots" / "kernels_comparison.png")
    plots.receptive_fields(features, document, out / "plots" / "kernels_receptive_fields.png")
    plots.first_layer_activations(features, images, out / "plots" / "kernels_first_layer_activations.png")


def report_depth(images: ImageSet, wanted: Hyperparameters, out: Path) -> None:
    """Run 2.2 and write its results and plots."""
    from utils import visualization_utils as plots

    runs = train_all(DEPTH_MODELS, images.train, images.test, wanted)
    document = depth_document(runs, images.train, images.test, wanted)
    write_document(document, out / "results" / "architecture_analysis" / "depth.json", images.name)
    features = {role: features_of(run).features for role, run in runs.items()}
    plots.comparison(document, out / "plots" / "depth_comparison.png")
    plots.gradient_flow(document, out / "plots" / "depth_gradient_norms.png")
    plots.residual_effect(document, out / "plots" / "depth_residual_effect.png")
    plots.feature_maps(features, images, out / "plots" / "depth_feature_maps.png")


def main() -> None:
    """Run both analyses and write results/ and plots/."""
    arguments = parse_arguments(__doc__)
    budget = BUDGETS[arguments.profile]
    images = budget.limit(load_cifar10(arguments.data_root), arguments.seed)
    wanted = budget.hyperparameters(arguments.seed)
    report_kernels(images, wanted, arguments.out)
    report_depth(images, wanted, arguments.out)
    logger.info("kernels and depth are done")


if __name__ == "__main__":
    main()
