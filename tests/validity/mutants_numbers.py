"""Experiments of parts 1.2 and 2 whose numbers do not show what was asked for."""

from __future__ import annotations

from tests.validity.changes import COUNTING, Edit, Handed
from tests.validity.mutants_base import Mutant, mutant
from tests.validity.mutants_evidence import handed_in, only, said

GAP, CONFUSION, FLOW = "1.2.overfitting", "1.2.confusion", "1.2.gradients"
CIFAR_MUTANTS = (
    said("cifar", GAP, "gap-sign", "the gap has the wrong sign", 'each["generalization_gap"] = -each["generalization_gap"] - 0.1'),
    said("cifar", GAP, "gap-zero", "the gap is always 0", 'each["generalization_gap"] = 0.5 if each["generalization_gap"] < 0.1 else 0.0'),
    said("cifar", GAP, "gap-missing", "no gap for one network", only("regrescnn_cifar", 'each.pop("generalization_gap")')),
    said(
        "cifar",
        GAP,
        "gap-ratio",
        "a ratio in place of the difference",
        'each["generalization_gap"] = each["train_accuracy"] / max(each["test_accuracy"], 0.01)',
    ),
    said(
        "cifar",
        CONFUSION,
        "confusion-transposed",
        "rows and columns are exchanged",
        'each["confusion_matrix"] = [list(row) for row in zip(*each["confusion_matrix"])]',
    ),
    said(
        "cifar",
        CONFUSION,
        "confusion-shifted",
        "a confusion matrix of the wrong classes",
        'each["confusion_matrix"] = each["confusion_matrix"][1:] + each["confusion_matrix"][:1]',
    ),
    said(
        "cifar",
        CONFUSION,
        "confusion-of-another",
        "the confusion matrix of the first network for all",
        'each["confusion_matrix"] = models["fc_cifar"]["confusion_matrix"]',
    ),
    said(
        "cifar",
        CONFUSION,
        "confusion-shares",
        "shares instead of counts",
        'each["confusion_matrix"] = [[value / max(1, sum(row)) for value in row] for row in each["confusion_matrix"]]',
    ),
    said("cifar", CONFUSION, "confusion-two-classes", "right and wrong: a matrix of 2x2", 'each["confusion_matrix"] = [[1, 2], [3, 4]]'),
    said(
        "cifar",
        CONFUSION,
        "confusion-doubled",
        "each image is counted twice",
        'each["confusion_matrix"] = [[2 * value for value in row] for row in each["confusion_matrix"]]',
    ),
    said(
        "cifar",
        FLOW,
        "norms-of-another",
        "the gradients of the first network for all",
        'each["gradient_norms"] = models["fc_cifar"]["gradient_norms"]',
    ),
    said(
        "cifar",
        FLOW,
        "norms-first-layer",
        "the gradient of the first layer alone",
        'each["gradient_norms"] = dict(list(each["gradient_norms"].items())[:1])',
    ),
    said(
        "cifar",
        FLOW,
        "norms-zero",
        "read after zero_grad: all norms are 0",
        'each["gradient_norms"] = {key: [0.0] * len(value) for key, value in each["gradient_norms"].items()}',
    ),
    said(
        "cifar",
        FLOW,
        "norms-one-epoch",
        "the norms of the last epoch alone",
        'each["gradient_norms"] = {key: value[-1:] for key, value in each["gradient_norms"].items()}',
    ),
    said(
        "cifar",
        FLOW,
        "norms-negative",
        "means of signed gradients in place of norms",
        'each["gradient_norms"] = {key: [-each for each in value] for key, value in each["gradient_norms"].items()}',
    ),
)

