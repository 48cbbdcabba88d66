"""An experiment is run and its results are read: what is there earns, what is not is told, a skeleton earns nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from grader.checks import code, experiment
from grader.checks.analysis import is_analysis
from grader.checks.base import Case, Need
from grader.records import Fault, Judgement, Review
from tests.checks.experiment_work import PAIRS, ROLES, case_of, document, evidence
from tests.folders import picture

PROSE = "## 1.1 MNIST\n\nThe accuracy of the residual network is highest, it reaches 0.80 on images held out.\n"
NOT_RUN = Fault("experiment", "NotImplementedError", "homework.py", 12, remedy="write the body of run_mnist()")
README = {"section": "1.1", "topics": {"accuracy": "accura|точност"}}


def case(name: str = "mnist", index: int = 0, **require: Any) -> Case:
    """A criterion with the run, the results alone and the code, as rubrics list them."""
    asked = {"experiment": name, "rules": ["times"], **require}
    weaker = {"check": "code", "require": {"traces": [{"what": "measures", "together": ["perf_counter"]}]}}
    alternatives = [
        {"check": "experiment", "require": asked},
        {"check": "experiment", "require": {**asked, "run": False}},
        weaker,
    ]
    return case_of(experiment, alternatives, index)


def judged(root: Path, asked: Case, files: dict[str, Any], **experiments: Any) -> Judgement:
    judgement = experiment.judge(asked, evidence(root, files, experiments))
    assert judgement is not None
    return judgement


def without(written: dict[str, Any], *fields: str) -> dict[str, Any]:
    """The document with fields of every model taken out."""
    for entry in written["models"].values():
        for name in fields:
            del entry[name]
    return written


@pytest.mark.parametrize(("name", "rule"), PAIRS)
def test_a_careful_submission_earns_everything(tmp_path: Path, name: str, rule: str) -> None:
    files = {f"results/{name}.json": document(name), "plots/p.png": picture(), "README.md": PROSE}
    asked = case(name, rules=[rule], plots=["plots/p.png"], readme=README)
    judgement = judged(tmp_path, asked, files, **{name: document(name, handed_in=False)})
    assert judgement.fraction == 1
    assert judgement.review is Review.NONE
    assert f"run_{name}(): as asked" in str(judgement.found)


def test_the_run_and_the_graphs_are_needed_where_a_rule_compares() -> None:
    assert experiment.needs(case()) == {Need("experiment", "mnist")}
    graphs = {Need("export", role) for role in ROLES["mnist"]}
    assert experiment.needs(case(rules=["parameters_match"])) == graphs | {Need("experiment", "mnist")}


PARTS = [
    ({"results/mnist.json"}, Fraction(7, 10)),
    ({"plots/p.png"}, Fraction(8, 10)),
    ({"README.md"}, Fraction(9, 10)),
]


@pytest.mark.parametrize(("gone", "fraction"), PARTS)
def test_each_part_has_its_weight(tmp_path: Path, gone: set[str], fraction: Fraction) -> None:
    files = {"results/mnist.json": document("mnist"), "plots/p.png": picture(), "README.md": PROSE}
    left = {name: content for name, content in files.items() if name not in gone}
    judgement = judged(tmp_path, case(plots=["plots/p.png"], readme=README), left, mnist=document("mnist", False))
    assert judgement.fraction == fraction
    assert next(iter(gone)) in str(judgement.expected) + str(judgement.found)
    assert str(judgement.hint) == "do it"


def test_work_removed_from_run_and_results_takes_plots_and_prose_with_it(tmp_path: Path) -> None:
    fields = ("train_seconds", "inference_seconds")
    files = {"results/mnist.json": without(document("mnist"), *fields), "plots/p.png": picture(), "README.md": PROSE}
    asked = case(plots=["plots/p.png"], readme=README)
    run = without(document("mnist", False), *fields)
    assert judged(tmp_path, asked, files, mnist=run).fraction == 0
    assert judged(tmp_path, case(rules=["accuracies"]), files, mnist=run).fraction == 1


def test_two_of_three_networks_with_times_earn_two_thirds(tmp_path: Path) -> None:
    run, handed_in = document("mnist", False), document("mnist")
    for written in (run, handed_in):
        del written["models"]["fc_mnist"]["train_seconds"], written["models"]["fc_mnist"]["inference_seconds"]
    judgement = judged(tmp_path, case(), {"results/mnist.json": handed_in}, mnist=run)
    assert judgement.fraction == Fraction(2, 3)
    assert "run_mnist(): fc_mnist: no train_seconds" in str(judgement.found)
    assert "results/mnist.json: fc_mnist: no train_seconds" in str(judgement.found)
    assert "not measured" in str(judgement.why)


def test_results_that_contradict_the_measured_network_are_quoted(tmp_path: Path) -> None:
    handed_in = document("mnist")
    handed_in["models"]["cnn_mnist"]["parameters"] = 99
    judgement = judged(tmp_path, case(rules=["parameters_match"]), {"results/mnist.json": handed_in}, mnist=document("mnist", False))
    assert judgement.fraction == 1 - Fraction(3, 7) / 3
    assert "parameters is 1234 (counted on the graph)" in str(judgement.expected)
    assert "results/mnist.json: cnn_mnist: parameters is 99" in str(judgement.found)


def nested(levels: int) -> dict[str, Any]:
    """A document with one role whose time is a list in a list in a list ..."""
    value: Any = 1.0
    for _ in range(levels):
        value = [value]
    return {"models": {"fc_mnist": {"train_seconds": value}}}


UNUSABLE = [NOT_RUN, nested(5000), {}, {"models": {"mine": {"train_seconds": 1.0}}}, {"models": [1, 2]}]


@pytest.mark.parametrize("run", UNUSABLE)
def test_a_run_without_a_document_leaves_it_to_the_results_with_the_reason(tmp_path: Path, run: Any) -> None:
    found = evidence(tmp_path, {"results/mnist.json": document("mnist")}, {"mnist": run})
    assert experiment.judge(case(), found) is None
    judgement = experiment.judge(case(index=1), found)
    assert judgement is not None
    assert judgement.fraction == 1
    assert judgement.review is Review.RECOMMENDED
    assert judgement.look_at == "results/mnist.json"
    assert "run_mnist()" in str(judgement.why)
    assert "homework.py" in str(judgement.why)


def test_the_reason_names_place_and_remedy(tmp_path: Path) -> None:
    judgement = experiment.judge(case(index=1), evidence(tmp_path, {"results/mnist.json": document("mnist")}, {"mnist": NOT_RUN}))
    assert judgement is not None
    for words in ("homework.py:12", "NotImplementedError", "write the body of run_mnist()"):
        assert words in str(judgement.why)


def test_an_experiment_that_was_not_asked_for_is_told(tmp_path: Path) -> None:
    judgement = experiment.judge(case(index=1), evidence(tmp_path, {"results/mnist.json": document("mnist")}))
    assert judgement is not None
    assert "was not run" in str(judgement.why)


@pytest.mark.parametrize("content", [None, "{", '{"models": {}}', '{"a": NaN}', "[]"])
def test_without_run_and_results_nothing_is_available(tmp_path: Path, content: str | None) -> None:
    found = evidence(tmp_path, {} if content is None else {"results/mnist.json": content}, {"mnist": NOT_RUN})
    assert experiment.judge(case(index=0), found) is None
    assert experiment.judge(case(index=1), found) is None
    reasons = [str(each) for each in experiment.unavailable(case(index=1), found)]
    assert len(reasons) == 2
    assert "results/mnist.json" in reasons[1]


def test_a_count_that_could_not_be_compared_asks_for_a_review_at_its_place(tmp_path: Path) -> None:
    faults = {role: Fault("export", "no graph", "models/m.py", 3) for role in ROLES["mnist"]}
    files = {"results/mnist.json": document("mnist")}
    found = evidence(tmp_path, files, {"mnist": document("mnist", False)}, facts=faults)
    judgement = experiment.judge(case(rules=["parameters_match"]), found)
    assert judgement is not None
    assert (judgement.fraction, judgement.review) == (0, Review.REQUIRED)
    assert judgement.look_at == "models/m.py:3"


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValidationError, match='no rule "time"'):
        experiment.Require.model_validate({"experiment": "mnist", "rules": ["time"]})


# --- the README ----------------------------------------------------------------------------------------------------


def readme_share(root: Path, text: str) -> Fraction:
    """What the README earns of its part."""
    files = {"results/mnist.json": document("mnist"), "README.md": text}
    fraction = judged(root, case(readme=README), files, mnist=document("mnist", False)).fraction
    return (fraction - Fraction(7, 8)) * 8


def test_a_paragraph_with_a_number_counts(tmp_path: Path) -> None:
    assert readme_share(tmp_path / "en", PROSE) == 1
    russian = "# Часть 1.1\nТочность остаточной сети на тестовой выборке оказалась самой высокой и составила 98,7 процента.\n"
    assert readme_share(tmp_path / "ru", russian) == 1


def test_without_a_numbered_heading_it_is_half(tmp_path: Path) -> None:
    assert readme_share(tmp_path, PROSE.replace("1.1 ", "")) == Fraction(1, 2)


ASSIGNMENT = """
### 1.1 Сравнение на MNIST (20 баллов)
Сравните производительность на MNIST:
- Полносвязная сеть (3-4 слоя), простая CNN (2-3 conv слоя), CNN с Residual Block
- Сравните точность на train и test множествах, каждая сеть получает до 20 баллов за CIFAR-10 и картинки 28x28

