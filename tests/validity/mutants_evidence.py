"""Experiments of part 1.1, and trainings, that do not show what was asked for, around networks that are right."""

from __future__ import annotations

from tests.validity.changes import ARCHITECTURE, COMPARISON, COUNTING, Edit, Says
from tests.validity.mutants_base import Mutant, mutant

ACCURACY = "1.1.accuracy"


def said(
    experiment: str, criterion: str, name: str, about: str, statement: str, also: dict[str, str] | None = None, survives: str = ""
) -> Mutant:
    """An experiment that says something else, in its run and in its handed-in results."""
    return mutant(f"{experiment}/{name}", about, Says(experiment, statement), loses=criterion, also=also, survives=survives)


def handed_in(
    experiment: str, criterion: str | tuple[str, ...], name: str, about: str, statement: str, also: dict[str, str] | None = None
) -> Mutant:
    """Handed-in results that do not come from the code beside them."""
    return mutant(f"{experiment}/results-{name}", about, Says(experiment, statement, "results"), loses=criterion, also=also)


def only(role: str, statement: str) -> str:
    """A statement for one role."""
    return f'if role == "{role}": {statement}'


ACCURACY_MUTANTS = (
    said(
        "mnist",
        ACCURACY,
        "train-for-test",
        "the train accuracy is given as the test accuracy",
        'each["test_accuracy"] = each["train_accuracy"]',
    ),
    mutant(
        "mnist/train-for-test-everywhere",
        "the network is tested on the training images, in every epoch",
        Says(
            "mnist", 'each["test_accuracy"] = each["train_accuracy"]; each["history"]["test_accuracy"] = each["history"]["train_accuracy"]'
        ),
        loses=(ACCURACY, "1.1.curves"),
    ),
    said(
        "mnist",
        ACCURACY,
        "test-for-train",
        "the test accuracy is given as the train accuracy",
        'each["train_accuracy"] = each["test_accuracy"]',
    ),
    said("mnist", ACCURACY, "above-one", "an accuracy above 1", 'each["test_accuracy"] = 1.25'),
    said("mnist", ACCURACY, "not-a-number", "an accuracy that is no number", 'each["test_accuracy"] = "high"'),
    said("mnist", ACCURACY, "errors", "the error rate is given as the accuracy", 'each["test_accuracy"] = 1 - each["test_accuracy"]'),
    said(
        "mnist",
        ACCURACY,
        "loss-for-accuracy",
        "the loss is given as the accuracy",
        'each["test_accuracy"] = each["history"]["train_loss"][-1]',
    ),
    said("mnist", ACCURACY, "tested-one", "one network alone is tested", only("cnn_mnist", 'each.pop("test_accuracy")')),
    handed_in(
        "mnist",
        (ACCURACY,),
        "guessing",
        "in the handed-in results no network is better than guessing",
        'each["test_accuracy"] = 0.1; each["history"]["test_accuracy"] = [0.1, 0.1]',
        also={"1.1.curves": "the flat curves show the same"},
    ),
    handed_in(
        "mnist",
        (ACCURACY, "1.1.time", "1.1.parameters"),
        "of-one-network",
        "the handed-in results hold one network",
        'models.pop(role) if role != "fc_mnist" else None',
        also={"1.1.hyperparameters": "nothing is said of two networks", "1.1.curves": "nothing is said of two networks"},
    ),
)

TIME = "1.1.time"
TIME_MUTANTS = (
    said("mnist", TIME, "no-time", "training takes 0 seconds: nothing was measured", 'each["train_seconds"] = 0.0'),
    said(
        "mnist",
        TIME,
        "negative-time",
        "start and end are exchanged",
        'each["train_seconds"] = -each["train_seconds"]; each["inference_seconds"] = -each["inference_seconds"]',
    ),
    said(
        "mnist",
        TIME,
        "empty-time",
        "the clock is read twice in a row",
        'each["train_seconds"] = 1e-7 * (1 + len(role)); each["inference_seconds"] = 1e-7',
    ),
    said("mnist", TIME, "same-time", "one time is given for all networks", 'each["train_seconds"] = 12.5'),
    said("mnist", TIME, "no-inference", "inference was not timed", 'each["inference_seconds"] = None'),
    said(
        "mnist",
        TIME,
        "inference-is-training",
        "the training time is given as the inference time",
        'each["inference_seconds"] = each["train_seconds"]',
    ),
    said("cifar", "1.2.compared", "no-time", "training takes 0 seconds: nothing was measured", 'each["train_seconds"] = 0.0'),
    said("kernels", "2.1.compared", "text-time", "times that are no numbers", 'each["train_seconds"] = "fast"'),
    said("depth", "2.2.compared", "same-time", "one time is given for all networks", 'each["train_seconds"] = 12.5'),
)