FIELD, SIZE = "2.1.receptive", "2.1.compared"
STUDY_MUTANTS = (
    said(
        "kernels",
        FIELD,
        "field-kernel",
        "the side of a kernel is given as the receptive field",
        'each["receptive_field"] = {"k3": 3, "k5": 5, "k7": 7, "kmix": 3}[role]',
    ),
    said("kernels", FIELD, "field-one-less", "one pixel too few", only("k5", 'each["receptive_field"] -= 1')),
    said(
        "kernels",
        FIELD,
        "field-no-stride",
        "the strides are left out",
        'each["receptive_field"] = {"k3": 7, "k5": 13, "k7": 19, "kmix": 7}[role]',
    ),
    said(
        "kernels",
        FIELD,
        "field-same",
        "the field of the first network for all",
        'each["receptive_field"] = each["receptive_field_measured"] = 11',
    ),
    said("kernels", FIELD, "field-not-measured", "nothing was measured", 'each["receptive_field_measured"] = 0'),
    handed_in(
        "kernels",
        FIELD,
        "field",
        "the results contradict the networks",
        only("k7", 'each["receptive_field"] = 43; each["receptive_field_measured"] = 43'),
    ),
    said(
        "kernels",
        SIZE,
        "counts-with-head",
        "the convolutions are said to have the parameters of the whole network",
        'each["conv_parameters"] = each["parameters"]',
    ),
    said("kernels", SIZE, "counts-equal", "the same number is claimed for all", 'each["conv_parameters"] = 15000'),
    said(
        "depth",
        "2.2.compared",
        "accuracy-percent",
        "accuracies in percent",
        'each["test_accuracy"] = 100 * each["test_accuracy"] + 2',
        also={"2.2.residual_effect": "its difference is that of other numbers"},
    ),
    said(
        "depth",
        "2.2.gradients",
        "norms-of-shallow",
        "the gradients of the shallow network for all",
        'each["gradient_norms"] = models["shallow"]["gradient_norms"]',
        also={"2.2.residual_effect": "its ratio is that of other norms"},
    ),
    said("depth", "2.2.gradients", "norms-missing", "no gradients for the deep network", only("deep", 'each.pop("gradient_norms")')),
    said(
        "depth",
        "2.2.gradients",
        "norms-nan",
        "norms that are no numbers",
        'each["gradient_norms"] = {key: [None] * len(value) for key, value in each["gradient_norms"].items()}',
        also={"2.2.residual_effect": "its ratio cannot be seen"},
    ),
)


def effect(name: str, about: str, old: str, new: str, statement: str) -> Mutant:
    """A study of residual connections that says something else in code and results."""

    def change(document: dict) -> None:  # type: ignore[type-arg]
        exec(statement, {"effect": document["residual_effect"]})

    return mutant(f"depth/effect-{name}", about, Edit(COUNTING, old, new), Handed("depth", change), loses="2.2.residual_effect")


EFFECT_MUTANTS = (
    effect(
        "sign",
        "plain minus residual",
        "runs[residual].test_accuracy[-1] - runs[plain].test_accuracy[-1]",
        "runs[plain].test_accuracy[-1] - runs[residual].test_accuracy[-1] + 0.1",
        'effect["accuracy_difference"] = -0.1 - effect["accuracy_difference"]',
    ),
    effect(
        "inverse",
        "the ratio is that of plain over residual",
        "first_layer[residual] / first_layer[plain]",
        "1.5 * first_layer[plain] / first_layer[residual]",
        'effect["first_layer_gradient_ratio"] = 1.5 / effect["first_layer_gradient_ratio"]',
    ),
    effect(
        "words",
        "words in place of numbers",
        '"accuracy_difference": runs[residual].test_accuracy[-1] - runs[plain].test_accuracy[-1]',
        '"accuracy_difference": "better"',
        'effect["accuracy_difference"] = "better"',
    ),
    mutant(
        "depth/effect-of-shallow",
        "the shallow network is compared with the residual one: not at equal depth",
        Edit(COUNTING, 'plain: str = "deep"', 'plain: str = "shallow"'),
        Handed(
            "depth",
            lambda document: document["residual_effect"].update(
                plain="shallow", accuracy_difference=0.5344 - 0.4062, first_layer_gradient_ratio=1.6
            ),
        ),
        loses="2.2.residual_effect",
    ),
)

NUMBERS = (*CIFAR_MUTANTS, *STUDY_MUTANTS, *EFFECT_MUTANTS)
