"""Words, identifiers and class names lead to the network and to the part of the assignment that they mean."""

import pytest

from grader.checks.naming import class_name, in_plain_words, names_of, part_of, parts_named

MNIST, CIFAR = ["fc_mnist", "cnn_mnist", "rescnn_mnist"], ["fc_cifar", "rescnn_cifar", "regrescnn_cifar"]
KERNELS, DEPTHS = ["k3", "k5", "k7", "kmix"], ["shallow", "medium", "deep", "depth_residual"]
LAYERS, BLOCKS = ["custom_conv", "attention", "activation", "pooling"], ["basic_block", "bottleneck_block", "wide_block"]

NAMED = [
    (MNIST, "FC_Net", ["fc_mnist"]),
    (MNIST, "Полносвязная сеть (3-4 слоя)", ["fc_mnist"]),
    (MNIST, "повнозв'язна мережа", ["fc_mnist"]),
    (MNIST, "CNN с Residual Block", ["rescnn_mnist"]),
    (MNIST, "CNNWithResidual_history", ["rescnn_mnist"]),
    (MNIST, "SimpleCNN", ["cnn_mnist"]),
    (MNIST, "fc_vs_simple_cnn", ["fc_mnist", "cnn_mnist"]),
    (MNIST, "results", []),
    (CIFAR, "CNN с регуляризацией и Residual блоками", ["regrescnn_cifar"]),
    (CIFAR, "ResNet_dropout", ["regrescnn_cifar"]),
    (CIFAR, "deep MLP", ["fc_cifar"]),
    (KERNELS, "Kernel_3x3", ["k3"]),
    (KERNELS, "activations_k5", ["k5"]),
    (KERNELS, "kernel_size=7: 12.5 s", ["k7"]),
    (KERNELS, "ядро 5x5", ["k5"]),
    (KERNELS, "комбинация (1x1 + 3x3)", ["kmix"]),
    (DEPTHS, "Неглубокая CNN (2 conv слоя)", ["shallow"]),
    (DEPTHS, "Глубина=4", ["medium"]),
    (DEPTHS, "depth_6_features", ["deep"]),
    (DEPTHS, "CNN с Residual связями", ["depth_residual"]),
    (DEPTHS, "layer2.0.conv1.weight", []),
    (LAYERS, "SE_Block attention", ["attention"]),
    (LAYERS, "кастомный pooling", ["pooling"]),
    (BLOCKS, "Wide_ResBlock", ["wide_block"]),
    (BLOCKS, "базовый блок", ["basic_block"]),
]


@pytest.mark.parametrize(("roles", "text", "expected"), NAMED, ids=[text for _, text, _ in NAMED])
def test_roles_by_words(roles: list[str], text: str, expected: list[str]) -> None:
    assert list(names_of(roles, {}).named(text)) == expected


def test_the_class_that_fills_a_role_alone_names_it() -> None:
    names = names_of(MNIST, {"fc_mnist": "a.py:Alpha()", "cnn_mnist": "a.py:Beta(1)", "rescnn_mnist": "a.py:Gamma()"})
    assert names.one("Gamma_history") == "rescnn_mnist" and names.one("run of Alpha") == "fc_mnist"


def test_one_class_for_several_roles_names_them_with_its_argument() -> None:
    names = names_of(DEPTHS, {"shallow": "a.py:Stack(n=2)", "medium": "a.py:Stack(n=4)", "deep": "a.py:Stack(n=8)"})
    assert [names.one(text) for text in ("Stack_2", "Stack(n=4)", "stack-8 accuracy", "Stack")] == ["shallow", "medium", "deep", None]


PARTS = [
    ("1.1 Сравнение на MNIST", {"1.1"}),
    ("Сравнение на CIFAR-10", {"1.2"}),
    ("mnist_kernel_study", {"2.1"}),
    ("Влияние глубины CNN", {"2.2"}),
    ("Кастомные слои", {"3.1"}),
    ("Кастомные слои и эксперименты", {"3.1", "3.2"}),
    ("Эксперименты с Residual блоками", {"3.2"}),
    ("CNN с Residual блоками на CIFAR", {"1.2"}),
    ("Задание 2: анализ", {"2.1", "2.2"}),
    ("results/architecture_analysis", {"2.1", "2.2"}),
    ("depthwise convolution", set()),
    ("accuracy 1.1%", set()),
]


@pytest.mark.parametrize(("words", "expected"), PARTS, ids=[words for words, _ in PARTS])
def test_parts_by_words(words: str, expected: set[str]) -> None:
    assert parts_named(words) == expected


def test_the_nearest_words_decide_and_further_ones_narrow_down() -> None:
    assert part_of(("test_acc", "mnist_comparison", "plots")) == {"1.1"}
    assert part_of(("Выводы", "Задание 1", "Отчёт")) == {"1.1", "1.2"}
    assert part_of(("FC", "Задание 1", "cifar_results")) == {"1.2"}
    assert part_of(("kernel 3x3", "depth")) == {"2.1"}
    assert part_of(()) == frozenset()


def test_the_class_of_a_candidate() -> None:
    assert class_name("models/nets.py:Net(kernel=3)") == "Net"
    assert class_name("run.py:make.Inner()") == "Inner"
    assert class_name("") == ""


@pytest.mark.parametrize(
    ("hint", "plain"),
    [
        (
            "In models/fc_models.py write a class FullyConnectedMNIST with 3 or 4 linear layers; (N, 1, 28, 28) in.",
            "Write a class with 3 or 4 linear layers; (N, 1, 28, 28) in.",
        ),
        ('In a.py write a class KernelCNN whose argument kernel="1x1+3x3" gives both 1x1 and 3x3 convolutions.',
         "Write a class with both 1x1 and 3x3 convolutions."),
        ("In a.py write a class CustomPool2d(kernel_size, stride=None): a pooling that is none of torch's.",
         "Write a class: a pooling that is none of torch's."),
        ("In a.py and b/c.py write A, BNet and C. Use every layer.", "Use every layer."),
        ("Put nn.Dropout into the network.", "Put nn.Dropout into the network."),
    ],
)  # fmt: skip
def test_a_hint_in_plain_words_names_nothing_of_the_starter(hint: str, plain: str) -> None:
    assert in_plain_words(hint) == plain
