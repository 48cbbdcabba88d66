"""All plots of the homework. The only module that imports matplotlib; figures are drawn without a display.

Most plots need nothing but the document of an experiment; activations and receptive fields need the trained features.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullFormatter
from torch import Tensor, nn

from utils.comparison_utils import Document, influence_map
from utils.data_utils import ImageSet

DPI = 90
COLOURS = ("#4477aa", "#ee6677", "#228833", "#aa3377")
LABELS = {
    "fc_mnist": "fully connected",
    "cnn_mnist": "simple CNN",
    "rescnn_mnist": "residual CNN",
    "fc_cifar": "fully connected",
    "rescnn_cifar": "residual CNN",
    "regrescnn_cifar": "residual CNN, dropout",
    "k3": "3x3",
    "k5": "5x5",
    "k7": "7x7",
    "kmix": "1x1 + 3x3",
    "shallow": "2 layers",
    "medium": "4 layers",
    "deep": "6 layers",
    "depth_residual": "6 layers, residual",
    "custom_conv": "convolution",
    "attention": "attention",
    "activation": "activation",
    "pooling": "pooling",
    "basic_block": "basic",
    "bottleneck_block": "bottleneck",
    "wide_block": "wide",
}

Features = Mapping[str, nn.Module]


# --- Frame -----------------------------------------------------------------------------------------------------------


def panels(
    columns: int, rows: int = 1, width: float = 4.0, height: float = 3.4, same_scale: bool = False
) -> tuple[Figure, np.ndarray]:
    """An empty figure and its axes, an array (rows, columns); on request all share the vertical axis."""
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes: np.ndarray = figure.subplots(rows, columns, squeeze=False, sharey=same_scale)
    return figure, axes


def save(figure: Figure, path: Path, title: str) -> None:
    """Give the figure its title and write it as a PNG."""
    figure.suptitle(title, fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI)


def origin(document: Document) -> str:
    """Which data the plot rests on, for its title."""
    data = document["data"]
    return f"{data['name']}, {data['train_images']} training and {data['test_images']} test images"


def bars(axes: Axes, values: Mapping[str, float], title: str, text: Callable[[float], str], log: bool = False) -> None:
    """One labelled bar per role."""
    drawn = axes.bar([LABELS[role] for role in values], list(values.values()), color=COLOURS[: len(values)])
    axes.bar_label(drawn, [text(value) for value in values.values()], fontsize=8, padding=2)
    axes.set_title(title, fontsize=10)
    axes.tick_params(axis="x", labelsize=8, rotation=15)
    if log:
        axes.set_yscale("log")
    axes.margins(y=0.15)


def decorate(axes: Axes, title: str, x: str, y: str, legend: bool = True) -> None:
    """Title, axis labels, a light grid, and the legend."""
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    if legend:
        axes.legend(fontsize=8)


def readable_log(axes: Axes) -> None:
    """A logarithmic vertical axis with plain numbers at 1, 2 and 5."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.yaxis.set_minor_formatter(NullFormatter())


# --- Curves and bars -------------------------------------------------------------------------------------------------


def learning_curves(document: Document, path: Path) -> None:
    """Loss, and accuracy on training and test images, per epoch and network."""
    figure, axes = panels(2, width=4.6)
    loss, accuracy = axes[0]
    for colour, (role, model) in zip(COLOURS, document["models"].items(), strict=False):
        history = model["history"]
        epochs = range(1, len(history["train_loss"]) + 1)
        loss.plot(epochs, history["train_loss"], "o-", color=colour)
        accuracy.plot(epochs, history["test_accuracy"], "o-", color=colour, label=f"{LABELS[role]}, test")
        dashed = {"color": colour, "alpha": 0.5, "mfc": "white", "label": f"{LABELS[role]}, train"}
        accuracy.plot(epochs, history["train_accuracy"], "o--", **dashed)
        for panel in (loss, accuracy):
            panel.set_xticks(list(epochs))
    decorate(loss, "mean loss in the epoch", "epoch", "cross-entropy (nats)", legend=False)
    decorate(accuracy, "accuracy after the epoch", "epoch", "accuracy", legend=False)
    accuracy.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    save(figure, path, f"Learning curves: {origin(document)}")


