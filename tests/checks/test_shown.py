"""Work that is shown anywhere is found, half of it where code alone does it; words, stubs and copies of the assignment earn nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.checks import cases_of, verdict_on
from grader.checks.base import Evidence
from grader.records import Basis, NetworkFacts, Review, Verdict
from grader.rubric import default_rubric, load_rubric
from grader.submission import open_submission
from tests.checks.experiment_work import facts
from tests.folders import picture, write

RUBRIC, _ = load_rubric(default_rubric())
MNIST = {"fc_mnist": "nets.py:Perceptron()", "cnn_mnist": "nets.py:Plain()", "rescnn_mnist": "nets.py:Shortcuts()"}
KERNELS = {f"k{side}": f"nets.py:Kernels({side})" for side in (3, 5, 7)} | {"kmix": "nets.py:Mixed()"}
BLOCKS = {"basic_block": "nets.py:Basic(8)", "bottleneck_block": "nets.py:Neck(8)", "wide_block": "nets.py:Wide(8)"}
LAYERS = {"custom_conv": "l.py:MyConv(3)", "attention": "l.py:Att(8)", "activation": "l.py:Act()", "pooling": "l.py:Pool(2)"}
NETS = "class Perceptron: ...\nclass Plain: ...\nclass Shortcuts: ...\n"
TIMED = (
    "import time\nfrom nets import Perceptron, Plain, Shortcuts\n"
    "def train_it(net, loader):\n    start = time.time()\n    loss = net(loader)\n    loss.backward()\n    return time.time() - start\n"
    "def infer_time(net, x):\n    net.eval()\n    start = time.time()\n    net(x)\n    return time.time() - start\n"
    "for net in (Perceptron(), Plain(), Shortcuts()):\n    print(train_it(net, 'mnist'), infer_time(net, 1))\n"
)
TABLE = (
    "| Network | Train accuracy | Test accuracy | Training time, s | Inference, s | Parameters |\n|---|---|---|---|---|---|\n"
    "| Perceptron | 99.0% | 97.5% | 31 | 0.4 | 1234 |\n| Plain | 99.5% | 98.9% | 55 | 0.6 | 1234 |\n"
    "| Shortcuts | 99.7% | 99.2% | 80 | 0.9 | 1234 |\n"
)


def judged(
    root: Path, criterion: str, files: dict[str, Any], candidates: dict[str, str], measured: dict[str, NetworkFacts] | None = None
) -> Verdict:
    """The verdict on a criterion of the real rubric for a submission whose roles were found."""
    about = next(each for each in RUBRIC.criterion if each.id == criterion)
    submission = open_submission(write(root, files))
    evidence = Evidence(submission, candidates=candidates, facts=measured or {})
    return verdict_on(about, cases_of(about, RUBRIC, RUBRIC.profile["quick"], {}), evidence)


def share(*args: Any) -> float:
    verdict = judged(*args)
    return float(verdict.points / verdict.max_points)


RESULTS = {
    "by model": {
        "Perceptron": {"train_time": 3.5, "inference_time": 0.1},
        "Plain": {"train_time": 7, "inference_time": 0.2},
        "Shortcuts": {"train_time": 9.5, "inference_time": 0.4},
    },
    "by metric": {"training_time": {"fc": 3.5, "cnn": 7, "resnet": 9.5}, "inference_time": {"fc": 0.1, "cnn": 0.2, "resnet": 0.4}},
    "as rows": [{"model": name, "time_train": 3.5, "latency_ms": 0.5} for name in ("MLP", "Simple CNN", "CNN with residual block")],
    "a table": "model,train_seconds,inference_seconds\nfc,3.5,0.1\ncnn,7,0.2\nres_cnn,9.5,0.4\n",
    "a log": "".join(
        f"Модель: {name}\nВремя обучения: 12.5 сек\nВремя инференса: 0.4 сек\n"
        for name in ("полносвязная", "простая CNN", "остаточная CNN")
    ),
    "sentences": "".join(f"{name}: обучение 12.5 с, время инференса 3 мс\n" for name in ("fc", "cnn", "res")),
}


@pytest.mark.parametrize("content", RESULTS.values(), ids=RESULTS.keys())
def test_times_are_found_in_results_of_any_form(tmp_path: Path, content: Any) -> None:
    suffix = ".json" if not isinstance(content, str) else ".csv" if content.startswith("model,") else ".txt"
    verdict = judged(tmp_path, "1.1.time", {"nets.py": NETS, f"out/mnist_results{suffix}": content}, MNIST)
    assert verdict.points / verdict.max_points > 0.85 and verdict.basis is Basis.ARTEFACT
    assert "mnist_results" in str(verdict.found) and verdict.review is Review.RECOMMENDED


def test_results_of_two_networks_earn_two_thirds_of_three(tmp_path: Path) -> None:
    rows = dict(list(RESULTS["by model"].items())[:2])  # type: ignore[union-attr]
    whole = share(tmp_path / "a", "1.1.time", {"nets.py": NETS, "mnist.json": RESULTS["by model"]}, MNIST)
    part = share(tmp_path / "b", "1.1.time", {"nets.py": NETS, "mnist.json": rows}, MNIST)
    assert part == pytest.approx(whole * 2 / 3)


def test_code_that_is_run_earns_half_and_says_so(tmp_path: Path) -> None:
    verdict = judged(tmp_path, "1.1.time", {"nets.py": NETS, "run.py": TIMED}, MNIST)
    assert verdict.points / verdict.max_points == pytest.approx(0.45) and verdict.basis is Basis.CODE
    assert "run.py" in str(verdict.found) and "code alone" in str(verdict.why)


DEAD = {
    "commented": "".join(f"# {line}\n" for line in TIMED.split("\n")),
    "in a string": f'from nets import Perceptron\nPerceptron("mnist")\n"""\n{TIMED}"""\n',
    "never called": TIMED.split("for net")[0] + "Perceptron('mnist')\n",
    "a stub": "from nets import Perceptron\ndef train_time(net):\n    raise NotImplementedError\ntrain_time(Perceptron('mnist'))\n",
    "on other data": TIMED.replace("mnist", "cifar"),
}


@pytest.mark.parametrize("code", DEAD.values(), ids=DEAD.keys())
def test_code_that_does_nothing_for_the_part_earns_nothing(tmp_path: Path, code: str) -> None:
    assert share(tmp_path, "1.1.time", {"nets.py": NETS, "run.py": code}, MNIST) == 0


def test_numbers_that_only_a_report_states_earn_nothing(tmp_path: Path) -> None:
    files = {"nets.py": NETS, "README.md": "## 1.1 MNIST\n" + TABLE}
    assert share(tmp_path, "1.1.time", files, MNIST) == 0


def test_a_report_counts_where_a_plot_of_the_part_stands_behind_it(tmp_path: Path) -> None:
    files = {"nets.py": NETS, "README.md": "## 1.1 MNIST\n" + TABLE, "plots/mnist_loss.png": picture()}
    assert share(tmp_path, "1.1.time", files, MNIST) == pytest.approx(0.9)


def test_a_report_counts_where_its_counts_are_the_networks(tmp_path: Path) -> None:
    files = {"nets.py": NETS, "README.md": "## 1.1 MNIST\n" + TABLE}
    right, wrong = (dict.fromkeys(MNIST, facts(count)) for count in (1234, 99_999))
    assert share(tmp_path / "right", "1.1.time", files, MNIST, right) == pytest.approx(0.9)
    assert share(tmp_path / "wrong", "1.1.time", files, MNIST, wrong) == 0


def test_a_count_that_the_network_contradicts_is_quoted_and_costs(tmp_path: Path) -> None:
    files = {"nets.py": NETS, "mnist.json": {"fc": {"params": 5000}, "cnn": {"params": 1234}, "res": {"params": 1234}}}
    verdict = judged(tmp_path / "a", "1.1.parameters", files, MNIST, dict.fromkeys(MNIST, facts(1234)))
    assert "mnist.json says 5,000 for fc_mnist; measured: 1,234" in str(verdict.found)
    unmeasured = judged(tmp_path / "b", "1.1.parameters", files, MNIST)
    assert verdict.points < unmeasured.points


def test_the_assignments_own_words_are_no_analysis_and_an_answer_to_them_is(tmp_path: Path) -> None:
    asked = "### 1.2 CIFAR-10\n- Проанализируйте переобучение\n"
    answer = (
        "Сеть без регуляризации переобучается: точность на обучении 0.91, на тесте 0.82, а у сети с dropout этот разрыв "
        "заметно меньше, но и точность ниже на три пункта.\n"
    )
    roles = {"fc_cifar": "n.py:A()", "rescnn_cifar": "n.py:B()", "regrescnn_cifar": "n.py:C()"}
    plots = {f"plots/cifar_{name}_history.png": picture(seed) for seed, name in enumerate(("fc", "resnet", "resnet_dropout"))}
    silent = share(tmp_path / "a", "1.2.overfitting", {**plots, "README.md": asked}, roles)
    told = share(tmp_path / "b", "1.2.overfitting", {**plots, "README.md": asked + answer}, roles)
    assert (silent, told) == (pytest.approx(0.45), pytest.approx(0.9))


def test_pictures_count_for_the_networks_they_name(tmp_path: Path) -> None:
    plots = {f"plots/kernel_{side}_activations.png": picture(side) for side in (3, 5, 7)}
    assert share(tmp_path / "a", "2.1.activations", plots, KERNELS) == pytest.approx(0.9 * 3 / 4)
    one_file = {f"plots/kernel_{side}_activations.png": picture(1) for side in (3, 5, 7)}
    assert share(tmp_path / "b", "2.1.activations", one_file, KERNELS) == pytest.approx(0.9 / 4)
    broken = {f"plots/kernel_{side}_activations.png": b"" for side in (3, 5, 7)}
    assert share(tmp_path / "c", "2.1.activations", broken, KERNELS) == 0


def test_a_picture_without_a_telling_name_is_what_the_report_says_over_it(tmp_path: Path) -> None:
    report = "## 2.1 Размер ядра\n" + "".join(f"**{side}x{side}**\n![Активации первого слоя](img/{side}.png)\n" for side in (3, 5, 7))
    files = {"README.md": report, **{f"img/{side}.png": picture(side) for side in (3, 5, 7)}}
    assert share(tmp_path, "2.1.activations", files, KERNELS) == pytest.approx(0.9 * 3 / 4)


def test_results_of_networks_that_are_not_there_earn_two_thirds(tmp_path: Path) -> None:
    files = {"kernels.csv": "kernel,test_acc,time\n3x3,0.7,10\n5x5,0.7,12\n7x7,0.6,14\n1x1+3x3,0.7,9\n"}
    there = judged(tmp_path / "a", "2.1.compared", files, KERNELS)
    absent = judged(tmp_path / "b", "2.1.compared", files, MNIST)
    assert absent.points == there.points * 2 / 3 and "not in the submission" in str(absent.why)


def test_one_log_of_two_experiments_is_told_apart(tmp_path: Path) -> None:
    lines = [f"Training kernel={side}\naccuracy: 0.7{side}\ntime: 1{side}.5 s" for side in (3, 5, 7)] + [
        "Training mixed kernels\naccuracy: 0.7\ntime: 9 s"
    ]
    depths = [f"Training depth {depth}\naccuracy: 0.6{depth}\ntime: 1{depth}.5 s" for depth in (2, 4)]
    files = {"results/run.log": "\n".join(lines + depths)}
    candidates = KERNELS | {"shallow": "n.py:D(2)", "medium": "n.py:D(4)", "deep": "n.py:D(6)", "depth_residual": "n.py:R()"}
    assert share(tmp_path, "2.1.compared", files, candidates) == pytest.approx(0.9)
    assert share(tmp_path, "2.2.compared", files, candidates) == pytest.approx(0.45)


def test_blocks_with_runs_over_seeds_are_steady_or_not(tmp_path: Path) -> None:
    blocks = {name: {"test_acc": [0.5, 0.6], "std": 0.01, "seconds": 9.5} for name in ("basic", "bottleneck", "wide")}
    said = (
        "## 3.2 Blocks\nThe wide block trains most stable, with a spread of 0.01; the bottleneck needs twice as many epochs "
        "to become as smooth as the others are.\n"
    )
    assert share(tmp_path / "a", "3.2.stability", {"blocks.json": blocks}, BLOCKS) == pytest.approx(0.45)
    assert share(tmp_path / "b", "3.2.stability", {"blocks.json": blocks, "README.md": said}, BLOCKS) == pytest.approx(0.9)


def test_a_layer_is_tried_on_a_small_tensor_better_with_its_values_checked(tmp_path: Path) -> None:
    tried = (
        "import torch\nfrom l import Act, Pool, Att, MyConv\nx = torch.ones(1, 8, 4, 4)\n"
        "for layer in (Act(), Pool(2), Att(8), MyConv(3)):\n    print(layer(x).shape)\n"
    )
    checked = tried + "assert torch.allclose(Act()(x), x)\n"
    nothing = "from l import Act, Pool, Att, MyConv\nlayers = [Act(), Pool(2), Att(8), MyConv(3)]\n"
    layers = "class Act: ...\nclass Pool: ...\nclass Att: ...\nclass MyConv: ...\n"
    shares = [
        share(tmp_path / str(i), "3.1.examples", {"l.py": layers, "run.py": code}, LAYERS)
        for i, code in enumerate((nothing, tried, checked))
    ]
    assert shares == [0, pytest.approx(0.45), pytest.approx(0.675)]


def test_a_layer_is_compared_where_its_counterpart_stands_beside_it(tmp_path: Path) -> None:
    alone = {"custom_pooling": {"accuracy": 0.7}, "swish": {"accuracy": 0.7}}
    beside = {**alone, "standard_baseline": {"accuracy": 0.71}}
    assert share(tmp_path / "a", "3.1.compared", {"results/layers_results.json": alone}, LAYERS) == 0
    assert share(tmp_path / "b", "3.1.compared", {"results/layers_results.json": beside}, LAYERS) == pytest.approx(0.9 * 3 / 8)


def test_a_notebook_that_printed_its_results_is_read(tmp_path: Path) -> None:
    text = "".join(f"{name}: train time 3.5 s, inference time 0.1 s\n" for name in ("FC", "CNN", "ResNet"))
    cell = {"cell_type": "code", "source": "main()", "outputs": [{"output_type": "stream", "text": [text]}]}
    book = {"cells": [{"cell_type": "markdown", "source": "# MNIST"}, cell]}
    assert share(tmp_path, "1.1.time", {"hw.ipynb": book}, MNIST) == pytest.approx(0.9)


def test_where_the_contract_is_followed_the_check_is_not_available(tmp_path: Path) -> None:
    verdict = judged(tmp_path, "1.1.time", {"nets.py": NETS, "mnist.json": RESULTS["by model"]}, {})
    assert verdict.points == 0 and verdict.basis is not Basis.ARTEFACT


def test_impossible_numbers_are_no_results(tmp_path: Path) -> None:
    content = {name: {"train_time": -1, "inference_time": 0} for name in ("fc", "cnn", "res")}
    assert share(tmp_path, "1.1.time", {"nets.py": NETS, "mnist.json": content}, MNIST) == 0


def test_hostile_files_break_nothing(tmp_path: Path) -> None:
    files = {
        "nets.py": NETS,
        "mnist.json": "[" * 50_000,
        "mnist.txt": "time: 1e999 s\n" + "9" * 5000 + "\x00\n" + "|" * 5000,
        "README.md": "# " * 5000 + "\n" + "**" * 5000 + "\n" + "![" * 5000 + "\n- Сравните" + " " * 5000,
        "hw.ipynb": '{"cells": [{"cell_type": "code", "outputs": [{"data": {"image/png": "' + "A" * 5000 + '"}}]}]}',
        "plots/mnist_loss.png": b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
    }
    for criterion in ("1.1.time", "1.1.curves", "1.1.parameters"):
        verdict = judged(tmp_path, criterion, files, MNIST)
        assert verdict.points == 0 and verdict.outcome != "broken"
