"""For each criterion with points: what to take out of the reference so that this piece of work, and no other, is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.validity.changes import ARCHITECTURE, CONVOLUTIONAL, FRAMES, FULLY_CONNECTED, LAYERS, PLOTTING, Document, Edit, Handed


@dataclass(frozen=True)
class Removal:
    """Edits of the code and of handed-in results, and plots that are deleted; what the criterion loses by it."""

    loses: Literal["all", "some"]
    edits: tuple[Edit, ...] = ()
    results: tuple[tuple[str, Callable[[Document], None]], ...] = ()
    plots: tuple[str, ...] = ()

    def apply(self, root: Path) -> None:
        """Take the work out of a submission's folder."""
        for edit in self.edits:
            edit.apply(root)
        for experiment, change in self.results:
            Handed(experiment, change).apply(root)
        for name in self.plots:
            (root / "plots" / f"{name}.png").unlink()


def some(*edits: Edit) -> Removal:
    """A defect: the work is there, but not as it was asked for."""
    return Removal("some", edits)


def every(*edits: Edit) -> Removal:
    """The work is gone."""
    return Removal("all", edits)


# --- networks ---------------------------------------------------------------------------------------------------------


def layers(widths: str, fewer: str) -> Removal:
    """A fully connected network with hidden layers of other widths."""
    return some(Edit(FULLY_CONNECTED, f"({widths}), CLASSES)", f"({fewer}), CLASSES)"))


def features(old: str, new: str) -> Removal:
    """A convolutional network with other features."""
    return some(Edit(CONVOLUTIONAL, old, new))


def forward_of_shuffled(constructor: str) -> Edit:
    """The usual slip of an augmentation: `flip(0)` mirrors the batch, not the image, and the labels stay behind."""
    forward = f"def forward(self, images: Tensor) -> Tensor:\n        return super().forward(images{MIRRORED})"
    return Edit(CONVOLUTIONAL, constructor, f"{constructor}\n\n    {forward}")


def shuffled(*constructors: str) -> Removal:
    """Networks that are built right and cannot learn: in training the images lose their labels."""
    return every(*map(forward_of_shuffled, constructors))


def shuffled_layers(shape: str) -> Removal:
    """The same for the fully connected network that takes images of this shape."""
    begin = f'images (N, {shape}) -> logits (N, 10)."""\n        logits: Tensor = self.layers(images'
    return every(Edit(FULLY_CONNECTED, begin, begin + MIRRORED))


MIRRORED = ".flip(0) if self.training else images"
FC_MNIST = "self.layers = multilayer_perceptron(28 * 28, (256, 128, 64), CLASSES)"
FC_CIFAR = "self.layers = multilayer_perceptron(3 * 32 * 32, (256, 192, 128, 96, 64), CLASSES)"
FROZEN_BIAS = "\n        self.layers[-1].bias.requires_grad_(False)"
SIMPLE_CNN = """            ConvNormActivation(1, 16, kernel_size=5, stride=2),  # (N, 16, 14, 14)
            ConvNormActivation(16, 32, kernel_size=5, stride=2),  # (N, 32, 7, 7)
        )
        super().__init__(features, values=32 * 7 * 7)"""
MNIST_BLOCKS = """            ResidualBlock(16, 32, stride=2),  # (N, 32, 7, 7)
            ResidualBlock(32, 32),  # (N, 32, 7, 7)
        )
        super().__init__(features, values=32 * 7 * 7)"""
CIFAR_CNN = "super().__init__(residual_features(dropout=0.0), channels=64)"
REGULARISED_CNN = "super().__init__(residual_features(dropout=block_dropout), channels=64, dropout=head_dropout)"
PLAIN_FEATURES = "nn.Sequential(ConvNormActivation(3, 16, stride=2), ConvNormActivation(16, 64, stride=2))"
KERNEL_CNN = "super().__init__(features, channels=32)"
SPATIAL = "spatial_stack(int(kernel[0]), self.WIDTHS[kernel])"
DEPTH_CNN = "super().__init__(nn.Sequential(*depth_stem(width), *deeper), width)"
DEPTH_RESIDUAL_CNN = "super().__init__(nn.Sequential(*depth_stem(width), ResidualPair(width), ResidualPair(width)), width)"


def other_kernel(kernel: str, side: int) -> Removal:
    """A kernel variant with kernels of another size."""
    return features(SPATIAL, f'spatial_stack({side} if kernel == "{kernel}" else int(kernel[0]), self.WIDTHS[kernel])')


def one_layer(depth: int, change: int) -> Removal:
    """A depth variant with more or fewer convolutions."""
    return features("range(conv_layers - 2)", f"range(conv_layers - 2 + {change} * (conv_layers == {depth}))")


def unequal(document: Document) -> None:
    """What the experiment says where the 5x5 network has the widths of the 3x3 network."""
    document["models"]["k5"]["conv_parameters"] = UNEQUAL_CONVOLUTIONS


UNEQUAL_WIDTHS = (16, 32, 32)
UNEQUAL_CONVOLUTIONS = 25 * (3 * 16 + 16 * 32 + 32 * 32)

