"""Each rule: a careful document holds in full, and each defect costs what it is about."""

from __future__ import annotations

import copy
import statistics
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checks.rules import RULES
from grader.checks.rules.custom import alike
from grader.records import Fault, Item, Review
from tests.checks.experiment_work import (
    CONV_PARAMETERS,
    FIELD,
    PAIRS,
    PARAMETERS,
    ROLES,
    WEIGHTS,
    document,
    facts,
    matrix,
    reading,
)

Change = Callable[[dict[str, Any]], Any]


def share(items: list[Item]) -> Fraction:
    return sum((item.holds for item in items), Fraction(0)) / len(items)


def judged(name: str, rule: str, change: Change = dict.copy, handed_in: bool = True) -> list[Item]:
    """A rule's items for a good document whose first role was changed."""
    written = document(name, handed_in)
    change(written["layers" if name == "layers" else "models"][ROLES[name][0]])
    return RULES[rule].judge(reading(name, written, handed_in))


def put(**values: Any) -> Change:
    return lambda entry: entry.update(values)


def drop(*keys: str) -> Change:
    return lambda entry: [entry.pop(key) for key in keys]


def inside(table: str, **values: Any) -> Change:
    return lambda entry: entry[table].update(values)


# --- what no honest run gives ------------------------------------------------------------------------------------------

Each = Callable[[dict[str, Any], dict[str, Any]], Any]


def copy_training_to_test(entry: dict[str, Any], _: dict[str, Any]) -> None:
    entry["test_accuracy"] = entry["train_accuracy"]
    entry["history"]["test_accuracy"] = list(entry["history"]["train_accuracy"])


def with_curves_of(entry: dict[str, Any], first: dict[str, Any]) -> None:
    entry["history"] = {**first["history"], "train_loss": [2.0, 1.2345, 0.7]}


IMPLAUSIBLE: list[tuple[str, str, Each, str]] = [
    ("mnist", "accuracies", copy_training_to_test, "is its training accuracy"),
    ("mnist", "curves", copy_training_to_test, "is its training curve"),
    ("mnist", "curves", with_curves_of, "fc_mnist and cnn_mnist have the same in every epoch"),
    ("mnist", "curves", lambda entry, _: entry["history"].update(train_loss=[2.3026] * 3), "one loss in all epochs"),
    ("mnist", "times", lambda entry, _: entry.update(inference_seconds=entry["train_seconds"]), "as long as the"),
    ("mnist", "times", lambda entry, _: entry.update(train_seconds=1e-7 * entry["train_seconds"]), "train_seconds: 1.5e-07"),
    ("layers", "layer_examples", lambda entry, first: entry.update(examples=first["examples"]), "custom_conv and attention have the same"),
    ("cifar", "gradient_norms", lambda entry, _: entry.update(gradient_norms={name: [0.0] * 3 for name in WEIGHTS}), "every norm is 0"),
]


@pytest.mark.parametrize(("name", "rule", "change", "found"), IMPLAUSIBLE)
def test_what_no_honest_run_gives_costs_something_and_is_told(name: str, rule: str, change: Each, found: str) -> None:
    written = document(name)
    entries = list(written["layers" if name == "layers" else "models"].values())
    first = copy.deepcopy(entries[0])
    for entry in entries:
        change(entry, first)
    items = RULES[rule].judge(reading(name, written))
    assert share(items) < 1 and any(found in str(item.found) for item in items)


def test_one_network_alone_may_be_a_coincidence() -> None:
    for rule in ("accuracies", "curves", "times"):
        written = document("mnist")
        entry = written["models"]["fc_mnist"]
        copy_training_to_test(entry, {})
        entry["inference_seconds"] = entry["train_seconds"]
        assert share(RULES[rule].judge(reading("mnist", written))) == 1


def test_examples_that_are_repeated_are_one() -> None:
    items = judged("layers", "layer_examples", lambda entry: entry["examples"].__setitem__(1, entry["examples"][0]))
    assert share(items) < 1 and "1 examples" in str(items[0].found)


