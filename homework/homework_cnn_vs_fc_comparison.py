"""Part 1: fully connected networks against convolutional ones, on MNIST (1.1) and on CIFAR-10 (1.2).

The two functions train and return a document (plain dicts, lists, numbers, strings). They write no files, draw no
plots and download nothing; `main` does that. Importing this file must train nothing.
"""

from typing import Any

from torch import Tensor

Images = tuple[Tensor, Tensor]
"""Normalised float32 images (N, C, H, W) and int64 labels (N,)."""


def compare_on_mnist(
    train: Images, test: Images, *, epochs: int, batch_size: int, learning_rate: float, seed: int
) -> dict[str, Any]:
    """1.1: train `FullyConnectedMNIST`, `SimpleCNN`, `MNISTResidualCNN` with the same hyperparameters.

    train, test: images (N, 1, 28, 28). `main` writes the document to results/mnist_comparison/results.json:

        {"experiment": "mnist",
         "data": {"name": str, "train_images": int, "test_images": int},
         "hyperparameters": {"optimizer": str, "learning_rate": float, "batch_size": int, "epochs": int, "seed": int},
         "models": {"fc_mnist": PER_NETWORK, "cnn_mnist": PER_NETWORK, "rescnn_mnist": PER_NETWORK}}

    PER_NETWORK, the same in all experiments with networks:

        {"hyperparameters": {the same keys, as really used for this network},
         "parameters": int,
         "train_accuracy": 0..1, "test_accuracy": 0..1,       after the last epoch
         "train_seconds": > 0, "inference_seconds": > 0,      inference: one pass over the whole test set
         "history": {"train_loss": [one per epoch], "train_accuracy": [...], "test_accuracy": [...]}}
    """
    raise NotImplementedError("compare_on_mnist: train the three networks and return the document")


def compare_on_cifar(
    train: Images, test: Images, *, epochs: int, batch_size: int, learning_rate: float, seed: int
) -> dict[str, Any]:
    """1.2: train `DeepFullyConnectedCIFAR`, `CIFARResidualCNN`, `RegularizedResidualCNN` likewise.

    train, test: images (N, 3, 32, 32). `main` writes the document to results/cifar_comparison/results.json. It is as
    that of `compare_on_mnist` with "experiment": "cifar" and the networks "fc_cifar", "rescnn_cifar",
    "regrescnn_cifar", and holds for each of them also:

        "generalization_gap": train_accuracy - test_accuracy
        "confusion_matrix": 10 x 10 ints, row = true class, counts over the test images
        "gradient_norms": {weight name: [one L2 norm per epoch]} for each parameter with two dimensions or more, named
                          as in `named_parameters`, in the order of the forward pass
    """
    raise NotImplementedError("compare_on_cifar: train the three networks and return the document")


def main() -> None:
    """Load the data, run both comparisons, write results/ and plots/ (README, "Plots")."""
    raise NotImplementedError("main: read --profile quick|full, --data-root, --seed, --out and run the comparisons")


if __name__ == "__main__":
    main()
