"""Convolutional networks of part 1 that are not what was asked for, or cannot learn."""

from __future__ import annotations

from tests.validity.changes import CONVOLUTIONAL, Edit
from tests.validity.mutants_base import Mutant, mutant
from tests.validity.mutants_networks import (
    CIFAR_CNN,
    ENDS,
    MNIST_BLOCKS,
    REGULARISED,
    SIMPLE,
    UNSEEN,
    answers,
    built,
    forwards,
    learning,
    network,
    softmax_before_the_loss,
    training,
    without_relu,
)

BRANCH = "branch = self.norm(self.second(self.dropout(self.first(features))))"
FLAWED = '''class FlawedBlock(ResidualBlock):
    """A block that is none."""

    def forward(self, features: Tensor) -> Tensor:
        {branch}
        return functional.relu({output})


'''
BEFORE_NETWORKS = "# --- Part 1.1: MNIST ---"
CIFAR_BLOCKS = ("ResidualBlock(16, 16, drop", "ResidualBlock(16, 32, stride=2, drop", "ResidualBlock(32, 64, stride=2, drop")
CIFAR_FEATURES = "def residual_features(dropout: float)"


def flawed(role: str, output: str) -> tuple[Edit, ...]:
    """The blocks of one network give another output; `branch`, `features` and `self.shortcut` are at hand."""
    block = Edit(CONVOLUTIONAL, BEFORE_NETWORKS, FLAWED.format(branch=BRANCH, output=output) + BEFORE_NETWORKS)
    if role == "rescnn_mnist":
        return (block, Edit(CONVOLUTIONAL, MNIST_BLOCKS, MNIST_BLOCKS.replace("ResidualBlock", "FlawedBlock")))
    call = CIFAR_CNN if role == "rescnn_cifar" else REGULARISED
    given = "dropout=0.0" if role == "rescnn_cifar" else "dropout=block_dropout"
    chosen = (Edit(CONVOLUTIONAL, each, each.replace("ResidualBlock", "block")) for each in CIFAR_BLOCKS)
    signature = Edit(CONVOLUTIONAL, CIFAR_FEATURES, "def residual_features(dropout: float, block: type = ResidualBlock)")
    return (block, signature, *chosen, Edit(CONVOLUTIONAL, call, call.replace(given, f"{given}, block=FlawedBlock")))


NOT_RESIDUAL = {
    "no-skip": ("the sum is gone: the branch alone", "branch"),
    "branch-twice": ("the branch is added to itself", "branch + branch"),
    "times-zero": ("the shortcut is multiplied by 0", "branch + 0 * self.shortcut(features)"),
    "taken-away": ("the shortcut is added and taken away again", "(branch + self.shortcut(features)) - self.shortcut(features)"),
    "product": ("a product in place of the sum", "branch * self.shortcut(features)"),
    "mean-only": ("the mean of the shortcut is added, not its pixels", "branch + self.shortcut(features).mean((2, 3), keepdim=True)"),
    "non-linear": ("the shortcut is a sigmoid of the input", "branch + torch.sigmoid(self.shortcut(features))"),
}
OF_THE_BRANCH = {"rescnn_mnist": tuple(NOT_RESIDUAL), "rescnn_cifar": ("no-skip", "taken-away", "mean-only", "product")}
OF_THE_BRANCH["regrescnn_cifar"] = ("no-skip", "branch-twice", "times-zero", "non-linear")
TORCH = Edit(CONVOLUTIONAL, "from torch import Tensor, nn\n", "import torch\nfrom torch import Tensor, nn\n")


def not_residual(role: str, name: str) -> Mutant:
    """A block that lost its residual connection."""
    about, output = NOT_RESIDUAL[name]
    return network(role, name, about, *flawed(role, output), *((TORCH,) if "torch." in output else ()))