def test_rows_of_a_confusion_matrix_are_the_true_classes() -> None:
    written = document("cifar", handed_in=False)
    entry = written["models"]["fc_cifar"]
    counts = tuple(map(sum, entry["confusion_matrix"]))
    for model in written["models"].values():
        model.update({key: entry[key] for key in ("confusion_matrix", "test_accuracy")})
    right = replace(reading("cifar", written, handed_in=False), test_counts=counts)
    assert share(RULES["confusion"].judge(right)) == 1
    for model in written["models"].values():
        model["confusion_matrix"] = [list(row) for row in zip(*entry["confusion_matrix"], strict=True)]
    transposed = RULES["confusion"].judge(right)
    assert share(transposed) < 1 and "rows of" in str(transposed[0].found)


def test_the_effect_of_connections_is_that_between_equal_depths() -> None:
    written = document("depth")
    deeper = replace(facts(), layers=tuple(facts().layers[0] for _ in range(4)))
    whole = reading("depth", written)
    items = RULES["residual_effect"].judge(replace(whole, facts={**whole.facts, "depth_residual": deeper}))
    assert share(items) < 1 and "deep has 1 convolutions, depth_residual 4" in str(items[0].found)


# --- one network -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("handed_in", [True, False])
@pytest.mark.parametrize(("name", "rule"), PAIRS)
def test_a_careful_document_holds_in_full(name: str, rule: str, handed_in: bool) -> None:
    items = judged(name, rule, handed_in=handed_in)
    assert share(items) == 1
    assert all(item.review is Review.NONE for item in items)


