"""A network crosses the border as data that computes what the student's code computes, or the reason is named."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader.sandbox.base import Answer, Sandbox
from tests.worker.asking import BATCH_SIZES, answer, ask, ask_export, candidate, fault, marked_line
from tests.worker.interpreter import run_graph

FREE = (
    "ok",
    "no_grad_inside",
    "item_as_factor",
    "pixel_list",
    "print_values",
    "tensor_constant",
    "assigned_attribute",
    "tied_weights",
    "channels_last",
    "batchnorm_of_one",
    "noisy",
)
FIXED = {"batch_loop": "a loop over the batch", "batch_index_loop": "a loop over the batch"}
ONE_SIZE = {"fixed_view": 4, "fixed_reshape": 32}
VALUES = {
    "numpy_in_forward": ".numpy()",
    "condition_on_values": "a condition on values of a tensor",
    "item_in_forward": ".item()",
    "int_of_sum": "a tensor turned into a number",
    "while_on_values": "a while loop on values",
    "deepcopy_in_forward": "copy.deepcopy",
}


def exported(sandbox: Sandbox, case: str, name: str = "Net", **arguments: Any) -> Answer:
    return answer(ask_export(sandbox, candidate(case, name, **arguments)))


def evaluate(found: Answer, graph: dict[str, Any], probe: Tensor) -> Tensor:
    with torch.no_grad():
        return run_graph(graph, found.tensors, [probe])[0]


def the_note(found: Answer, kind: str) -> dict[str, Any]:
    (note,) = [note for note in found.data["notes"] if note["kind"] == kind]
    assert note["remedy"] and note["message"] and note["construct"]
    return dict(note)


@pytest.mark.parametrize("case", FREE)
def test_a_free_batch_size_is_exported_without_a_word(sandbox: Sandbox, case: str) -> None:
    found = exported(sandbox, case)
    assert (found.data["form"], found.data["notes"]) == ("free", [])
    assert found.tensors["probe"].shape == (BATCH_SIZES[0], 1, 8, 8)
    output = evaluate(found, found.data["evaluation"], found.tensors["probe"])
    torch.testing.assert_close(output, found.tensors["outputs.0"])
    for mode in ("training", "evaluation"):
        assert evaluate(found, found.data[mode], torch.randn(7, 1, 8, 8)).shape == (7, 10)


def test_a_lazy_layer_is_filled_before_the_export(sandbox: Sandbox) -> None:
    found = exported(sandbox, "lazy_layer")
    assert found.data["form"] == "free"
    assert "lazy.weight" in the_note(found, "lazy")["message"]
    torch.testing.assert_close(evaluate(found, found.data["evaluation"], found.tensors["probe"]), found.tensors["outputs.0"])


def test_a_hook_in_the_way_is_taken_off_and_named(sandbox: Sandbox) -> None:
    found = exported(sandbox, "forward_hook")
    note = the_note(found, "hooks")
    assert found.data["form"] == "free"
    assert (note["file"], note["line"]) == ("forward_hook/models/net.py", marked_line("forward_hook"))
    torch.testing.assert_close(evaluate(found, found.data["evaluation"], found.tensors["probe"]), found.tensors["outputs.0"])


@pytest.mark.parametrize("case", FIXED)
def test_a_loop_over_the_batch_gives_one_graph_per_batch_size(sandbox: Sandbox, case: str) -> None:
    found = exported(sandbox, case)
    note = the_note(found, "fixed_batch")
    assert found.data["form"] == "fixed"
    assert note["construct"] == FIXED[case]
    assert (note["file"], note["line"]) == (f"{case}/models/net.py", marked_line(case))
    graphs = {str(BATCH_SIZES[0]): {"evaluation": found.data["evaluation"]}} | found.data["others"]
    assert set(graphs) == set(map(str, BATCH_SIZES))
    for size, pair in graphs.items():
        assert pair["evaluation"]["inputs"][0]["shape"][0] == int(size)
        output = evaluate(found, pair["evaluation"], found.tensors[f"probe@{size}"])
        torch.testing.assert_close(output, found.tensors[f"outputs@{size}"])


def test_a_batch_of_one_that_is_squeezed_away_is_named(sandbox: Sandbox) -> None:
    found = exported(sandbox, "bare_squeeze")
    assert found.data["form"] == "free"
    note = the_note(found, "fixed_batch")
    assert note["construct"] == "squeeze() without a dimension"
    assert note["line"] == marked_line("bare_squeeze")


@pytest.mark.parametrize("case", ONE_SIZE)
def test_a_number_for_the_batch_size_gives_a_graph_for_the_size_that_works(sandbox: Sandbox, case: str) -> None:
    found = exported(sandbox, case)
    note = the_note(found, "fixed_batch")
    assert note["construct"] == "a batch size written as a number"
    assert (note["file"], note["line"]) == (f"{case}/models/net.py", marked_line(case))
    assert found.data["evaluation"]["inputs"][0]["shape"][0] == ONE_SIZE[case]
    output = evaluate(found, found.data["evaluation"], found.tensors["probe"])
    torch.testing.assert_close(output, found.tensors["outputs.0"])


@pytest.mark.parametrize("case", VALUES)
def test_what_cannot_be_a_graph_comes_as_values_with_the_reason(sandbox: Sandbox, case: str) -> None:
    found = exported(sandbox, case)
    note = the_note(found, "construct")
    assert found.data["form"] == "values"
    assert note["construct"] == VALUES[case]
    assert (note["file"], note["line"]) == (f"{case}/models/net.py", marked_line(case))
    for size in BATCH_SIZES:
        assert found.tensors[f"outputs.{size}"].shape == (size, 10)
    for parameter in found.data["parameters"]:
        assert list(found.tensors[f"weights/{parameter['path']}"].shape) == parameter["shape"]


def test_what_no_grad_encloses_gets_no_gradient(sandbox: Sandbox) -> None:
    found = exported(sandbox, "no_grad_inside")
    graph, weights = found.data["training"], found.tensors
    moved = {tensor["path"] for tensor in graph["tensors"] if _has_gradient(graph, weights, tensor["storage"])}
    assert moved == {"head.weight", "head.bias"}


def _has_gradient(graph: dict[str, Any], weights: dict[str, Tensor], storage: str) -> bool:
    """Whether the output leads back to a weight, all others frozen."""
    others = [tensor | {"trainable": tensor["storage"] == storage} for tensor in graph["tensors"]]
    return run_graph({**graph, "tensors": others}, weights, [weights["probe"]])[0].requires_grad


def test_tied_weights_go_over_once(sandbox: Sandbox) -> None:
    found = exported(sandbox, "tied_weights")
    storages = {tensor["path"]: tensor["storage"] for tensor in found.data["training"]["tensors"]}
    assert storages["again.weight"] == storages["twin.weight"]
    assert storages["again.bias"] != storages["twin.bias"]


def test_nodes_say_where_they_come_from(sandbox: Sandbox) -> None:
    found = exported(sandbox, "ok")
    (conv,) = [node for node in found.data["evaluation"]["nodes"] if node["op"] == "aten.conv2d.default"]
    assert (conv["at"], conv["module"]) == ("ok/models/net.py:15", "block.0")


def test_training_and_evaluation_differ_where_the_network_does(sandbox: Sandbox) -> None:
    found = exported(sandbox, "ok")
    flags = {
        mode: [node["args"][5] for node in found.data[mode]["nodes"] if node["op"] == "aten.batch_norm.default"]
        for mode in ("training", "evaluation")
    }
    assert flags == {"training": [True], "evaluation": [False]}


@pytest.mark.parametrize(
    ("name", "training", "evaluation"),
    [
        ("AlwaysDropout", "aten.dropout.default", "aten.dropout.default"),
        ("HiddenByZero", "aten.sin.default", "aten.cos.default"),
        ("NoiseInTraining", "aten.randn_like.default", None),
        ("BatchStatistics", "aten.batch_norm.default", "aten.batch_norm.default"),
        ("CountsInTraining", "aten.add_.Tensor", None),
        ("OtherOutput", None, "aten.clamp.default"),
    ],
)
def test_a_mode_with_a_way_of_its_own_is_exported_as_it_is(
    sandbox: Sandbox, name: str, training: str | None, evaluation: str | None
) -> None:
    found = exported(sandbox, "two_modes", name)
    operators = {mode: {node["op"]: node["args"] for node in found.data[mode]["nodes"]} for mode in ("training", "evaluation")}
    own = {training, evaluation}
    assert {op for op in operators["training"] if op in own} == {training} - {None}
    assert {op for op in operators["evaluation"] if op in own} == {evaluation} - {None}
    active = operators["evaluation"].get("aten.dropout.default", [None, None, True])[2]
    assert active is True and operators["evaluation"].get("aten.batch_norm.default", [True] * 6)[5] is True


def test_a_factory_takes_arguments(sandbox: Sandbox) -> None:
    found = exported(sandbox, "ok", "make", width=6)
    assert found.tensors["outputs.0"].shape == (2, 6 * 64)


@pytest.mark.parametrize(("name", "arguments"), [("Cube", {}), ("Wrong", {"power": 3})])
def test_an_autograd_function_is_exported_as_what_it_computes(sandbox: Sandbox, name: str, arguments: dict[str, int]) -> None:
    found = exported(sandbox, "own_function", name, **arguments)
    assert found.data["functions"] == [name]
    probe = found.tensors["probe"]
    torch.testing.assert_close(evaluate(found, found.data["evaluation"], probe), probe**3)


def test_what_one_file_sets_for_the_process_does_not_reach_the_next(sandbox: Sandbox) -> None:
    before = exported(sandbox, "ok")
    answer(ask(sandbox, "load", {"file": "global_settings/models/net.py"}))
    after = exported(sandbox, "ok")
    assert before.data == after.data
    assert after.tensors["outputs.0"].dtype == torch.float32


def test_the_same_seed_gives_the_same_reply(sandbox: Sandbox) -> None:
    first, second = exported(sandbox, "ok"), exported(sandbox, "ok")
    assert first.data == second.data
    assert all(torch.equal(value, second.tensors[name]) for name, value in first.tensors.items())


def test_a_forward_that_fails_on_every_batch_is_a_fault_with_its_line(sandbox: Sandbox) -> None:
    found = fault(ask_export(sandbox, candidate("wrong_shape")))
    assert (found.kind, found.file, found.line) == ("forward", "wrong_shape/models/net.py", marked_line("wrong_shape"))
    assert "(2, 1, 8, 8)" in found.message
