"""Roles from structure, with names as the tie-breakers: real small networks, exported in-process, as samples."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.discovery.matching import assign
from grader.discovery.records import Build, Definition, Match, Sample, Survey
from grader.discovery.words import ideas_in, spelled
from grader.records import Fault
from grader.rubric import Rubric, load_rubric
from tests.checks.graph_work import Around, Residual, conv, measured

RUBRIC, _ = load_rubric(Path(__file__).resolve().parents[2] / "rubrics" / "lesson4_cnn.toml")
DIGIT, OBJECT, LAYER = (1, 28, 28), (3, 32, 32), (16, 8, 8)
NOTHING = Survey((), ())
BROKEN = Fault("constructor", "TypeError: an unexpected keyword", "net.py", 3)


@functools.cache
def made(make: Callable[..., nn.Module], *arguments: Any) -> nn.Module:
    """One module for one way to make it, so that it is exported once."""
    return make(*arguments)


def sample(
    name: str, work: nn.Module | Fault, shape: tuple[int, ...], words: Sequence[str] = (), file: str = "net.py", **arguments: Any
) -> Sample:
    """A build of a class of that name, as the student calls it among these words."""
    definition = Definition(file, name, 1, "module", ())
    build = Build(definition, arguments, "call", tuple(words), f"{file}:9")
    exported, facts = (None, work) if isinstance(work, Fault) else measured(work, *shape)
    return Sample(build, shape, exported, facts)


def matched(*samples: Sample, rubric: Rubric = RUBRIC) -> dict[str, Match]:
    return assign(rubric, samples, NOTHING)


def filled(matches: dict[str, Match]) -> dict[str, str]:
    """Role -> class name and arguments of what fills it."""
    return {
        role: " ".join([match.name, *(str(value) for value in match.arguments.values())])
        for role, match in matches.items()
        if match.candidate is not None
    }


# --- networks that tests put together --------------------------------------------------------------------------------


def fc(given: int, *widths: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in zip((given, *widths), (*widths, 10), strict=True):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def cnn(channels: int, *sides: int, dropout: float = 0.0) -> nn.Module:
    """Convolutions of these sides, 4 channels each."""
    layers: list[nn.Module] = []
    for index, side in enumerate(sides):
        layers += [conv(4 if index else channels, 4, side), nn.ReLU()]
    return nn.Sequential(*layers, nn.Dropout(dropout), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 10))


def branch(given: int, inner: int, out: int | None = None) -> nn.Sequential:
    return nn.Sequential(conv(given, inner), nn.ReLU(), conv(inner, out or given))


def rescnn(channels: int, blocks: int, dropout: float = 0.0) -> nn.Module:
    skips = [Residual(branch(4, 4)) for _ in range(blocks)]
    return nn.Sequential(conv(channels, 4), *skips, nn.Dropout(dropout), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 10))


def bottleneck(width: int = 16) -> nn.Module:
    return Residual(nn.Sequential(conv(width, 4, 1), nn.ReLU(), conv(4, 4), nn.ReLU(), conv(4, width, 1)))


def block(width: int = 16, inner: int = 16) -> nn.Module:
    return Residual(branch(width, inner))


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(16, 4, 1), nn.ReLU(), conv(4, 16, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.inner(x)


def self_attention() -> nn.Module:
    def attend(self: Any, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        weights = torch.softmax(self.query(x).flatten(2).transpose(1, 2) @ flat, -1)
        return x + (flat @ weights.transpose(1, 2)).view(x.shape)

    return Around(attend, query=conv(16, 16, 1))


def gated_conv() -> nn.Module:
    return Around(lambda self, x: torch.sigmoid(self.conv(x)) * self.conv(x), conv=conv(16, 16))


def squash() -> nn.Module:
    return Around(lambda self, x: x * torch.tanh(F.softplus(x)) + 0.1 * torch.sin(x))


def mixed_pool() -> nn.Module:
    return Around(lambda self, x: 0.5 * (F.max_pool2d(x, 2) + F.avg_pool2d(x, 2)))


# --- networks --------------------------------------------------------------------------------------------------------


def test_the_images_that_a_network_takes_decide_not_its_name() -> None:
    found = filled(
        matched(
            sample("FullyConnectedMNIST", made(fc, 784, 32, 16), DIGIT, channels=1),
            sample("FullyConnectedMNIST", made(fc, 3072, 32, 16, 16), OBJECT, channels=3),
        )
    )
    assert found == {"fc_mnist": "FullyConnectedMNIST 1", "fc_cifar": "FullyConnectedMNIST 3"}


def test_variants_of_one_class_fill_the_depth_study_whatever_it_is_called() -> None:
    found = filled(
        matched(
            *(sample("DeepCNN", made(cnn, 1, *[3] * depth), DIGIT, ["depth_experiment"], depth=depth) for depth in (2, 4, 6)),
            sample("SimpleCNN", made(cnn, 1, 3, 3), DIGIT, ["simple_cnn"]),
        )
    )
    assert found == {"cnn_mnist": "SimpleCNN", "shallow": "DeepCNN 2", "medium": "DeepCNN 4", "deep": "DeepCNN 6"}


def test_the_kernel_study_is_told_by_its_kernels_and_its_place() -> None:
    found = filled(
        matched(
            *(sample("Kernels", made(cnn, 1, side, side), DIGIT, ["сравнение ядер"], size=side) for side in (3, 5, 7)),
            sample("ComboNet", made(cnn, 1, 1, 3, 3), DIGIT, ["сравнение ядер"]),
            sample(
                "BottleneckNet",
                nn.Sequential(conv(1, 16), made(bottleneck), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
                DIGIT,
            ),
        )
    )
    assert {role: found.get(role) for role in ("k3", "k5", "k7", "kmix")} == {
        "k3": "Kernels 3",
        "k5": "Kernels 5",
        "k7": "Kernels 7",
        "kmix": "ComboNet",
    }


def test_a_bottleneck_from_elsewhere_is_no_mixed_kernel_study() -> None:
    whole = nn.Sequential(conv(1, 16), made(bottleneck), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
    study = [sample("KernelCNN", made(cnn, 1, side, side), DIGIT, kernel_size=side) for side in (3, 5, 7)]
    assert "kmix" not in filled(matched(*study, sample("BottleneckNet", whole, DIGIT)))


def test_a_flag_makes_the_regularised_network_of_the_same_class() -> None:
    found = filled(
        matched(
            sample("Net", made(rescnn, 3, 2), OBJECT, use_dropout=False),
            sample("Net", made(rescnn, 3, 2, 0.3), OBJECT, use_dropout=True),
        )
    )
    assert found["rescnn_cifar"] == "Net False"
    assert found["regrescnn_cifar"] == "Net True"


def test_a_plain_network_with_dropout_is_no_regularised_residual_one() -> None:
    found = filled(matched(sample("RegularizedCIFARCNN", made(functools.partial(cnn, dropout=0.3), 3, 3, 3, 3), OBJECT)))
    assert not found.keys() & {"rescnn_cifar", "regrescnn_cifar"}


def test_one_residual_network_is_not_counted_for_both() -> None:
    found = filled(matched(sample("ResNet", made(rescnn, 3, 2), OBJECT), sample("CifarResNet", made(rescnn, 3, 3), OBJECT)))
    assert "rescnn_cifar" in found and "regrescnn_cifar" not in found


def test_the_residual_network_of_task_one_is_shared_where_the_depth_study_uses_it() -> None:
    study = [sample("DepthNet", made(cnn, 1, *[3] * depth), DIGIT, layers=depth) for depth in (2, 4, 6)]
    alone = sample("CNNWithResidual", made(rescnn, 1, 1), DIGIT, ["mnist"])
    shared = sample("CNNWithResidual", made(rescnn, 1, 1), DIGIT, ["mnist", "run_depth_experiment"])
    assert "depth_residual" not in filled(matched(*study, alone))
    assert filled(matched(*study, shared))["depth_residual"] == filled(matched(*study, shared))["rescnn_mnist"] == "CNNWithResidual"


def test_a_network_around_a_layer_under_test_is_not_the_simple_one() -> None:
    host = sample("TestNet", made(cnn, 1, 3, 3), DIGIT, ["mnist"], block={"$ref": "layers.py:BasicConv"})
    own = sample("Digits", made(cnn, 1, 3, 3, 3), DIGIT, ["mnist"])
    assert filled(matched(host, own))["cnn_mnist"] == "Digits"


def test_a_residual_network_without_a_residual_connection_is_found_by_its_argument_and_not_believed() -> None:
    study = [sample("DepthNet", made(cnn, 1, *[3] * depth), DIGIT, depth=depth) for depth in (2, 4, 6)]
    match = matched(*study, sample("DepthNet", made(cnn, 1, *[3] * 6), DIGIT, depth=6, residual=True))["depth_residual"]
    assert match.candidate == "net.py:DepthNet" and match.arguments["residual"]
    assert match.confidence < 0.3


def test_without_any_names_a_study_is_told_by_being_whole() -> None:
    study = [sample(f"Net{letter}", made(cnn, 3, *[3] * depth), OBJECT) for letter, depth in (("A", 2), ("B", 4), ("C", 6))]
    found = filled(matched(*study, sample("NetD", made(rescnn, 3, 2), OBJECT)))
    assert [found.get(role) for role in ("shallow", "medium", "deep", "depth_residual")] == ["NetA", "NetB", "NetC", "NetD"]
    assert "shallow" not in filled(matched(study[0]))


def test_the_networks_of_task_one_alone_are_no_study() -> None:
    task = [
        sample("LeNet", made(cnn, 1, 3, 3), DIGIT),
        sample("Residual", made(rescnn, 1, 2), DIGIT, blocks=2),
        sample("Residual", made(rescnn, 3, 3), OBJECT, blocks=3),
        sample("Dense", made(fc, 784, 32, 16), DIGIT),
    ]
    assert filled(matched(*task)).keys() == {"fc_mnist", "cnn_mnist", "rescnn_mnist", "rescnn_cifar"}


def test_a_network_that_comes_near_needs_a_name() -> None:
    near = made(cnn, 3, 3, 3, 3, 3, 3)
    assert matched(sample("DeepCNN", near, OBJECT))["deep"].candidate == "net.py:DeepCNN"
    assert matched(sample("Helper", near, OBJECT))["deep"].candidate is None


# --- layers and blocks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "make"),
    [("attention", Gate), ("attention", self_attention), ("custom_conv", gated_conv), ("activation", squash), ("pooling", mixed_pool)],
)
def test_a_layer_is_told_by_what_it_does(role: str, make: Callable[[], nn.Module]) -> None:
    assert filled(matched(sample("Mine", made(make), LAYER))) == {role: "Mine"}


def test_each_layer_fills_its_own_role() -> None:
    layers = {"attention": Gate, "custom_conv": gated_conv, "activation": squash, "pooling": mixed_pool}
    found = filled(
        matched(*(sample(f"My{role}", made(make), LAYER) for role, make in layers.items()), sample("ResidualBlock", made(block), LAYER))
    )
    assert found == {role: f"My{role}" for role in layers} | {"basic_block": "ResidualBlock"}


def test_a_helper_around_a_convolution_is_no_custom_layer() -> None:
    helper = nn.Sequential(conv(16, 16), nn.BatchNorm2d(16), nn.ReLU())
    assert "custom_conv" not in filled(matched(sample("ConvBlock", helper, LAYER)))
    assert "custom_conv" in filled(matched(sample("CustomConv", helper, LAYER)))


def test_blocks_are_told_by_their_branch() -> None:
    found = filled(
        matched(
            sample("BlockA", made(block), LAYER),
            sample("BlockB", made(bottleneck), LAYER),
            sample("BlockC", made(block, 16, 48), LAYER),
        )
    )
    assert found == {"basic_block": "BlockA", "bottleneck_block": "BlockB", "wide_block": "BlockC"}


def test_one_block_in_two_widths_is_one_block() -> None:
    found = filled(
        matched(
            sample("ResidualBlock", made(block), LAYER, channels=16),
            sample("ResidualBlock", made(block, 32, 32), (32, 8, 8), channels=32),
            sample("ResidualBlock", Residual(branch(16, 32, 32), conv(16, 32, 1)), LAYER, channels=16, out=32),
        )
    )
    assert found.keys() == {"basic_block"}


def test_a_wide_block_that_is_none_is_found_by_its_name_and_not_believed() -> None:
    match = matched(sample("BasicBlock", made(block), LAYER), sample("WideBlock", made(block, 16, 15), LAYER))["wide_block"]
    assert match.candidate == "net.py:WideBlock"
    assert match.confidence < matched(sample("WideBlock", made(block, 16, 48), LAYER))["wide_block"].confidence


# --- what does not work, and what is not there -----------------------------------------------------------------------


def test_what_cannot_be_built_is_found_by_its_name_with_its_fault() -> None:
    match = matched(sample("ResNetLike", BROKEN, DIGIT))["rescnn_mnist"]
    assert (match.name, match.fault) == ("ResNetLike", BROKEN)
    assert 0 < match.confidence < 0.5
    assert "unexpected keyword" in str(match.reason)


def test_a_failed_build_of_a_class_that_works_otherwise_says_nothing() -> None:
    works = sample("ResNet", made(rescnn, 3, 2), OBJECT, channels=3)
    match = matched(works, sample("ResNet", BROKEN, DIGIT, channels=7))["rescnn_mnist"]
    assert match.fault is not None and match.fault.kind == "missing"


def test_a_definition_that_nobody_knows_how_to_build_is_named() -> None:
    unbuilt = Definition("blocks.py", "BottleneckBlock", 4, "module", ())
    match = assign(RUBRIC, [], Survey((unbuilt,), ()))["bottleneck_block"]
    assert (match.file, match.name) == ("blocks.py", "BottleneckBlock")
    assert match.fault is not None and match.fault.place == "blocks.py:4"


def test_what_is_called_a_network_is_no_layer_that_failed() -> None:
    unbuilt = tuple(Definition("net.py", name, 1, "module", ()) for name in ("ConvNet", "ResidualBlock"))
    matches = assign(RUBRIC, [], Survey(unbuilt, ()))
    assert matches["custom_conv"].name != "ConvNet"
    assert matches["rescnn_mnist"].name != "ResidualBlock"


def test_nothing_fills_nothing() -> None:
    matches = matched()
    assert list(matches) == list(RUBRIC.role)
    assert all(match.fault and match.fault.kind == "missing" and match.confidence == 0 for match in matches.values())


def test_doubt_names_the_alternatives() -> None:
    one, other = (sample(f"Fast{letter}", made(cnn, 1, 3, *[3] * more), DIGIT) for letter, more in (("A", 1), ("B", 2)))
    match = matched(one, other)["cnn_mnist"]
    assert match.confidence < 0.5
    assert match.alternatives == ("net.py:FastB()",)


def test_the_order_of_the_samples_changes_nothing() -> None:
    samples = [
        *(sample("KernelCNN", made(cnn, 1, side, side), DIGIT, kernel_size=side) for side in (3, 5, 7)),
        *(sample("DepthCNN", made(cnn, 1, *[3] * depth), DIGIT, depth=depth) for depth in (2, 4, 6)),
        sample("SimpleCNN", made(cnn, 1, 3, 3), DIGIT),
        sample("Other", made(cnn, 1, 3, 3), DIGIT),
    ]

    def decided() -> dict[str, tuple[Any, ...]]:
        return {role: (match.candidate, match.arguments, match.confidence) for role, match in matched(*samples).items()}

    first = decided()
    for seed in range(3):
        random.Random(seed).shuffle(samples)
        assert decided() == first


def test_a_rubric_about_something_else_needs_no_code() -> None:
    role = {"part": "1", "file": "models.py", "hint": "write it", "data": "mnist", "probe": {"variants": [{"shape": list(DIGIT)}]}}
    names = {"thin": ("ThinPyramid", "a pyramid"), "tall": ("TallTower", "a tower")}
    asked = {"check": "network", "basis": "measured", "require": {"output": [10], "convolutions": {"least": 2}}}
    rubric = Rubric.model_validate(
        {
            "assignment": {"id": "a", "title": "A", "points": 2},
            "part": [{"id": "1", "title": "Shapes for MNIST", "points": 2, "file": "homework.py"}],
            "role": {key: {**role, "name": name, "title": title} for key, (name, title) in names.items()},
            "criterion": [
                {"id": f"1.{key}", "title": key, "part": "1", "points": 1, "hint": "h", "roles": [key], "alternatives": [asked]}
                for key in names
            ],
            "profile": {"quick": {"title": "quick", "data": {}, "recipes": {}, "thresholds": {}}},
        }
    )
    tower, pyramid = sample("MyTower", made(cnn, 1, 3, 3), DIGIT), sample("PyramidNet", made(cnn, 1, 3, 3, 3), DIGIT)
    assert filled(matched(pyramid, tower, rubric=rubric)) == {"thin": "PyramidNet", "tall": "MyTower"}


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Kernel3x3CNN", "kernel 3x3 cnn"),
        ("num_conv_layers", "num conv layers"),
        ("ResNetRegularizedCIFAR10", "res net regularized cifar 10"),
        ("СверточнаяСеть", "сверточная сеть"),
        ("1x1+3x3", "1x1 3x3"),
    ],
)
def test_names_are_taken_apart(text: str, words: str) -> None:
    assert spelled(text) == words


@pytest.mark.parametrize(
    ("text", "idea"),
    [
        ("resnetregularized", "residual"),
        ("RegResNet", "regularised"),
        ("kernel_size=5;", "5x5"),
        ("conv7x7", "7x7"),
        ("SEBlock", "attention"),
        ("полносвязная сеть", "fc"),
        ("повнозв'язна мережа", "fc"),
        ("polnosvyaznaya", "fc"),
        ("залишковий блок", "residual"),
        ("остаточные связи", "residual"),
        ("глубина сети", "depth"),
        ("вплив глибини", "depth"),
        ("srednyaya", "medium"),
        ("неглубокая", "shallow"),
        ("увага", "attention"),
        ("широкий блок", "wide"),
        ("комбинированные ядра", "mixed"),
        ("run_depth_experiment", "depth"),
    ],
)
def test_ideas_are_known_in_several_languages(text: str, idea: str) -> None:
    assert idea in ideas_in(text)


@pytest.mark.parametrize(("text", "idea"), [("неглубокая", "deep"), ("mid_channels", "medium"), ("width", "wide"), ("restart", "residual")])
def test_ideas_are_not_seen_where_they_are_not(text: str, idea: str) -> None:
    assert idea not in ideas_in(text)
