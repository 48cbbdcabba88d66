"""Documents of experiments as a careful student hands them in, the networks behind them, and a rubric for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.checks.base import Case, Evidence
from grader.checks.rules import Reading
from grader.records import LayerFact, NetworkFacts
from grader.rubric import Criterion, Profile, Rubric
from grader.submission import open_submission
from tests.folders import write

ROLES = {
    "mnist": ["fc_mnist", "cnn_mnist", "rescnn_mnist"],
    "cifar": ["fc_cifar", "rescnn_cifar", "regrescnn_cifar"],
    "kernels": ["k3", "k5", "k7", "kmix"],
    "depth": ["shallow", "medium", "deep", "depth_residual"],
    "layers": ["custom_conv", "attention", "activation", "pooling"],
    "blocks": ["basic_block", "bottleneck_block", "wide_block"],
}
RULES_OF = {
    "mnist": ["same_hyperparameters", "accuracies", "times", "curves", "parameters_match"],
    "cifar": ["same_hyperparameters", "accuracy_and_time", "overfitting", "confusion", "gradient_norms"],
    "kernels": ["accuracy_and_time", "conv_parameters", "receptive_field"],
    "depth": ["accuracy_and_time", "gradient_norms", "residual_effect"],
    "layers": ["layer_examples", "layer_comparison"],
    "blocks": ["blocks_performance", "block_parameters", "blocks_stability"],
}
PAIRS = [(name, rule) for name, rules in RULES_OF.items() for rule in rules]
PARAMETERS, CONV_PARAMETERS, FIELD = 1234, 1000, 15
WEIGHTS = ("features.0.weight", "classifier.weight")
TEST_IMAGES = 200


def facts(parameters: int = PARAMETERS) -> NetworkFacts:
    """What the examiner measured on each network: one convolution (with a bias) and one linear layer."""
    layers = (
        LayerFact("conv", "conv2d", WEIGHTS[0], None, (3, 3), (1, 1), 3, 8, parameters=CONV_PARAMETERS),
        LayerFact("linear", "linear", WEIGHTS[1], None, parameters=parameters - CONV_PARAMETERS),
    )
    values: dict[str, Any] = dict.fromkeys(NetworkFacts.__dataclass_fields__, ())
    values |= {
        "batch_independent": True,
        "evaluation_agrees": True,
        "eager_agrees": True,
        "finite": True,
        "modes": "same",
        "unused_count": 0,
    }
    values |= {"layers": layers, "parameters": parameters, "frozen_parameters": 0, "receptive_field": (FIELD, FIELD)}
    return NetworkFacts(**values)


def hyperparameters(epochs: int = 3, **more: Any) -> dict[str, Any]:
    """Those of a real training; `epochs=2` are the probe's."""
    return {"optimizer": "Adam", "learning_rate": 0.002, "batch_size": 16, "epochs": epochs, "seed": 7, **more}


def matrix(right: int, images: int) -> list[list[int]]:
    """A confusion matrix with that many right answers."""
    rows = [[0] * 10 for _ in range(10)]
    rows[0][0], rows[1][2] = right, images - right
    return rows


def network_entry(index: int, epochs: int, images: int) -> dict[str, Any]:
    """What a document says about one trained network."""
    right = images * (6 + index) // 10
    test, train = right / images, 0.95
    return {
        "hyperparameters": hyperparameters(epochs),
        "parameters": PARAMETERS,
        "conv_parameters": CONV_PARAMETERS,
        "train_accuracy": train,
        "test_accuracy": test,
        "generalization_gap": train - test,
        "train_seconds": 1.5 + index,
        "inference_seconds": 0.25 + index,
        "history": {
            "train_loss": [2.0 / (1 + epoch) for epoch in range(epochs)],
            "train_accuracy": [0.3] * (epochs - 1) + [train],
            "test_accuracy": [0.3] * (epochs - 1) + [test],
        },
        "confusion_matrix": matrix(right, images),
        "gradient_norms": {name: [0.5 + index + epoch for epoch in range(epochs)] for name in WEIGHTS},
        "receptive_field": FIELD,
        "receptive_field_measured": FIELD,
    }


def layer_entry(index: int) -> dict[str, Any]:
    """What a document says about one custom layer."""
    example = {"name": "ones", "expected": [1.0, 2.0 + index], "found": [1.0, 2.00001 + index], "passed": True}
    return {
        "standard": "torch.nn.Conv2d",
        "parameters": 20,
        "examples": [example, {**example, "name": "zeros"}],
        "value_difference": 0.5,
        "gradient_difference": 0.25,
        "gradcheck": True,
        "seconds": 0.002,
        "standard_seconds": 0.001,
    }


