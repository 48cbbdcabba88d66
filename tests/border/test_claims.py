"""What comes beside the graphs: weights that are no numbers, runs of sizes that nobody measured, texts that move a cursor."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.network import GraphError, NetworkError, analyse, from_reply
from tests.border.graphs import Reply, tensors_for
from tests.border.mutations import OneSize
from tests.network.exporting import reply
from tests.network.test_parsing import X, simple, tensor

Data = dict[str, Any]
Tensors = dict[str, Tensor]


class Placed(nn.Module):
    """Honest tables: positions, a mask with infinities, an embedding of constants, statistics of a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.table = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Embedding(16, 4)
        self.positions = nn.Parameter(torch.randn(16, 4))
        self.register_buffer("mask", torch.triu(torch.full((16, 16), float("-inf")), 1))
        self.register_buffer("numbers", torch.arange(16))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x)).flatten(2).mT + self.positions + self.table(self.numbers)
        return (torch.softmax(y @ y.mT + self.mask, -1) @ y).mean(1)


@functools.cache
def _placed() -> Reply:
    torch.manual_seed(0)
    return reply(Placed(), 1, 4, 4)


@functools.cache
def _one_size() -> Reply:
    return reply(OneSize(), 2, 2, 2)


def _storage(data: Data, path: str) -> str:
    return next(str(spec["storage"]) for spec in data["training"]["tensors"] if spec["path"] == path)


def _spoil(path: str, value: float) -> Callable[[Data, Tensors], object]:
    def change(data: Data, tensors: Tensors) -> None:
        name = _storage(data, path)
        tensors[name] = tensors[name].clone().fill_(value)

    return change


def _shared(data: Data, tensors: Tensors) -> None:
    """A parameter of one graph that is a constant in the other."""
    for spec in data["evaluation"]["tensors"]:
        if spec["path"] == "positions":
            spec["kind"], spec["path"] = "constant", "other"