CURVES = "1.1.curves"
CURVE_MUTANTS = (
    said(
        "mnist",
        CURVES,
        "one-point",
        "a single point for each curve",
        'each["history"] = {key: value[-1:] for key, value in each["history"].items()}',
    ),
    said("mnist", CURVES, "no-loss", "no loss curve", 'each["history"].pop("train_loss")'),
    said("mnist", CURVES, "curves-of-one", "the curves of one network", only("rescnn_mnist", 'each.pop("history")')),
    said(
        "mnist",
        CURVES,
        "constant",
        "the same point in every epoch",
        'each["history"] = {key: value[-1:] * len(value) for key, value in each["history"].items()}',
    ),
    said(
        "mnist",
        CURVES,
        "nan",
        "losses that are no numbers",
        'each["history"]["train_loss"] = ["nan" for _ in each["history"]["train_loss"]]',
    ),
    said(
        "mnist",
        CURVES,
        "of-another",
        "the curves of the first network for all",
        'each["history"] = models["fc_mnist"]["history"]',
        also={ACCURACY: "the accuracies are not those of the curves"},
    ),
)

BUILD_CNN = "run_document(train_model(build, train, test, wanted)) for role, build in MNIST_MODELS.items()"
BUILD_CIFAR = "cifar_document(train_model(build, train, test, wanted), test) for role, build in CIFAR_MODELS.items()"
REPLACE = Edit(COMPARISON, "from pathlib import Path\n", "from dataclasses import replace\nfrom pathlib import Path\n")


def other_training(experiment: str, role: str, key: str, value: str, stated: str) -> Mutant:
    """One network is trained with another hyperparameter, and the results say so."""
    whole = BUILD_CNN if experiment == "mnist" else BUILD_CIFAR
    call = whole.replace("wanted)", f'replace(wanted, {key}={value}) if role == "{role}" else wanted)', 1)
    results = Says(experiment, only(role, f'each["hyperparameters"]["{key}"] = {stated}'), "results")
    criterion = "1.1.hyperparameters" if experiment == "mnist" else "1.2.hyperparameters"
    more = {"1.1.curves": "a curve has another number of epochs"} if key == "epochs" else {}
    return mutant(
        f"{role}/other-{key}",
        f"one network is trained with another {key}",
        Edit(COMPARISON, whole, call),
        REPLACE,
        results,
        loses=criterion,
        also=more,
    )


HYPERPARAMETER_MUTANTS = (
    other_training("mnist", "cnn_mnist", "learning_rate", "5 * wanted.learning_rate", "0.01"),
    other_training("mnist", "rescnn_mnist", "epochs", "wanted.epochs + 1", "3"),
    other_training("mnist", "fc_mnist", "batch_size", "2 * wanted.batch_size", "128"),
    other_training("cifar", "rescnn_cifar", "optimizer", '"SGD"', '"SGD"'),
    other_training("cifar", "fc_cifar", "learning_rate", "wanted.learning_rate / 10", "0.0002"),
    said(
        "mnist",
        "1.1.hyperparameters",
        "unrecorded",
        "the learning rate of the networks is not recorded",
        'each["hyperparameters"].pop("learning_rate")',
    ),
    mutant(
        "mnist/other-epochs-hidden",
        "one network is trained for an epoch more than its record says",
        REPLACE,
        Edit(
            COMPARISON,
            BUILD_CNN,
            BUILD_CNN.replace("wanted)", 'replace(wanted, epochs=wanted.epochs + 1) if role == "cnn_mnist" else wanted)', 1),
        ),
        Says("mnist", only("cnn_mnist", 'each["hyperparameters"]["epochs"] = 2')),
        Says("mnist", only("cnn_mnist", '[value.append(value[-1]) for value in each["history"].values()]'), "results"),
        loses="1.1.hyperparameters",
        also={"1.1.curves": "a curve has another number of epochs"},
    ),
    mutant(
        "kernels/own-learning-rate",
        "each kernel size is trained with a learning rate of its own",
        Edit(
            ARCHITECTURE,
            "train_model(build, train, test, wanted) for role",
            "train_model(build, train, test, replace(wanted, learning_rate=wanted.learning_rate * (1 + len(role)))) for role",
        ),
        Edit(ARCHITECTURE, "from functools import partial", "from dataclasses import replace\nfrom functools import partial"),
        Says("kernels", 'each["hyperparameters"]["learning_rate"] *= 1 + len(role)', "results"),
        loses="2.1.compared",
    ),
)

PARAMETERS = "1.1.parameters"
COUNT = "sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)"
COUNT_MUTANTS = (
    mutant(
        "mnist/counts-tensors",
        "tensors are counted, not numbers",
        Edit(COUNTING, COUNT, "sum(1 for _ in model.parameters())"),
        Says("mnist", 'each["parameters"] = {"fc_mnist": 11, "cnn_mnist": 8, "rescnn_mnist": 20}[role]', "results"),
        loses=PARAMETERS,
        also={"3.2.parameters": "the same function counts there", "2.1.compared": "the same function counts there"},
    ),
    said(
        "mnist", PARAMETERS, "counts-in-thousands", "the counts are in thousands", 'each["parameters"] = round(each["parameters"] / 1000)'
    ),
    said(
        "mnist",
        PARAMETERS,
        "counts-exchanged",
        "the count of another network",
        'each["parameters"] = each["parameters"] if role == "fc_mnist" else models["fc_mnist"]["parameters"]',
    ),
    handed_in(
        "mnist", PARAMETERS, "other-counts", "the results were made with another network", only("fc_mnist", 'each["parameters"] = 235146')
    ),
)

EVIDENCE = (*ACCURACY_MUTANTS, *TIME_MUTANTS, *CURVE_MUTANTS, *HYPERPARAMETER_MUTANTS, *COUNT_MUTANTS)