def block_entry(epochs: int) -> dict[str, Any]:
    """What a document says about one residual block over two seeds."""
    return {
        "block_parameters": PARAMETERS,
        "parameters": 5 * PARAMETERS,
        "test_accuracy": [0.6, 0.7],
        "mean_test_accuracy": 0.65,
        "std_test_accuracy": 0.05,
        "diverged_runs": 0,
        "train_seconds": 3.0,
        "history": {"train_loss": [[1.0] * epochs, [1.1] * epochs]},
    }


def document(name: str, handed_in: bool = True) -> dict[str, Any]:
    """A good document: of a real training, or of the tiny run of the probe."""
    epochs, images = (3, TEST_IMAGES) if handed_in else (2, 20)
    if name == "layers":
        return {"experiment": name, "layers": {role: layer_entry(index) for index, role in enumerate(ROLES[name])}}
    frame = {
        "experiment": name,
        "data": {"name": "some images", "train_images": 1000, "test_images": images},
        "hyperparameters": hyperparameters(epochs),
    }
    if name == "blocks":
        frame["hyperparameters"] |= {"seeds": [7, 8]}
        return frame | {"models": {role: block_entry(epochs) for role in ROLES[name]}}
    models = {role: network_entry(index, epochs, images) for index, role in enumerate(ROLES[name])}
    if name == "depth":
        gain = models["depth_residual"]["test_accuracy"] - models["deep"]["test_accuracy"]
        effect = {
            "plain": "deep",
            "residual": "depth_residual",
            "accuracy_difference": gain,
            "first_layer_gradient_ratio": 3.5 / 2.5,
        }
        frame["residual_effect"] = effect
    return frame | {"models": models}


def rubric(*criteria: dict[str, Any]) -> Rubric:
    """A rubric with the six experiments and the criteria, which share one part."""
    arguments = {"epochs": 2, "batch_size": 16, "learning_rate": 0.002, "seed": 7}
    shape = {"mnist": [1, 28, 28]}
    probes = {name: {"arguments": arguments, "shape": shape.get(name, [3, 32, 32]), "test_images": 20} for name in ROLES}
    probes["layers"] = {"arguments": {"seed": 7}}
    probes["blocks"]["arguments"] = {"epochs": 2, "batch_size": 16, "learning_rate": 0.002, "seeds": [7, 8]}
    role = {
        "title": "a network",
        "part": "1.1",
        "file": "m.py",
        "name": "M",
        "hint": "write it",
        "probe": {"variants": [{"shape": [1]}]},
    }
    experiments = {
        name: {
            "title": name,
            "part": "1.1",
            "file": "homework.py",
            "function": f"run_{name}",
            "results": f"results/{name}.json",
            "roles": roles,
            "probe": probes[name],
        }
        for name, roles in ROLES.items()
    }
    criterion = {"title": "It is done", "part": "1.1", "points": 2, "hint": "do it"}
    return Rubric.model_validate(
        {
            "assignment": {"id": "a", "title": "An assignment", "points": 2 * len(criteria)},
            "part": [{"id": "1.1", "title": "A part", "points": 2 * len(criteria), "file": "homework.py"}],
            "role": {name: role for roles in ROLES.values() for name in roles},
            "experiment": experiments,
            "criterion": [{**criterion, "id": f"c{index}", **each} for index, each in enumerate(criteria)],
            "profile": {},
        }
    )


def reading(name: str, written: dict[str, Any], handed_in: bool = True) -> Reading:
    """A document as a rule sees it."""
    measured = dict.fromkeys(ROLES[name], facts())
    return Reading(written, "the document", handed_in, tuple(ROLES[name]), rubric().experiment[name], measured)


def case_of(check: Any, alternatives: list[dict[str, Any]], index: int = 0, others: tuple[dict[str, Any], ...] = ()) -> Case:
    """The case of one alternative of a criterion; `others` are further criteria of the rubric."""
    basis = {"experiment": "claim of the worker", "plots": "artefact on disk"}
    written = {"alternatives": [{"basis": basis.get(each["check"], "read from the code"), **each} for each in alternatives]}
    whole = rubric(written, *others)
    criterion: Criterion = whole.criterion[0]
    require = check.Require.model_validate(criterion.alternatives[index].require)
    return Case(criterion, require, whole, Profile.model_construct(), {})


def evidence(root: Path, files: dict[str, Any], experiments: dict[str, Any] | None = None, **found: Any) -> Evidence:
    """What was found out about a submission of these files; every network was measured."""
    measured = {role: facts() for roles in ROLES.values() for role in roles}
    return Evidence(open_submission(write(root, files)), **{"facts": measured, "experiments": experiments or {}, **found})