def comparison(document: Document, path: Path) -> None:
    """Accuracy, training time and parameters of the networks of one experiment."""
    figure, axes = panels(3)
    models = document["models"]
    bars(axes[0, 0], {role: model["test_accuracy"] for role, model in models.items()}, "test accuracy", "{:.3f}".format)
    seconds = {role: model["train_cpu_seconds"] for role, model in models.items()}
    bars(axes[0, 1], seconds, "training, processor seconds", "{:.0f}".format)
    parameters = {role: model["parameters"] for role, model in models.items()}
    bars(axes[0, 2], parameters, "parameters", "{:,.0f}".format)
    save(figure, path, origin(document))


def confusion_matrices(document: Document, classes: Sequence[str], path: Path) -> None:
    """One matrix per network; each row is shown as shares of its class, in percent."""
    figure, axes = panels(len(document["models"]), width=5.0, height=4.8)
    for panel, (role, model) in zip(axes[0], document["models"].items(), strict=True):
        counts = np.array(model["confusion_matrix"])
        shares = 100 * counts / counts.sum(1, keepdims=True).clip(1)
        panel.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if share > 55 else "black"
            panel.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=7, color=colour)
        panel.set_xticks(range(len(classes)), classes, rotation=60, ha="right", fontsize=8)
        panel.set_yticks(range(len(classes)), classes, fontsize=8)
        panel.set_title(f"{LABELS[role]}: accuracy {model['test_accuracy']:.3f}", fontsize=10)
        panel.set_xlabel("predicted")
    axes[0, 0].set_ylabel("true class")
    save(figure, path, f"Confusion in percent of the true class: {origin(document)}")