# --- experiments ------------------------------------------------------------------------------------------------------


def unstated(experiment: str, *keys: str, plots: tuple[str, ...] = ()) -> Removal:
    """An experiment that does not find out some numbers, in its run and in its handed-in results, and lacks their plots."""
    file, frame, variable = FRAMES[experiment]
    removal = "".join(f'        del each["{key}"]\n' for key in keys)

    def change(document: Document) -> None:
        for entry in document[variable].values():
            for key in keys:
                del entry[key]

    edit = Edit(file, frame, f"    for each in {variable}.values():\n{removal}{frame}")
    return Removal("all", (edit,), ((experiment, change),), plots)


def without_effect(document: Document) -> None:
    """Results of the depths that do not say what residual connections change."""
    del document["residual_effect"]


def undrawn(plot: str, docstring: str) -> Removal:
    """A plot that is not there, nor the code that draws it."""
    quoted = f'    """{docstring}"""\n'
    return Removal("all", (Edit(PLOTTING, quoted, f"{quoted}    raise NotImplementedError\n"),), plots=(plot,))


# --- custom layers and blocks -----------------------------------------------------------------------------------------


def standard(call: str, instead: str) -> Removal:
    """A custom layer that is the standard layer under another name."""
    return some(Edit(LAYERS, call, instead))


def doubled(returned: str) -> Removal:
    """A backward pass whose gradient by the input is wrong by a factor."""
    return some(Edit(LAYERS, f"return {returned}", f"return 2 * {returned}"))


FROZEN = "\n        for parameter in self.parameters():\n            parameter.requires_grad_(False)"
CONV_BIAS = "self.bias = nn.Parameter(torch.zeros(out_channels))"
EXCITE = "self.excite = nn.Linear(hidden, channels)"
CONV_CALL = """StandardizedConvFunction.apply(
            images, self.weight, self.gain, self.bias, self.stride, self.padding
        )"""
ATTENTION_CALL = """ChannelAttentionFunction.apply(
            images, self.squeeze.weight, self.squeeze.bias, self.excite.weight, self.excite.bias
        )"""
ACTIVATION_CALL = "AconFunction.apply(values, self.upper, self.lower, self.sharpness)"
POOLING_CALL = "MixedPoolFunction.apply(images, self.mix, self.kernel_size, self.stride)"
BLOCK_SUM = "        return functional.relu(self.branch(features) + self.shortcut(features))"
SHUFFLED_BLOCK = "        features = features.flip(0) if self.training else features\n" + BLOCK_SUM

