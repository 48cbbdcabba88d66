"""The experiments on 64 images: what their documents say agrees with the networks and with itself."""

import json
from typing import Any

import pytest

import homework_cnn_architecture_analysis as architecture
import homework_cnn_vs_fc_comparison as comparison
import homework_custom_layers_experiments as custom
from utils.comparison_utils import count_parameters
from utils.data_utils import Images

Document = dict[str, Any]
ASKED = {"epochs": 2, "batch_size": 32, "learning_rate": 1e-3}


@pytest.fixture(scope="module")
def cifar(cifar_like: tuple[Images, Images]) -> Document:
    return comparison.compare_on_cifar(*cifar_like, **ASKED, seed=3)


@pytest.fixture(scope="module")
def kernels(cifar_like: tuple[Images, Images]) -> Document:
    return architecture.analyse_kernels(*cifar_like, **ASKED, seed=3)


@pytest.fixture(scope="module")
def depth(cifar_like: tuple[Images, Images]) -> Document:
    return architecture.analyse_depth(*cifar_like, **ASKED, seed=3)


def assert_common_fields(document: Document) -> None:
    json.dumps(document, allow_nan=False)
    asked = {**ASKED, "seed": 3, "optimizer": "Adam"}
    assert document["hyperparameters"] == asked
    assert document["data"]["train_images"], document["data"]["test_images"] == (64, 32)
    for model in document["models"].values():
        assert model["hyperparameters"] == asked
        assert model["train_seconds"] > 0 and model["inference_seconds"] > 0
        assert {len(values) for values in model["history"].values()} == {2}
        assert model["history"]["test_accuracy"][-1] == model["test_accuracy"]
        assert model["history"]["train_accuracy"][-1] == model["train_accuracy"]


def test_mnist_document_is_complete(mnist_like: tuple[Images, Images]) -> None:
    document = comparison.compare_on_mnist(*mnist_like, **ASKED, seed=3)
    assert_common_fields(document)
    for role, build in comparison.MNIST_MODELS.items():
        assert document["models"][role]["parameters"] == count_parameters(build())


def test_cifar_document_is_complete(cifar: Document) -> None:
    assert_common_fields(cifar)
    for model in cifar["models"].values():
        matrix = model["confusion_matrix"]
        assert sum(map(sum, matrix)) == 32
        assert sum(matrix[k][k] for k in range(10)) / 32 == pytest.approx(model["test_accuracy"])
        assert model["generalization_gap"] == pytest.approx(model["train_accuracy"] - model["test_accuracy"])


def test_gradient_norms_cover_every_weight_in_forward_order(cifar: Document) -> None:
    for role, build in comparison.CIFAR_MODELS.items():
        weights = [name for name, parameter in build().named_parameters() if parameter.dim() >= 2]
        norms = cifar["models"][role]["gradient_norms"]
        assert list(norms) == weights
        assert all(len(values) == 2 and min(values) > 0 for values in norms.values())


def test_receptive_fields_computed_and_measured_agree(kernels: Document) -> None:
    assert_common_fields(kernels)
    found = {role: model["receptive_field"] for role, model in kernels["models"].items()}
    assert found == {"k3": 11, "k5": 21, "k7": 31, "kmix": 11}
    assert found == {role: model["receptive_field_measured"] for role, model in kernels["models"].items()}


def test_residual_effect_follows_from_the_networks(depth: Document) -> None:
    assert_common_fields(depth)
    plain, residual = depth["models"]["deep"], depth["models"]["depth_residual"]
    effect = depth["residual_effect"]
    assert effect["accuracy_difference"] == pytest.approx(residual["test_accuracy"] - plain["test_accuracy"])
    first = [next(iter(model["gradient_norms"].values()))[-1] for model in (residual, plain)]
    assert effect["first_layer_gradient_ratio"] == pytest.approx(first[0] / first[1])


def test_the_same_seed_gives_the_same_numbers(mnist_like: tuple[Images, Images]) -> None:
    histories = []
    for seed in (0, 0, 1):
        document = comparison.compare_on_mnist(*mnist_like, **ASKED, seed=seed)
        histories.append([model["history"] for model in document["models"].values()])
    assert histories[0] == histories[1] != histories[2]


def test_every_layer_passes_its_examples_and_gradcheck() -> None:
    document = custom.check_layers(seed=0)
    json.dumps(document, allow_nan=False)
    assert set(document["layers"]) == {"custom_conv", "attention", "activation", "pooling"}
    for layer in document["layers"].values():
        assert layer["gradcheck"] and len(layer["examples"]) >= 2
        assert all(example["passed"] for example in layer["examples"])
        assert layer["value_difference"] > 0 and layer["gradient_difference"] > 0


def test_blocks_document_has_one_entry_per_seed(cifar_like: tuple[Images, Images]) -> None:
    document = custom.compare_blocks(*cifar_like, **ASKED, seeds=[0, 1])
    assert document["hyperparameters"]["seeds"] == [0, 1]
    for role, block in custom.BLOCKS.items():
        model = document["models"][role]
        assert model["block_parameters"] == count_parameters(block(32, 32, 1))
        assert model["mean_test_accuracy"] == pytest.approx(sum(model["test_accuracy"]) / 2)
        assert [len(losses) for losses in model["history"]["train_loss"]] == [2, 2]


@pytest.mark.parametrize(
    ("losses", "expected"), [([2.0, 1.0], False), ([1.0, 2.0], True), ([2.0, float("nan")], True), ([2.3], False)]
)
def test_divergence_is_a_loss_that_rises_or_is_not_finite(losses: list[float], expected: bool) -> None:
    assert custom.diverged(losses) is expected