def gradient_flow(document: Document, path: Path) -> None:
    """Gradient norm of each weight from the first layer to the last, one line per epoch."""
    models = document["models"]
    figure, axes = panels(len(models), width=3.4, same_scale=True)
    for panel, (role, model) in zip(axes[0], models.items(), strict=True):
        norms = np.array(list(model["gradient_norms"].values()))  # (layers, epochs)
        for epoch in range(norms.shape[1]):
            shade = 0.25 + 0.75 * epoch / max(1, norms.shape[1] - 1)
            places = range(1, len(norms) + 1)
            panel.plot(places, norms[:, epoch], "o-", color=COLOURS[0], ms=3, alpha=shade, label=f"epoch {epoch + 1}")
        readable_log(panel)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        decorate(panel, LABELS[role], "weight, from input to output", "", legend=False)
    axes[0, 0].set_ylabel("mean L2 norm of the gradient")
    axes[0, -1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    save(figure, path, f"Gradient flow: {origin(document)}")


def residual_effect(document: Document, path: Path) -> None:
    """Plain against residual at equal depth: accuracy per epoch, and gradients per layer in the last epoch."""
    figure, axes = panels(2, width=4.6)
    effect = document["residual_effect"]
    for colour, role in zip(COLOURS, (effect["plain"], effect["residual"]), strict=False):
        model = document["models"][role]
        epochs = range(1, len(model["history"]["test_accuracy"]) + 1)
        axes[0, 0].plot(epochs, model["history"]["test_accuracy"], "o-", color=colour, label=LABELS[role])
        axes[0, 0].set_xticks(list(epochs))
        norms = [values[-1] for values in model["gradient_norms"].values()]
        axes[0, 1].plot(range(1, len(norms) + 1), norms, "o-", color=colour, label=LABELS[role])
    readable_log(axes[0, 1])
    decorate(axes[0, 0], f"test accuracy: {effect['accuracy_difference']:+.3f} with shortcuts", "epoch", "accuracy")
    ratio = effect["first_layer_gradient_ratio"]
    decorate(axes[0, 1], f"gradients, first layer: x {ratio:.2f} with shortcuts", "weight, input to output", "L2 norm")
    save(figure, path, f"Effect of residual connections: {origin(document)}")


# --- What the networks see -------------------------------------------------------------------------------------------


def receptive_fields(features: Features, document: Document, path: Path, side: int = 64, shown: int = 40) -> None:
    """How much each pixel moves the centre unit (logarithmic), and the computed receptive field as a square."""
    figure, axes = panels(len(features), width=3.0, height=3.2)
    start = (side - shown) // 2
    for panel, (role, module) in zip(axes[0], features.items(), strict=True):
        influence = influence_map(module, side=side)
        touched = influence > 0
        size = document["models"][role]["receptive_field"]
        corner = touched.any(0).nonzero().min().item() - start, touched.any(1).nonzero().min().item() - start
        part = (influence / influence.max())[start : start + shown, start : start + shown].numpy()
        image = panel.imshow(part, cmap="magma", norm=LogNorm(1e-4, 1))
        panel.set_facecolor("black")
        outline = Rectangle((corner[0] - 0.5, corner[1] - 0.5), size, size, fill=False, edgecolor="#66ccee", lw=1.5)
        panel.add_patch(outline)
        measured = document["models"][role]["receptive_field_measured"]
        panel.set_title(f"{LABELS[role]}: computed {size}, measured {measured}", fontsize=9)
        panel.set_xticks([])
        panel.set_yticks([])
    figure.colorbar(image, ax=axes[0], shrink=0.8, label="relative influence")
    save(figure, path, "Receptive field of one unit before global pooling, in pixels (square: computed)")


def show_map(panel: Axes, values: Tensor, title: str = "", cmap: str = "viridis") -> None:
    """One image without axes."""
    panel.imshow(values.numpy(), cmap=cmap, interpolation="nearest")
    panel.set_title(title, fontsize=8)
    panel.set_xticks([])
    panel.set_yticks([])


def as_picture(image: Tensor) -> Tensor:
    """A normalised image (3, H, W) -> (H, W, 3) stretched to 0..1 for the eye."""
    low, high = image.min(), image.max()
    return ((image - low) / (high - low)).permute(1, 2, 0)


@torch.no_grad()
def first_layer_activations(features: Features, images: ImageSet, path: Path, channels: int = 8) -> None:
    """What the first layer makes of one test image: the most active channels of each network."""
    figure, axes = panels(channels + 1, len(features), width=1.15, height=1.25)
    image = images.test[0][0]
    for row, (role, module) in zip(axes, features.items(), strict=True):
        activations = next(module.eval().children())(image[None])[0]  # (C, H, W)
        strongest = activations.mean((1, 2)).argsort(descending=True)[:channels]
        show_map(row[0], as_picture(image))
        row[0].set_ylabel(LABELS[role], fontsize=9)
        for panel, channel in zip(row[1:], strongest.tolist(), strict=False):
            show_map(panel, activations[channel], f"channel {channel}")
        for panel in row[1 + len(strongest) :]:
            panel.axis("off")
    save(figure, path, f"First-layer activations, the {channels} most active channels: {images.name}")


def montage(activations: Tensor, side: int) -> Tensor:
    """The first side x side channels of (C, H, W), each scaled to 0..1, as one image with a border of one pixel."""
    chosen = activations[: side * side]
    chosen = chosen / chosen.amax((1, 2), keepdim=True).clamp(min=1e-6)
    padded = nn.functional.pad(chosen, (0, 1, 0, 1), value=1.0)
    height, width = padded.shape[1:]
    return padded.view(side, side, height, width).permute(0, 2, 1, 3).reshape(side * height, side * width)


@torch.no_grad()
def feature_maps(features: Features, images: ImageSet, path: Path, side: int = 4) -> None:
    """One test image on its way through each network: 16 channels after every stage but the pools."""
    stages = [sum(not isinstance(stage, nn.MaxPool2d) for stage in module.children()) for module in features.values()]
    figure, axes = panels(1 + max(stages), len(features), width=1.3, height=1.45)
    image = images.test[0][0]
    for row, (role, module) in zip(axes, features.items(), strict=True):
        show_map(row[0], as_picture(image))
        row[0].set_ylabel(LABELS[role], fontsize=8)
        for panel in row[1:]:
            panel.axis("off")
        free, values = iter(row[1:]), image[None]
        for stage in module.eval().children():
            values = stage(values)
            if not isinstance(stage, nn.MaxPool2d):
                panel = next(free)
                panel.axis("on")
                title = f"{type(stage).__name__} {values.shape[-1]}x{values.shape[-1]}"
                show_map(panel, montage(values[0], side), title)
    save(figure, path, f"Feature maps, 16 channels after each stage: {images.name}")


# --- Part 3 ----------------------------------------------------------------------------------------------------------


def layers_comparison(document: Document, path: Path) -> None:
    """Each custom layer beside its standard counterpart: time, and the largest differences."""
    figure, axes = panels(2, width=5.0)
    layers = document["layers"]
    names = [f"{LABELS[role]}\n({layer['standard'].split('.')[-1]})" for role, layer in layers.items()]
    places = np.arange(len(names))
    keys = (
        (axes[0, 0], (("seconds", "custom", 1e3), ("standard_seconds", "standard", 1e3))),
        (axes[0, 1], (("value_difference", "value", 1.0), ("gradient_difference", "gradient by the input", 1.0))),
    )
    for panel, pairs in keys:
        for offset, colour, (key, label, factor) in zip((-0.2, 0.2), COLOURS, pairs, strict=False):
            heights = [factor * layer[key] for layer in layers.values()]
            drawn = panel.bar(places + offset, heights, 0.4, color=colour, label=label)
            panel.bar_label(drawn, fmt="%.2f", fontsize=8)
        panel.set_xticks(places, names, fontsize=8)
        panel.margins(y=0.15)
    decorate(axes[0, 0], "forward and backward, (16, 8, 16, 16)", "", "milliseconds")
    decorate(axes[0, 1], "largest difference at the start, same weights", "", "absolute difference")
    save(figure, path, "Custom layers and their standard counterparts")


def blocks_comparison(document: Document, path: Path) -> None:
    """Accuracy over the seeds, parameters of the block alone, training time."""
    figure, axes = panels(3)
    models = document["models"]
    accuracy = axes[0, 0]
    for place, (colour, model) in enumerate(zip(COLOURS, models.values(), strict=False)):
        mean, deviation = model["mean_test_accuracy"], model["std_test_accuracy"]
        accuracy.errorbar(place, mean, deviation, fmt="_", ms=24, capsize=6, color=colour)
        accuracy.plot([place] * len(model["test_accuracy"]), model["test_accuracy"], "o", color=colour, alpha=0.6)
        highest = max(mean + deviation, *model["test_accuracy"])
        text = f"{mean:.3f} ± {deviation:.3f}"
        accuracy.annotate(text, (place, highest), (0, 5), textcoords="offset points", ha="center", fontsize=8)
    accuracy.set_xticks(range(len(models)), [LABELS[role] for role in models], fontsize=8)
    accuracy.margins(x=0.35, y=0.15)
    decorate(accuracy, "test accuracy: each seed, mean ± deviation", "", "", legend=False)
    alone = {role: model["block_parameters"] for role, model in models.items()}
    bars(axes[0, 1], alone, "parameters of a block, 32 channels", "{:,.0f}".format, log=True)
    seconds = {role: model["train_cpu_seconds"] / len(model["test_accuracy"]) for role, model in models.items()}
    bars(axes[0, 2], seconds, "training, processor seconds a seed", "{:.0f}".format)
    save(figure, path, f"Residual blocks: {origin(document)}")


def blocks_stability(document: Document, path: Path) -> None:
    """Loss of each seed per epoch, one panel per kind of block on a common scale."""
    models = document["models"]
    figure, axes = panels(len(models), width=3.4, same_scale=True)
    for panel, (role, model) in zip(axes[0], models.items(), strict=True):
        for seed, losses in zip(document["hyperparameters"]["seeds"], model["history"]["train_loss"], strict=True):
            panel.plot(range(1, len(losses) + 1), losses, "o-", ms=3, label=f"seed {seed}")
            panel.set_xticks(range(1, len(losses) + 1))
        decorate(panel, f"{LABELS[role]}: {model['diverged_runs']} diverged", "epoch", "")
    axes[0, 0].set_ylabel("mean training loss (nats)")
    save(figure, path, f"Stability over the seeds: {origin(document)}")