CHANGES: dict[str, tuple[Callable[[], Reply], Callable[[Data, Tensors], object], str]] = {
    "a weight of NaN": (_placed, _spoil("conv.weight", float("nan")), "not-finite"),
    "an infinite weight": (_placed, _spoil("conv.weight", float("inf")), "not-finite"),
    "a mask of NaN": (_placed, _spoil("mask", float("nan")), "not-finite"),
    "no sample": (_placed, lambda _, tensors: tensors.update(probe=torch.zeros(0, 1, 4, 4)), "probe"),
    "a thousand samples": (_placed, lambda _, tensors: tensors.update(probe=torch.zeros(1000, 1, 4, 4)), "probe"),
    "outputs of no size": (_placed, lambda _, tensors: tensors.update({"outputs.0": torch.empty(0, 2**30)}), "outputs"),
    "outputs of another shape": (_placed, lambda _, tensors: tensors.update({"outputs.0": torch.zeros(4, 5)}), "outputs"),
    "a note that is a list": (_placed, lambda data, _: data.update(notes=[{"kind": ["x"]}]), "document"),
    "a function that is a list": (_placed, lambda data, _: data.update(functions=[["x"]]), "document"),
    "one storage of two kinds": (_placed, _shared, "weights"),
    "others beside a free size": (_placed, lambda data, _: data.update(others={"2": {**data}}), "document"),
    "another size than it says": (_one_size, lambda data, _: data.update(others={"3": data["others"]["2"]}), "inputs"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_claim_that_lies_is_refused(name: str) -> None:
    make, change, code = CHANGES[name]
    data, tensors = copy.deepcopy(make())
    change(data, tensors)
    with pytest.raises(GraphError) as caught:
        from_reply(data, tensors)
    assert caught.value.code == code


def test_honest_tables_and_masks_are_taken() -> None:
    facts = analyse(from_reply(*_placed()), seed=0)
    assert facts.finite and facts.evaluation_agrees and facts.eager_agrees and facts.modes == "same"


def test_outputs_of_nan_break_nothing_and_are_seen() -> None:
    data, tensors = _placed()
    facts = analyse(from_reply(data, tensors | {"outputs.0": torch.full((4, 4), float("nan"))}), seed=0)
    assert facts.finite and not facts.eager_agrees


def test_a_probe_of_nan_breaks_nothing() -> None:
    data, tensors = _placed()
    assert not analyse(from_reply(data, tensors | {"probe": torch.full((4, 1, 4, 4), float("nan"))}), seed=0).finite


def test_the_graph_takes_what_was_asked_for() -> None:
    assert from_reply(*_placed(), shapes=[[1, 4, 4]]).form == "free"
    with pytest.raises(GraphError, match="other inputs"):
        from_reply(*_placed(), shapes=[[1, 28, 28]])


def test_what_is_shown_moves_no_cursor() -> None:
    data, tensors = copy.deepcopy(_placed())
    data["notes"] = [{"kind": "lazy", "message": "a\x1b[2J", "line": 10**400}]
    data["evaluation"]["nodes"][0]["at"] = "net.py\x1b]0;x"
    exported = from_reply(data, tensors)
    assert exported.notes[0].message == "a?[2J" and exported.notes[0].line is None
    assert exported.evaluation.nodes[0].at == "net.py?]0;x"


SMALLEST, MINUS_ONE = {"float": "-inf"}, -1
REFUSED: dict[str, tuple[list[dict[str, Any]], tuple[dict[str, Any], ...]]] = {
    # ends the process in torch's own operator (SIGFPE)
    "smallest by -1": (
        [
            {"op": "aten.full.default", "args": [[1], -(2**31)], "kwargs": {"dtype": {"dtype": "int32"}}},
            {"op": "aten.div.Scalar_mode", "args": [{"ref": "n0"}, -1], "kwargs": {"rounding_mode": {"string": "trunc"}}},
            {"op": "aten.add.Tensor", "args": [X, {"ref": "n1"}]},
        ],
        (),
    ),
    # reads behind the end of a tensor
    "a short gain": (
        [
            {"op": "aten._weight_norm.default", "args": [{"ref": "v"}, {"ref": "g"}, 1]},
            {"op": "aten.linear.default", "args": [X, {"ref": "n0"}]},
        ],
        (tensor("v", 8, 4), tensor("g", 1, 2)),
    ),
    # returns memory that nobody wrote
    "a mode that is not": (
        [
            {"op": "aten.view.default", "args": [X, [-1, 1, 2, 2]]},
            {"op": "aten.zeros.default", "args": [[2, 2, 2, 2]]},
            {"op": "aten.grid_sampler.default", "args": [{"ref": "n0"}, {"ref": "n1"}, 9, 9, False]},
        ],
        (),
    ),
    # 2 billion empty tensors
    "parts without end": (
        [{"op": "aten.tensor_split.sections", "args": [X, 2**31]}, {"op": "getitem", "args": [{"ref": "n0"}, 0]}],
        (),
    ),
    "more sides than there are": ([{"op": "aten.view.default", "args": [X, [-1] + [1] * 40]}], ()),
    "no derivative": (
        [{"op": "aten.normal_functional.default", "args": [X]}, {"op": "aten.mul.Tensor", "args": [X, {"ref": "n0"}]}],
        (),
    ),
    "statistics in a parameter": (
        [{"op": "aten.batch_norm.default", "args": [X, None, None, {"ref": "m"}, {"ref": "v"}, True, 1.0, 1e-5, False]}],
        (tensor("m", 4), tensor("v", 4)),
    ),
    "statistics in an input": (
        [
            {"op": "aten.select.int", "args": [X, 0, 0]},
            {"op": "aten.batch_norm.default", "args": [X, None, None, {"ref": "n0"}, {"ref": "n0"}, True, 1.0, 1e-5, False]},
        ],
        (),
    ),
    "a parameter written as the second of several": (
        [
            {"op": "aten.broadcast_tensors.default", "args": [[X, {"ref": "p"}]]},
            {"op": "getitem", "args": [{"ref": "n0"}, 1]},
            {"op": "aten.zero_.default", "args": [{"ref": "n1"}]},
        ],
        (tensor("p", 2, 4),),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_graph_that_would_harm_the_examiner_is_refused(name: str) -> None:
    nodes, tensors = REFUSED[name]
    try:
        data, values = tensors_for(simple(*nodes, tensors=tensors))
        analyse(from_reply(data, values | {"probe": torch.ones(2, 4)}), seed=0)
    except NetworkError as error:
        assert error.sentence
    else:
        assert name == "smallest by -1"  # computed without the operator that ends the process


def test_an_integer_parameter_wants_no_gradient() -> None:
    whole = tensor("w", 4, dtype="int64")
    exported = from_reply(*_with_probe(simple({"op": "aten.mul.Tensor", "args": [X, {"ref": "w"}]}, tensors=(whole,))))
    assert not exported.specs[0].trainable and analyse(exported, seed=0).parameters == 0


def _with_probe(document: Any) -> Reply:
    data, tensors = tensors_for(document)
    return data, tensors | {"probe": torch.ones(2, 4)}


def test_a_fixed_batch_of_none_is_refused() -> None:
    with pytest.raises(GraphError, match="no samples"):
        tensors_for(simple({"op": "aten.relu.default", "args": [X]}, shape=(0, 4)))
    with pytest.raises(GraphError, match="no samples"):
        tensors_for(simple({"op": "aten.relu.default", "args": [X]}, shape=()))


def test_evaluation_keeps_no_state_in_a_norms_statistics() -> None:
    """Training statistics in evaluation: each run starts from the same ones, and the caller's stay."""
    buffers = (tensor("m", 4, kind="buffer"), tensor("v", 4, kind="buffer"))
    norm = {"op": "aten.batch_norm.default", "args": [X, None, None, {"ref": "m"}, {"ref": "v"}, True, 1.0, 1e-5, False]}
    shift = {"op": "aten.add.Tensor", "args": [{"ref": "n0"}, {"ref": "m"}]}
    exported = from_reply(*_with_probe(simple(norm, shift, tensors=buffers)))
    from grader.network import Network

    network = Network(exported.training, exported.evaluation, exported.weights).eval()
    image = torch.tensor([[1.0, 2, 3, 4], [0, 0, 1, 2]])
    assert torch.equal(network(image), network(image)) and torch.equal(network.state_dict()["weight0"], exported.weights["m"])