REMOVALS: dict[str, Removal] = {
    # 1.1 fully connected and convolutional networks on MNIST
    "1.1.fc_mnist.network": layers("256, 128, 64", "256,"),
    "1.1.cnn_mnist.network": features(
        SIMPLE_CNN, SIMPLE_CNN.partition("\n")[2].replace("(16, 32, kernel_size=5, stride=2)", "(1, 32, kernel_size=5, stride=4)")
    ),
    "1.1.rescnn_mnist.network": features(MNIST_BLOCKS, MNIST_BLOCKS.replace("ResidualBlock", "ConvNormActivation")),
    "1.1.fc_mnist.accuracy": shuffled_layers("1, 28, 28"),
    "1.1.cnn_mnist.accuracy": shuffled(SIMPLE_CNN),
    "1.1.rescnn_mnist.accuracy": shuffled(MNIST_BLOCKS),
    "1.1.trainable": some(Edit(FULLY_CONNECTED, FC_MNIST, FC_MNIST + FROZEN_BIAS)),
    "1.1.hyperparameters": unstated("mnist", "hyperparameters"),
    "1.1.accuracy": unstated("mnist", "train_accuracy", "test_accuracy"),
    "1.1.time": unstated("mnist", "train_seconds", "inference_seconds"),
    "1.1.curves": unstated("mnist", "history", plots=("mnist_learning_curves",)),
    "1.1.parameters": unstated("mnist", "parameters"),
    # 1.2 the same on CIFAR-10
    "1.2.fc_cifar.network": layers("256, 192, 128, 96, 64", "256, 64"),
    "1.2.rescnn_cifar.network": features(CIFAR_CNN, f"super().__init__({PLAIN_FEATURES}, channels=64)"),
    "1.2.regrescnn_cifar.network": features(
        REGULARISED_CNN, f"super().__init__({PLAIN_FEATURES}, channels=64, dropout=head_dropout + block_dropout)"
    ),
    "1.2.regrescnn_cifar.regularisation": every(
        Edit(CONVOLUTIONAL, "block_dropout: float = 0.1, head_dropout: float = 0.2", "block_dropout: float = 0, head_dropout: float = 0")
    ),
    "1.2.fc_cifar.accuracy": shuffled_layers("3, 32, 32"),
    "1.2.rescnn_cifar.accuracy": shuffled(CIFAR_CNN),
    "1.2.regrescnn_cifar.accuracy": shuffled(REGULARISED_CNN),
    "1.2.trainable": some(Edit(FULLY_CONNECTED, FC_CIFAR, FC_CIFAR + FROZEN_BIAS)),
    "1.2.hyperparameters": unstated("cifar", "hyperparameters"),
    "1.2.compared": unstated("cifar", "test_accuracy", "train_seconds"),
    "1.2.overfitting": unstated("cifar", "generalization_gap", plots=("cifar_learning_curves",)),
    "1.2.confusion": unstated("cifar", "confusion_matrix", plots=("cifar_confusion_matrices",)),
    "1.2.gradients": unstated("cifar", "gradient_norms", plots=("cifar_gradient_flow",)),
    # 2.1 kernel size
    "2.1.k3.network": other_kernel("3x3", 5),
    "2.1.k5.network": other_kernel("5x5", 3),
    "2.1.k7.network": other_kernel("7x7", 5),
    "2.1.kmix.network": some(
        Edit(CONVOLUTIONAL, "ConvNormActivation(stem, mixed, 1)", "ConvNormActivation(stem, mixed, 3)"),
        Edit(CONVOLUTIONAL, "ConvNormActivation(spatial, last_mixed, 1)", "ConvNormActivation(spatial, last_mixed, 3)"),
    ),
    "2.1.equal_parameters": Removal(
        "all", (Edit(CONVOLUTIONAL, '"5x5": (16, 11, 32)', f'"5x5": {UNEQUAL_WIDTHS}'),), (("kernels", unequal),)
    ),
    "2.1.learn": shuffled(KERNEL_CNN),
    "2.1.compared": unstated("kernels", "test_accuracy", "train_seconds", "conv_parameters", plots=("kernels_comparison",)),
    "2.1.receptive": unstated("kernels", "receptive_field", "receptive_field_measured", plots=("kernels_receptive_fields",)),
    "2.1.activations": undrawn(
        "kernels_first_layer_activations", "What the first layer makes of one test image: the most active channels of each network."
    ),
    # 2.2 depth
    "2.2.shallow.network": one_layer(2, +1),
    "2.2.medium.network": one_layer(4, -1),
    "2.2.deep.network": one_layer(6, -1),
    "2.2.depth_residual.network": features("functional.relu(features + self.branch(features))", "functional.relu(self.branch(features))"),
    "2.2.learn": shuffled(DEPTH_CNN, DEPTH_RESIDUAL_CNN),
    "2.2.compared": unstated("depth", "test_accuracy", "train_seconds", plots=("depth_comparison",)),
    "2.2.gradients": unstated("depth", "gradient_norms", plots=("depth_gradient_norms",)),
    "2.2.residual_effect": Removal(
        "all",
        (Edit(ARCHITECTURE, '        "residual_effect": residual_effect(runs),\n', ""),),
        (("depth", without_effect),),
        ("depth_residual_effect",),
    ),
    "2.2.feature_maps": undrawn(
        "depth_feature_maps", "One test image on its way through each network: 16 channels after every stage but the pools."
    ),
    # 3.1 custom layers
    "3.1.custom_conv.layer": standard(CONV_CALL, "functional.conv2d(images, self.weight, self.bias, self.stride, self.padding)"),
    "3.1.attention.layer": standard(ATTENTION_CALL, "images * torch.sigmoid(self.excite.bias)[:, None, None]"),
    "3.1.activation.layer": standard(ACTIVATION_CALL, "functional.silu(values)"),
    "3.1.pooling.layer": standard(POOLING_CALL, "functional.max_pool2d(images, self.kernel_size, self.stride)"),
    "3.1.custom_conv.backward": doubled("for_images, for_weight"),
    "3.1.attention.backward": doubled("pixels.view_as(images)"),
    "3.1.activation.backward": doubled("for_values, for_upper"),
    "3.1.pooling.backward": doubled("for_images, for_mix"),
    "3.1.parameters": every(Edit(LAYERS, CONV_BIAS, CONV_BIAS + FROZEN), Edit(LAYERS, EXCITE, EXCITE + FROZEN)),
    "3.1.examples": unstated("layers", "examples"),
    "3.1.compared": unstated(
        "layers",
        *("standard", "value_difference", "gradient_difference", "seconds", "standard_seconds", "gradcheck"),
        plots=("layers_comparison",),
    ),
    # 3.2 residual blocks
    "3.2.basic_block.block": some(
        Edit(LAYERS, "convolution_norm(out_channels, out_channels, 3)", "convolution_norm(out_channels, out_channels, 1)")
    ),
    "3.2.bottleneck_block.block": some(Edit(LAYERS, "max(1, out_channels // self.REDUCTION)", "out_channels")),
    "3.2.wide_block.block": some(Edit(LAYERS, "WIDENING = 2", "WIDENING = 1")),
    "3.2.learn": every(Edit(LAYERS, BLOCK_SUM, SHUFFLED_BLOCK)),
    "3.2.compared": unstated("blocks", "test_accuracy", "mean_test_accuracy", "train_seconds", plots=("blocks_comparison",)),
    "3.2.parameters": unstated("blocks", "block_parameters", "parameters"),
    "3.2.stability": unstated("blocks", "std_test_accuracy", "diverged_runs", "history", plots=("blocks_stability",)),
}
