"""Part 2: what the kernel size (2.1) and the depth (2.2) of a convolutional network do, on CIFAR-10.

The two functions train and return a document (plain dicts, lists, numbers, strings). They write no files, draw no
plots and download nothing; `main` does that. Importing this file must train nothing.
"""

from typing import Any

from torch import Tensor

Images = tuple[Tensor, Tensor]
"""Normalised float32 images (N, C, H, W) and int64 labels (N,)."""


def analyse_kernels(
    train: Images, test: Images, *, epochs: int, batch_size: int, learning_rate: float, seed: int
) -> dict[str, Any]:
    """2.1: train `KernelCNN` for "3x3", "5x5", "7x7", "1x1+3x3" with the same hyperparameters.

    train, test: images (N, 3, 32, 32). `main` writes the document to results/architecture_analysis/kernels.json. It is
    as that of `compare_on_mnist` (homework_cnn_vs_fc_comparison.py) with "experiment": "kernels" and the networks "k3",
    "k5", "k7", "kmix", and holds for each of them also:

        "conv_parameters": int, the parameters of the convolutions alone
        "receptive_field": int, side in pixels of what one unit sees before global pooling or flatten, computed
        "receptive_field_measured": int, the same side by gradient
    """
    raise NotImplementedError("analyse_kernels: train the four networks and return the document")


def analyse_depth(
    train: Images, test: Images, *, epochs: int, batch_size: int, learning_rate: float, seed: int
) -> dict[str, Any]:
    """2.2: train `DepthCNN` with 2, 4 and 6 convolutions and `DepthResidualCNN` with the same hyperparameters.

    train, test: images (N, 3, 32, 32). `main` writes the document to results/architecture_analysis/depth.json. It is as
    that of `compare_on_mnist` with "experiment": "depth" and the networks "shallow", "medium", "deep",
    "depth_residual". Each of them holds also "gradient_norms" (as in `compare_on_cifar`), and the document

        "residual_effect": {"plain": "deep", "residual": "depth_residual",
                            "accuracy_difference": residual - plain test accuracy,
                            "first_layer_gradient_ratio": residual / plain gradient norm of the first layer}
    """
    raise NotImplementedError("analyse_depth: train the four networks and return the document")


def main() -> None:
    """Load the data, run both analyses, write results/ and plots/ (README, "Plots")."""
    raise NotImplementedError("main: read --profile quick|full, --data-root, --seed, --out and run the analyses")


if __name__ == "__main__":
    main()