CONVOLUTIONAL_MUTANTS = (
    network(
        "cnn_mnist",
        "layer-less",
        "one convolution",
        Edit(
            CONVOLUTIONAL,
            SIMPLE,
            SIMPLE.partition("\n")[2].replace("(16, 32, kernel_size=5, stride=2)", "(1, 32, kernel_size=5, stride=4)"),
        ),
    ),
    network(
        "cnn_mnist",
        "layers-more",
        "four convolutions",
        Edit(
            CONVOLUTIONAL,
            SIMPLE,
            SIMPLE.replace("  # (N, 32, 7, 7)", "\n            ConvNormActivation(32, 32),\n            ConvNormActivation(32, 32),"),
        ),
    ),
    network("cnn_mnist", "linear", "no non-linearity between the convolutions", without_relu("cnn_mnist")),
    network(
        "cnn_mnist",
        "dead-layer",
        "one convolution of the two is thrown away",
        built(
            "cnn_mnist",
            "self.features[0] = nn.AvgPool2d(2)",
            "self.features[1] = ConvNormActivation(1, 32, 5, stride=2)",
            "self.dead = nn.Conv2d(1, 1, 3)",
        ),
        forwards("cnn_mnist", "self.dead(images)", "return super().forward(images)"),
    ),
    network("cnn_mnist", "transposed", "the outputs in the wrong order: (10, N)", answers("cnn_mnist", "logits.T")),
    network("cnn_mnist", "mean-over-batch", "one answer for the whole batch", answers("cnn_mnist", "logits.mean(0)")),
    learning(
        "cnn_mnist",
        "shuffled",
        "in evaluation the answers come in reverse order",
        answers("cnn_mnist", "logits if self.training else logits.flip(0)"),
    ),
    learning(
        "cnn_mnist",
        "batch-statistics",
        "batch statistics in evaluation: the answer depends on the other images",
        built("cnn_mnist", "for stage in features:", "    stage[1] = nn.BatchNorm2d(stage[1].num_features, track_running_stats=False)"),
    ),
    learning(
        "rescnn_cifar",
        "batch-statistics",
        "the norms stay in training mode in evaluation",
        forwards(
            "rescnn_cifar",
            "for module in self.modules():",
            "    if isinstance(module, nn.BatchNorm2d):",
            "        module.train()",
            "return super().forward(images)",
        ),
    ),
    learning(
        "rescnn_cifar",
        "no-momentum",
        "the running statistics are never updated",
        built(
            "rescnn_cifar", "for module in self.modules():", "    if isinstance(module, nn.BatchNorm2d):", "        module.momentum = 0.0"
        ),
    ),
    training(
        "cnn_mnist",
        "frozen",
        "the first convolution is frozen",
        built("cnn_mnist", "features[0][0].weight.requires_grad_(False)"),
        also={UNSEEN: "the stated count leaves the frozen numbers out"},
    ),
    training(
        "rescnn_mnist",
        "detached-shortcut",
        "the input of the blocks is detached, and with it the stem",
        forwards("rescnn_mnist", "stem = self.features[0](images).detach()", "return self.classifier(self.features[1:](stem).flatten(1))"),
    ),
    training(
        "rescnn_cifar",
        "frozen",
        "the last block is frozen",
        built("rescnn_cifar", "for parameter in self.features[3].parameters():", "    parameter.requires_grad_(False)"),
        also={"1.2.gradients": "frozen weights have no gradient to state"},
    ),
    training(
        "regrescnn_cifar",
        "detached",
        "the features are detached before the classifier",
        forwards(
            "regrescnn_cifar",
            "pooled = functional.adaptive_avg_pool2d(self.features(images), 1).flatten(1).detach()",
            "return self.classifier(self.dropout(pooled))",
        ),
        also={
            "1.2.regrescnn_cifar.accuracy": "random features may be too little",
            "1.2.gradients": "detached weights have no gradient to state",
        },
    ),
    network(
        "rescnn_cifar",
        "one-block",
        "one residual block where several were asked for",
        Edit(CONVOLUTIONAL, CIFAR_CNN, "super().__init__(one_block(), channels=64)"),
        Edit(
            CONVOLUTIONAL,
            "class CIFARResidualCNN",
            "def one_block() -> nn.Sequential:\n    return nn.Sequential(ConvNormActivation(3, 16, stride=2), "
            "ConvNormActivation(16, 32, stride=2), ResidualBlock(32, 64, stride=2))\n\n\nclass CIFARResidualCNN",
        ),
    ),
    *(not_residual(role, name) for role, names in OF_THE_BRANCH.items() for name in names),
    *(softmax_before_the_loss(role) for role in ENDS),
)

REGULARISATION = "1.2.regrescnn_cifar.regularisation"


def head(expression: str) -> Edit:
    """The regularised network with no dropout but this one before the classifier."""
    pooled = "pooled = functional.adaptive_avg_pool2d(self.features(images), 1).flatten(1)"
    return forwards("regrescnn_cifar", pooled, f"return self.classifier({expression})")


def dropping(name: str, about: str, *changes: Edit, loses: str = REGULARISATION, also: dict[str, str] | None = None) -> Mutant:
    """A regularised network without the regularisation that was asked for."""
    return mutant(f"regrescnn_cifar/{name}", about, *changes, loses=loses, also=also)


PROBABILITIES = "block_dropout: float = 0.1, head_dropout: float = 0.2"
NO_BLOCK_DROPOUT = Edit(CONVOLUTIONAL, PROBABILITIES, "block_dropout: float = 0.0, head_dropout: float = 0.2")

REGULARISATION_MUTANTS = (
    dropping(
        "dropout-of-zero",
        "dropout layers of probability 0",
        Edit(CONVOLUTIONAL, PROBABILITIES, "block_dropout: float = 0.0, head_dropout: float = 0.0"),
        Edit(CONVOLUTIONAL, "nn.Dropout2d(dropout) if dropout > 0 else nn.Identity()", "nn.Dropout2d(dropout)"),
        Edit(CONVOLUTIONAL, "nn.Dropout(dropout) if dropout > 0 else nn.Identity()", "nn.Dropout(dropout)"),
    ),
    dropping("always-on", "F.dropout without `training`: active in evaluation", NO_BLOCK_DROPOUT, head("functional.dropout(pooled, 0.2)")),
    dropping(
        "wrong-way-round",
        "dropout in evaluation instead of training",
        NO_BLOCK_DROPOUT,
        head("functional.dropout(pooled, 0.2, not self.training)"),
    ),
    dropping(
        "not-assigned",
        "what dropout gives is thrown away",
        NO_BLOCK_DROPOUT,
        forwards(
            "regrescnn_cifar",
            "pooled = functional.adaptive_avg_pool2d(self.features(images), 1).flatten(1)",
            "self.dropout(pooled)",
            "return self.classifier(pooled)",
        ),
    ),
    dropping(
        "switched-off", "the dropout layer is set to evaluation before each use", NO_BLOCK_DROPOUT, head("self.dropout.eval()(pooled)")
    ),
    dropping("never-called", "the dropout layer is never called", NO_BLOCK_DROPOUT, head("pooled")),
    dropping(
        "drops-all",
        "dropout of probability 1: nothing is left to learn from",
        NO_BLOCK_DROPOUT,
        head("functional.dropout(pooled, 1.0, self.training)"),
        loses="1.2.regrescnn_cifar.accuracy",
        also={"1.2.trainable": "nothing but the last bias gets a gradient"},
    ),
)

CNNS = (*CONVOLUTIONAL_MUTANTS, *REGULARISATION_MUTANTS)