## 1.1 MNIST (20 points)
A fully connected network (3-4 layers), a simple CNN for CIFAR-10, see 1.2: compare accuracy on train and test.
"""
NO_ANALYSIS = {
    "the assignment": ASSIGNMENT,
    "another section": PROSE.replace("1.1", "1.2") + "\n## 1.1 MNIST\n\nsee above\n",
    "no number": PROSE.replace("0.80", "a lot"),
    "a table": "## 1.1\n| accuracy of the network on the images of the test set was as follows here | 0.80 |\n",
    "code": "## 1.1\n```\naccuracy of the network on the images of the test set was 0.80\n```\n",
    "words alone": "## 1.1\naccuracy 0.80\n",
    "another topic": PROSE.replace("accuracy", "speed"),
}


@pytest.mark.parametrize("text", NO_ANALYSIS.values(), ids=NO_ANALYSIS.keys())
def test_what_is_no_analysis_earns_nothing(tmp_path: Path, text: str) -> None:
    assert readme_share(tmp_path, text) == 0


@pytest.mark.parametrize("number", ["0.9", "98", "98 %", "12,345", "12 345", "206922", "-0.03", "3.2s", "1.5 times", "5.3 points"])
def test_numbers_of_results(number: str) -> None:
    assert is_analysis(f"On the whole the accuracy of this network came out at {number} after all of it", "accuracy")


TASK = [
    "3",
    "20",
    "1.1",
    "2.1",
    "3x3",
    "28x28",
    "28 x 28",
    "CIFAR-10",
    "ResNet18",
    "3-4",
    "25 points",
    "15 баллов",
    "(15)",
]


@pytest.mark.parametrize("number", TASK)
def test_numbers_of_the_task(number: str) -> None:
    assert not is_analysis(f"On the whole the accuracy of this network has to do with {number} after all of it", "accuracy")


# --- a skeleton ----------------------------------------------------------------------------------------------------

SKELETON = '''
import time
from utils import train_model

def run_mnist(train, test, *, epochs, batch_size, learning_rate, seed):
    """Measure time.perf_counter() around the training; write train_seconds, plot the learning curves."""
    raise NotImplementedError

def main():
    document = run_mnist(None, None, epochs=1, batch_size=1, learning_rate=0.1, seed=0)
    print(document)
'''


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_skeleton_earns_nothing_by_any_evidence(tmp_path: Path, index: int) -> None:
    trace = {"what": "measures a training", "together": [r"(^|\.)perf_counter$", "train|run_mnist"]}
    asked = {"experiment": "mnist", "rules": ["times"], "plots": ["plots/p.png"], "readme": README}
    stronger = [{"check": "experiment", "require": {**asked, "run": run}} for run in (True, False)]
    alternatives = [*stronger, {"check": "code", "require": {"traces": [trace]}}]
    check = (experiment, experiment, code)[index]
    found = evidence(tmp_path, {"homework.py": SKELETON, "README.md": ASSIGNMENT}, {"mnist": NOT_RUN})
    judgement = check.judge(case_of(check, alternatives, index), found)
    if index < 2:
        assert judgement is None
    else:
        assert judgement is not None
        assert (judgement.fraction, judgement.review) == (0, Review.NONE)
        assert "NotImplementedError" in str(judgement.why)
