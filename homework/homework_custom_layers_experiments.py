"""Part 3: custom layers (3.1) and residual blocks (3.2).

The two functions measure and return a document (plain dicts, lists, numbers, strings). They write no files, draw no
plots and download nothing; `main` does that. Importing this file must train nothing.
"""

from typing import Any

from torch import Tensor

Images = tuple[Tensor, Tensor]
"""Normalised float32 images (N, C, H, W) and int64 labels (N,)."""


def check_layers(*, seed: int) -> dict[str, Any]:
    """3.1: test `CustomConv2d`, `ChannelAttention`, `CustomActivation`, `CustomPool2d` on simple examples.

    `main` writes the document to results/custom_layers/layers.json:

        {"experiment": "layers",
         "layers": {"custom_conv": LAYER, "attention": LAYER, "activation": LAYER, "pooling": LAYER}}

    LAYER:

        {"standard": str, the standard counterpart, for example "torch.nn.Conv2d",
         "parameters": int,
         "examples": [{"name": str, "expected": number or list, "found": the same, "passed": bool}, at least 2],
         "value_difference": float, the largest difference from the standard counterpart on the same input,
         "gradient_difference": float, the same for the gradient by the input,
         "gradcheck": bool, whether `torch.autograd.gradcheck` passes in float64,
         "seconds": float, "standard_seconds": float, of a forward and a backward pass}
    """
    raise NotImplementedError("check_layers: test the four layers and return the document")


def compare_blocks(
    train: Images, test: Images, *, epochs: int, batch_size: int, learning_rate: float, seeds: list[int]
) -> dict[str, Any]:
    """3.2: train a network of `BasicBlock`, of `BottleneckBlock`, of `WideBlock` under each seed.

    train, test: images (N, 3, 32, 32). Only the kind of block differs. `main` writes the document to
    results/custom_layers/blocks.json. It is as that of `compare_on_mnist` (homework_cnn_vs_fc_comparison.py) with
    "experiment": "blocks", "hyperparameters" with "seeds": [...] in place of "seed", and the networks "basic_block",
    "bottleneck_block", "wide_block", each of them:

        {"block_parameters": int, of the block alone, built with in_channels=32, out_channels=32,
         "parameters": int, of the network around it,
         "test_accuracy": [one per seed], "mean_test_accuracy": float, "std_test_accuracy": float,
         "diverged_runs": int, "train_seconds": float,
         "history": {"train_loss": [[one per epoch] per seed]}}
    """
    raise NotImplementedError("compare_blocks: train the three networks under each seed and return the document")


def main() -> None:
    """Check the layers, load the data, compare the blocks, write results/ and plots/ (README, "Plots")."""
    raise NotImplementedError("main: read --profile quick|full, --data-root, --seed, --out and run the experiments")


if __name__ == "__main__":
    main()
