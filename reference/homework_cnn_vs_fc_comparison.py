"""Part 1: fully connected networks against convolutional ones, on MNIST (1.1) and on CIFAR-10 (1.2).

    python homework_cnn_vs_fc_comparison.py --profile quick
    python homework_cnn_vs_fc_comparison.py --profile full --data-root data --seed 0 --out .

`compare_on_mnist` and `compare_on_cifar` train and return a document; this file's command writes it to results/ and
draws the plots. Without --data-root the images are synthetic.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from torch import nn

from models.cnn_models import CIFARResidualCNN, MNISTResidualCNN, RegularizedResidualCNN, SimpleCNN
from models.fc_models import DeepFullyConnectedCIFAR, FullyConnectedMNIST
from utils.command_utils import Budget, parse_arguments
from utils.comparison_utils import Document, confusion_matrix, experiment_document, run_document, write_document
from utils.data_utils import Images, ImageSet, load_cifar10, load_mnist
from utils.training_utils import Hyperparameters, Run, train_model

logger = logging.getLogger(__name__)

MNIST_MODELS: Mapping[str, Callable[[], nn.Module]] = {
    "fc_mnist": FullyConnectedMNIST,
    "cnn_mnist": SimpleCNN,
    "rescnn_mnist": MNISTResidualCNN,
}
CIFAR_MODELS: Mapping[str, Callable[[], nn.Module]] = {
    "fc_cifar": DeepFullyConnectedCIFAR,
    "rescnn_cifar": CIFARResidualCNN,
    "regrescnn_cifar": RegularizedResidualCNN,
}
MNIST_BUDGETS = {"quick": Budget(2000, 500, epochs=2), "full": Budget(None, None, epochs=2)}
CIFAR_BUDGETS = {"quick": Budget(2000, 500, epochs=2), "full": Budget(25_000, None, epochs=6)}


def compare_on_mnist(
    train: Images, test: Images, *, epochs: int, batch_size: int, learning_rate: float, seed: int
) -> Document:
    """1.1: train the three MNIST networks alike; images (N, 1, 28, 28) float32, labels (N,) int64.

    The document holds, per network: accuracy on train and test, seconds of training and of inference, parameters and
    the learning curves.
    """
    return train_on_mnist(train, test, Hyperparameters(learning_rate, batch_size, epochs, seed))


def compare_on_cifar(
    train: Images, test: Images, *, epochs: int, batch_size: int, learning_rate: float, seed: int
) -> Document:
    """1.2: train the three CIFAR-10 networks alike; images (N, 3, 32, 32) float32, labels (N,) int64.

    As `compare_on_mnist`, and per network: the gap between train and test accuracy, the confusion matrix over the test
    images (row = true class), and the gradient norm of each weight per epoch.
    """
    return train_on_cifar(train, test, Hyperparameters(learning_rate, batch_size, epochs, seed))


def train_on_mnist(train: Images, test: Images, wanted: Hyperparameters) -> Document:
    """The document of 1.1."""
    models = {role: run_document(train_model(build, train, test, wanted)) for role, build in MNIST_MODELS.items()}
    return experiment_document("mnist", train, test, wanted, models)


def train_on_cifar(train: Images, test: Images, wanted: Hyperparameters) -> Document:
    """The document of 1.2."""
    models = {
        role: cifar_document(train_model(build, train, test, wanted), test) for role, build in CIFAR_MODELS.items()
    }
    return experiment_document("cifar", train, test, wanted, models)


def cifar_document(run: Run, test: Images) -> Document:
    """One CIFAR-10 network: the common fields, overfitting, confusion, gradient flow."""
    return {
        **run_document(run),
        "generalization_gap": run.train_accuracy[-1] - run.test_accuracy[-1],
        "confusion_matrix": confusion_matrix(run.final_test.predictions, test[1]),
        "gradient_norms": run.gradient_norms,
    }


def report_mnist(images: ImageSet, wanted: Hyperparameters, out: Path) -> None:
    """Run 1.1 and write its results and plots."""
    from utils import visualization_utils as plots

    document = train_on_mnist(images.train, images.test, wanted)
    write_document(document, out / "results" / "mnist_comparison" / "results.json", images.name)
    plots.learning_curves(document, out / "plots" / "mnist_learning_curves.png")


def report_cifar(images: ImageSet, wanted: Hyperparameters, out: Path) -> None:
    """Run 1.2 and write its results and plots."""
    from utils import visualization_utils as plots

    document = train_on_cifar(images.train, images.test, wanted)
    write_document(document, out / "results" / "cifar_comparison" / "results.json", images.name)
    plots.learning_curves(document, out / "plots" / "cifar_learning_curves.png")
    plots.confusion_matrices(document, images.classes, out / "plots" / "cifar_confusion_matrices.png")
    plots.gradient_flow(document, out / "plots" / "cifar_gradient_flow.png")


def main() -> None:
    """Run both comparisons and write results/ and plots/."""
    arguments = parse_arguments(__doc__)
    seed, out = arguments.seed, arguments.out
    mnist, cifar = MNIST_BUDGETS[arguments.profile], CIFAR_BUDGETS[arguments.profile]
    report_mnist(mnist.limit(load_mnist(arguments.data_root), seed), mnist.hyperparameters(seed), out)
    logger.info("MNIST is done")
    report_cifar(cifar.limit(load_cifar10(arguments.data_root), seed), cifar.hyperparameters(seed), out)
    logger.info("CIFAR-10 is done")


if __name__ == "__main__":
    main()