DEFECTS: list[tuple[str, str, Change, str]] = [
    ("mnist", "same_hyperparameters", inside("hyperparameters", epochs=30), "epochs = 30"),
    ("mnist", "same_hyperparameters", inside("hyperparameters", optimizer="SGD"), "SGD"),
    ("mnist", "same_hyperparameters", inside("hyperparameters", learning_rate=0.1), "learning_rate = 0.1"),
    ("mnist", "same_hyperparameters", drop("hyperparameters"), "no epochs"),
    ("mnist", "accuracies", drop("train_accuracy"), "no train_accuracy"),
    ("mnist", "accuracies", put(test_accuracy=98.1), "98.1"),
    ("mnist", "accuracies", put(test_accuracy=True), "True"),
    ("mnist", "accuracies", put(test_accuracy=0.9), "test_accuracy is 0.9"),
    ("mnist", "times", drop("train_seconds"), "no train_seconds"),
    ("mnist", "times", put(inference_seconds=-1), "-1"),
    ("mnist", "times", put(inference_seconds=0.0), "inference_seconds is 0"),
    ("mnist", "times", put(train_seconds="fast"), "fast"),
    ("mnist", "parameters_match", put(parameters=PARAMETERS + 1), str(PARAMETERS + 1)),
    ("mnist", "parameters_match", drop("parameters"), "no parameters"),
    ("mnist", "curves", drop("history"), "no history.train_loss"),
    ("mnist", "curves", inside("history", train_loss=[1.0]), "1 entries"),
    ("mnist", "curves", inside("history", test_accuracy=[0.1, 0.2, 3.0]), "to 3"),
    ("mnist", "curves", inside("history", train_loss=[1.0, None, 0.5]), "None"),
    ("cifar", "accuracy_and_time", drop("train_seconds"), "no train_seconds"),
    ("cifar", "accuracy_and_time", drop("test_accuracy"), "no test_accuracy"),
    ("cifar", "overfitting", drop("generalization_gap"), "no generalization_gap"),
    ("cifar", "overfitting", put(generalization_gap=-0.35), "-0.35"),
    ("cifar", "confusion", drop("confusion_matrix"), "no confusion_matrix"),
    ("cifar", "confusion", put(confusion_matrix=[[1, 2], [3, 4]]), "something else"),
    ("cifar", "confusion", put(confusion_matrix=matrix(-5, 200)), "something else"),
    ("cifar", "confusion", put(confusion_matrix=matrix(60, 100)), "100 images"),
    ("cifar", "confusion", put(confusion_matrix=matrix(10, 200)), "0.0500"),
    ("cifar", "gradient_norms", drop("gradient_norms"), "no gradient_norms"),
    ("cifar", "gradient_norms", put(gradient_norms={WEIGHTS[0]: [1.0, 1.0, 1.0]}), WEIGHTS[1]),
    ("cifar", "gradient_norms", put(gradient_norms={name: [1.0] for name in WEIGHTS}), "another number for"),
    ("cifar", "gradient_norms", put(gradient_norms={name: [1.0, -1.0, 0.0] for name in WEIGHTS}), "other values for"),
    ("kernels", "conv_parameters", put(conv_parameters=CONV_PARAMETERS + 1), str(CONV_PARAMETERS + 1)),
    ("kernels", "receptive_field", put(receptive_field=FIELD + 2), str(FIELD + 2)),
    ("kernels", "receptive_field", put(receptive_field_measured=FIELD + 1), str(FIELD + 1)),
    ("kernels", "receptive_field", put(receptive_field_measured=3), "receptive_field_measured is 3"),
    ("kernels", "receptive_field", drop("receptive_field", "receptive_field_measured"), "no receptive_field_measured"),
    ("layers", "layer_examples", drop("examples"), "0 examples"),
    ("layers", "layer_examples", lambda entry: entry["examples"].pop(), "1 examples"),
    ("layers", "layer_examples", lambda entry: entry["examples"][1].update(passed=False), "not passed: zeros"),
    ("layers", "layer_examples", lambda entry: entry["examples"][1].update(found=[1.0, 9.0]), "differing: zeros"),
    ("layers", "layer_examples", lambda entry: entry["examples"][1].pop("found"), "differing: zeros"),
    ("layers", "layer_comparison", put(standard=""), "standard is ''"),
    ("layers", "layer_comparison", put(gradcheck=False), "False"),
    ("layers", "layer_comparison", put(gradcheck="yes"), "yes"),
    ("layers", "layer_comparison", put(seconds=0.0), "seconds is 0"),
    ("layers", "layer_comparison", put(value_difference=None), "None"),
    ("blocks", "blocks_performance", put(mean_test_accuracy=0.8), "0.8"),
    ("blocks", "blocks_performance", put(test_accuracy=0.65), "0.65"),
    ("blocks", "blocks_performance", drop("train_seconds"), "no train_seconds"),
    ("blocks", "block_parameters", put(block_parameters=17), "17"),
    ("blocks", "block_parameters", put(parameters=PARAMETERS - 1), str(PARAMETERS - 1)),
    ("blocks", "blocks_stability", put(history={"train_loss": [[1.0, 0.5, 0.3]]}), "1 runs"),
    ("blocks", "blocks_stability", put(history={"train_loss": [[1.0], [1.0]]}), "0 of 2"),
    ("blocks", "blocks_stability", put(std_test_accuracy=0.2), "0.2"),
    ("blocks", "blocks_stability", put(diverged_runs=3), "3"),
    ("blocks", "blocks_stability", drop("diverged_runs"), "no diverged_runs"),
]


