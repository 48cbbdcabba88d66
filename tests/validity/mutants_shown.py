"""Experiments of part 3, plots and prose that do not show what was asked for."""

from __future__ import annotations

from tests.validity.changes import CUSTOM, TRAINING, Edit, Plot, Says, Untold
from tests.validity.mutants_base import Mutant, mutant
from tests.validity.mutants_evidence import CURVES, handed_in, only, said
from tests.validity.mutants_numbers import CONFUSION, FIELD, FLOW, SIZE

EXAMPLES, BESIDE = "3.1.examples", "3.1.compared"
LAYER_MUTANTS = (
    said("layers", EXAMPLES, "one-example", "one example for each layer", 'each["examples"] = each["examples"][:1]'),
    said("layers", EXAMPLES, "failed", "examples that did not pass", 'each["examples"][0]["passed"] = False'),
    said("layers", EXAMPLES, "contradiction", "passed, though something else was found", 'each["examples"][0]["found"] = [7.0]'),
    said("layers", EXAMPLES, "no-numbers", "examples without what was expected", '[one.pop("expected") for one in each["examples"]]'),
    said("layers", EXAMPLES, "repeated", "the same example twice", 'each["examples"] = each["examples"][:1] * 2'),
    said(
        "layers", EXAMPLES, "of-another", "the examples of the pooling for all layers", 'each["examples"] = models["pooling"]["examples"]'
    ),
    said(
        "layers",
        BESIDE,
        "with-itself",
        "each layer is compared with itself",
        'each["value_difference"] = each["gradient_difference"] = 0.0',
    ),
    said("layers", BESIDE, "no-name", "the counterpart is not named", 'each["standard"] = ""'),
    said("layers", BESIDE, "gradcheck", "gradcheck failed", 'each["gradcheck"] = False'),
    said("layers", BESIDE, "no-time", "no time was measured", 'each["seconds"] = each["standard_seconds"] = None'),
    said("layers", BESIDE, "one-layer", "one layer alone is compared", 'each.pop("standard") if role != "pooling" else None'),
)

STABLE, BLOCKS = "3.2.stability", "3.2.compared"
SEEDED = "replace(wanted, seed=seed)"
BLOCK_MUTANTS = (
    said(
        "blocks",
        BLOCKS,
        "best-seed",
        "the best seed is given as the mean",
        'each["mean_test_accuracy"] = max(each["test_accuracy"]) + 0.02',
    ),
    said(
        "blocks",
        BLOCKS,
        "one-number",
        "one accuracy, not one for each seed",
        'each["test_accuracy"] = each["test_accuracy"][0]',
        also={STABLE: "there is no spread of one number"},
    ),
    said("blocks", BLOCKS, "no-time", "training takes less than nothing", 'each["train_seconds"] = -1.0'),
    said(
        "blocks",
        "3.2.parameters",
        "counts-network",
        "the network's parameters are given as the block's",
        'each["block_parameters"] = each["parameters"]',
    ),
    said(
        "blocks",
        "3.2.parameters",
        "counts-same",
        "the same number for all blocks",
        'each["block_parameters"] = models["basic_block"]["block_parameters"]',
    ),
    handed_in(
        "blocks",
        "3.2.parameters",
        "counts",
        "the results contradict the blocks",
        only("bottleneck_block", 'each["block_parameters"] = 4576'),
    ),
    said("blocks", STABLE, "no-spread", "the spread is always 0", 'each["std_test_accuracy"] = 0.0'),
    said("blocks", STABLE, "one-seed", "one seed", 'each["history"]["train_loss"] = each["history"]["train_loss"][:1]'),
    said("blocks", STABLE, "all-diverged", "more runs diverged than there were", 'each["diverged_runs"] = 17'),
    said(
        "blocks",
        STABLE,
        "flat",
        "a single loss for each run",
        'each["history"]["train_loss"] = [run[-1] for run in each["history"]["train_loss"]]',
    ),
    mutant(
        "blocks/same-seed",
        "the seed is reset before each run: all runs are one",
        Edit(CUSTOM, SEEDED, "replace(wanted, seed=seeds[0])"),
        Says(
            "blocks",
            'each["test_accuracy"] = each["test_accuracy"][:1] * 3; each["mean_test_accuracy"] = each["test_accuracy"][0]; '
            'each["std_test_accuracy"] = 0.0; '
            'each["history"]["train_loss"] = each["history"]["train_loss"][:1] * 3',
            "results",
        ),
        loses=STABLE,
    ),
    mutant(
        "blocks/seed-each-epoch",
        "the seed is reset in each epoch, and the network with it: every epoch is the first",
        Edit(
            TRAINING,
            "    for number in range(1, wanted.epochs + 1):\n",
            "    for number in range(1, wanted.epochs + 1):\n        seed_everything(wanted.seed)\n"
            "        model.load_state_dict(build().state_dict())\n        order.manual_seed(wanted.seed)\n",
        ),
        Says("blocks", 'each["history"]["train_loss"] = [run[:1] * len(run) for run in each["history"]["train_loss"]]', "results"),
        loses=STABLE,
        also={"1.1.curves": "the curves are flat, too"},
    ),
)


def plot(name: str, becomes: str, *loses: str) -> Mutant:
    """A plot that shows nothing."""
    return mutant(f"plots/{name}-{becomes.replace(' ', '-')}", f"{name}.png: {becomes}", Plot(name, becomes), loses=loses)


PLOT_MUTANTS = (
    plot("mnist_learning_curves", "blank", CURVES),
    plot("cifar_confusion_matrices", "blank", CONFUSION),
    plot("kernels_first_layer_activations", "blank", "2.1.activations"),
    plot("depth_feature_maps", "axes", "2.2.feature_maps"),
    plot("kernels_first_layer_activations", "axes", "2.1.activations"),
    plot("layers_comparison", "text", BESIDE),
    plot("blocks_stability", "deleted", STABLE),
    plot("kernels_receptive_fields", "deleted", FIELD),
    mutant(
        "plots/gradients-of-another",
        "the gradient plot of part 1.2 again for part 2.2",
        Plot("depth_gradient_norms", "copy of cifar_gradient_flow"),
        loses="2.2.gradients",
        also={FLOW: "which of the two is shown twice cannot be seen"},
    ),
    mutant(
        "plots/feature-maps-copied",
        "the activations of part 2.1 again for the feature maps",
        Plot("depth_feature_maps", "copy of kernels_first_layer_activations"),
        loses="2.2.feature_maps",
        also={"2.1.activations": "which of the two is shown twice cannot be seen"},
    ),
    mutant(
        "plots/comparison-copied",
        "the comparison of the kernels again for the depths",
        Plot("depth_comparison", "copy of kernels_comparison"),
        loses="2.2.compared",
        also={SIZE: "which of the two is shown twice cannot be seen"},
    ),
)

PROSE_MUTANTS = (
    mutant("readme/2.1-empty", "section 2.1 says nothing", Untold("2.1"), loses=(SIZE, FIELD)),
    mutant(
        "readme/2.2-later",
        "section 2.2 is still to be written",
        Untold("2.2", "\nTo be written.\n"),
        loses=("2.2.compared", "2.2.gradients", "2.2.residual_effect"),
    ),
    mutant("readme/3.1-empty", "section 3.1 says nothing", Untold("3.1"), loses=BESIDE),
)

SHOWN = (*LAYER_MUTANTS, *BLOCK_MUTANTS, *PLOT_MUTANTS, *PROSE_MUTANTS)