@pytest.mark.parametrize(("name", "rule", "change", "told"), DEFECTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_defect_costs_a_part_and_is_quoted(name: str, rule: str, change: Change, told: str) -> None:
    items = judged(name, rule, change)
    assert 0 < share(items) < 1
    first = items[0]
    assert first.holds < 1
    assert told in str(first.found)
    assert all(item.holds == 1 for item in items[1:])


def test_a_missing_role_costs_its_share_alone() -> None:
    written = document("mnist")
    del written["models"]["cnn_mnist"]
    items = RULES["times"].judge(reading("mnist", written))
    assert [item.holds for item in items] == [1, 0, 1]
    assert str(items[1].found) == "cnn_mnist: no entry"


def test_one_time_of_two_is_half() -> None:
    assert judged("mnist", "times", drop("inference_seconds"))[0].holds == Fraction(1, 2)


def test_hyperparameters_that_differ_from_the_call_are_told_in_a_run() -> None:
    assert share(judged("mnist", "same_hyperparameters", inside("hyperparameters", batch_size=32), handed_in=False)) < 1


def test_a_document_without_hyperparameters_of_its_own_may_agree_among_its_networks() -> None:
    written = document("mnist")
    del written["hyperparameters"]
    assert share(RULES["same_hyperparameters"].judge(reading("mnist", written))) == 1
    written["models"]["cnn_mnist"]["hyperparameters"]["epochs"] = 4
    assert share(RULES["same_hyperparameters"].judge(reading("mnist", written))) < 1


def test_seeds_and_weight_decay_may_differ() -> None:
    assert share(judged("mnist", "same_hyperparameters", inside("hyperparameters", seed=1, weight_decay=0.1))) == 1


@pytest.mark.parametrize("rule", ["accuracies", "accuracy_and_time"])
def test_networks_that_all_guess_are_told_in_results_but_not_in_a_run(rule: str) -> None:
    for handed_in in (True, False):
        written = document("mnist", handed_in)
        for entry in written["models"].values():
            entry["test_accuracy"] = 0.1
            entry["history"]["test_accuracy"][-1] = 0.1
        assert (share(RULES[rule].judge(reading("mnist", written, handed_in))) < 1) == handed_in


def test_one_network_may_honestly_fail() -> None:
    def failed(entry: dict[str, Any]) -> None:
        entry["test_accuracy"] = entry["history"]["test_accuracy"][-1] = 0.1

    assert share(judged("mnist", "accuracies", failed)) == 1


def test_the_same_time_for_every_network_was_not_measured() -> None:
    written = document("mnist")
    for entry in written["models"].values():
        entry["train_seconds"] = 12.0
    items = RULES["times"].judge(reading("mnist", written))
    assert items[-1].holds == 0
    assert "12 for every network" in str(items[-1].found)


def test_a_run_that_was_too_fast_for_the_clock_costs_nothing() -> None:
    assert share(judged("mnist", "times", put(inference_seconds=0.0), handed_in=False)) == 1


@pytest.mark.parametrize(("name", "rule"), [("mnist", "parameters_match"), ("kernels", "conv_parameters"), ("blocks", "block_parameters")])
def test_a_count_without_a_measured_network_earns_nothing_and_goes_to_a_person(name: str, rule: str) -> None:
    measured = dict.fromkeys(ROLES[name], facts()) | {ROLES[name][0]: Fault("export", "no graph", "models/m.py", 12)}
    items = RULES[rule].judge(replace(reading(name, document(name)), facts=measured))
    assert items[0].holds < 1
    assert items[0].review is Review.REQUIRED
    assert items[0].look_at == "models/m.py:12"


@pytest.mark.parametrize("changed", [{"eager_agrees": False}, {"evaluation_agrees": False, "modes": "other"}])
def test_a_count_of_a_network_that_is_another_one_while_it_is_exported_earns_nothing(changed: dict[str, Any]) -> None:
    measured = dict.fromkeys(ROLES["mnist"], replace(facts(), **changed))
    items = RULES["parameters_match"].judge(replace(reading("mnist", document("mnist")), facts=measured))
    assert share(items) == 0
    assert {each.review for each in items} == {Review.REQUIRED}


def test_frozen_parameters_may_be_counted_or_not() -> None:
    for stated, holds in ((PARAMETERS, True), (PARAMETERS + 10, True), (PARAMETERS + 5, False)):
        written = document("mnist")
        for entry in written["models"].values():
            entry["parameters"] = stated
        measured = dict.fromkeys(ROLES["mnist"], replace(facts(), frozen_parameters=10))
        items = RULES["parameters_match"].judge(replace(reading("mnist", written), facts=measured))
        assert (share(items) == 1) == holds


def test_unused_parameters_are_counted_by_the_student_but_not_by_the_graph() -> None:
    for unused, holds in ((100, True), (99, False), (101, False)):
        found = replace(facts(PARAMETERS - 100), unused_parameters=("spare.weight",), unused_count=unused)
        items = RULES["parameters_match"].judge(replace(reading("mnist", document("mnist")), facts=dict.fromkeys(ROLES["mnist"], found)))
        assert (share(items) == 1) == holds


def test_convolutions_may_be_counted_without_their_biases() -> None:
    assert share(judged("kernels", "conv_parameters", put(conv_parameters=CONV_PARAMETERS - 8))) == 1


def test_a_receptive_field_beyond_the_image_is_as_good_as_the_image() -> None:
    measured = dict.fromkeys(ROLES["kernels"], replace(facts(), receptive_field=(32, 32)))
    written = document("kernels")
    for entry in written["models"].values():
        entry |= {"receptive_field": 43, "receptive_field_measured": 32}
    assert share(RULES["receptive_field"].judge(replace(reading("kernels", written), facts=measured))) == 1


def test_gradient_names_may_leave_weight_out() -> None:
    norms = {name.removesuffix(".weight"): [1.0, 1.0, 1.0] for name in WEIGHTS}
    assert share(judged("cifar", "gradient_norms", put(gradient_norms=norms))) == 1


EFFECTS = [
    ({"accuracy_difference": 0.4}, Fraction(1, 2)),
    ({"first_layer_gradient_ratio": 40.0}, Fraction(1, 2)),
    ({"first_layer_gradient_ratio": 5.5 / 4.5}, Fraction(1)),  # the last epoch's instead of the first one's
    ({"accuracy_difference": None, "first_layer_gradient_ratio": -1}, Fraction(0)),
]


@pytest.mark.parametrize(("change", "holds"), EFFECTS)
def test_the_residual_effect_follows_from_the_document(change: dict[str, Any], holds: Fraction) -> None:
    written = document("depth")
    written["residual_effect"] |= change
    assert share(RULES["residual_effect"].judge(reading("depth", written))) == holds


def test_no_residual_effect_holds_nothing() -> None:
    written = document("depth")
    del written["residual_effect"]
    items = RULES["residual_effect"].judge(reading("depth", written))
    assert share(items) == 0
    assert "no residual_effect" in str(items[0].found)


def test_the_residual_effect_stands_without_gradient_norms() -> None:
    written = document("depth")
    for entry in written["models"].values():
        del entry["gradient_norms"]
    assert share(RULES["residual_effect"].judge(reading("depth", written))) == 1


def test_a_diverged_run_may_have_gaps_and_end_early() -> None:
    losses = [[1.0, 0.5, 0.3], [9.0, None]]
    assert share(judged("blocks", "blocks_stability", put(history={"train_loss": losses}, diverged_runs=1))) == 1


@pytest.mark.parametrize("deviation", [statistics.pstdev, statistics.stdev])
def test_either_standard_deviation_is_one(deviation: Callable[[list[float]], float]) -> None:
    assert share(judged("blocks", "blocks_stability", put(std_test_accuracy=deviation([0.6, 0.7])))) == 1


def test_examples_compare_numbers_lists_texts_and_truth() -> None:
    assert alike([[1.0, 2]], [[1.0001, 2.0]])
    assert alike("the input itself", "equal")
    assert alike({"a": 1}, {"a": 1})
    assert not alike([1.0], [1.0, 2.0])
    assert not alike(1.0, 1.1)
    assert not alike(True, 0)


accuracy = st.floats(0, 1)


@given(st.lists(accuracy, min_size=3, max_size=3), st.lists(accuracy, min_size=3, max_size=3), st.integers(2, 6))
def test_rounding_costs_nothing(train: list[float], test: list[float], digits: int) -> None:
    written = document("cifar")
    for entry, high, low in zip(written["models"].values(), train, test, strict=True):
        history = {"train_loss": [1.0, 0.5, 0.3], "train_accuracy": [0.1, 0.2, high], "test_accuracy": [0.1, 0.2, low]}
        gap = round(high - low, digits)
        entry |= {
            "train_accuracy": round(high, digits),
            "test_accuracy": round(low, digits),
            "generalization_gap": gap,
            "history": history,
        }
    assert share(RULES["overfitting"].judge(reading("cifar", written))) == 1
    roles_alone = RULES["accuracies"].judge(reading("cifar", written))[:3]
    assert share(roles_alone) == 1


@given(st.lists(accuracy, min_size=2, max_size=5), st.integers(2, 6))
def test_rounded_means_and_spreads_cost_nothing(accuracies: list[float], digits: int) -> None:
    stated = [round(each, digits) for each in accuracies]
    mean, spread = round(statistics.fmean(accuracies), digits), round(statistics.pstdev(accuracies), digits)
    runs = {"train_loss": [[1.0, 0.5, 0.3]] * len(stated)}
    change = put(test_accuracy=stated, mean_test_accuracy=mean, std_test_accuracy=spread, history=runs)
    assert judged("blocks", "blocks_performance", change)[0].holds == 1
    assert judged("blocks", "blocks_stability", change)[0].holds == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=10) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(PAIRS), st.data())
def test_no_document_breaks_a_rule(pair: tuple[str, str], data: st.DataObject) -> None:
    name, rule = pair
    written = copy.deepcopy(document(name))
    tables = [written, *written["layers" if name == "layers" else "models"].values()]
    for table in tables:
        for key in data.draw(st.sets(st.sampled_from(sorted(table)), max_size=3)):
            table[key] = data.draw(json_values)
    for handed_in in (True, False):
        for item in RULES[rule].judge(reading(name, written, handed_in)):
            assert 0 <= item.holds <= 1
            assert str(item.expected) and str(item.found) and str(item.why)


# --- each piece of work is asked for once ----------------------------------------------------------------------------

PIECES = [
    ("mnist", "hyperparameters", {"same_hyperparameters"}),
    ("mnist", "train_accuracy", {"accuracies"}),
    ("mnist", "test_accuracy", {"accuracies"}),
    ("mnist", "train_seconds", {"times"}),
    ("mnist", "inference_seconds", {"times"}),
    ("mnist", "history", {"curves"}),
    ("mnist", "parameters", {"parameters_match"}),
    ("cifar", "test_accuracy", {"accuracy_and_time"}),
    ("cifar", "train_accuracy", set()),
    ("cifar", "train_seconds", {"accuracy_and_time"}),
    ("cifar", "generalization_gap", {"overfitting"}),
    ("cifar", "confusion_matrix", {"confusion"}),
    ("cifar", "gradient_norms", {"gradient_norms"}),
    ("kernels", "conv_parameters", {"conv_parameters"}),
    ("kernels", "receptive_field", {"receptive_field"}),
    ("kernels", "receptive_field_measured", {"receptive_field"}),
    ("depth", "gradient_norms", {"gradient_norms"}),
    ("depth", "test_accuracy", {"accuracy_and_time"}),
    ("layers", "examples", {"layer_examples"}),
    ("layers", "standard", {"layer_comparison"}),
    ("layers", "gradcheck", {"layer_comparison"}),
    ("blocks", "mean_test_accuracy", {"blocks_performance"}),
    ("blocks", "block_parameters", {"block_parameters"}),
    ("blocks", "std_test_accuracy", {"blocks_stability"}),
    ("blocks", "diverged_runs", {"blocks_stability"}),
    ("blocks", "history", {"blocks_stability"}),
]


@pytest.mark.parametrize("handed_in", [True, False])
@pytest.mark.parametrize(("name", "field", "rules"), PIECES)
def test_a_piece_that_is_removed_costs_its_own_rule_alone(name: str, field: str, rules: set[str], handed_in: bool) -> None:
    written = document(name, handed_in)
    for entry in written["layers" if name == "layers" else "models"].values():
        del entry[field]
    asked = [rule for pair, rule in PAIRS if pair == name]
    assert {rule for rule in asked if share(RULES[rule].judge(reading(name, written, handed_in))) < 1} == rules
