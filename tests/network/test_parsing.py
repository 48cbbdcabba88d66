"""A stranger's document is a valid network or a GraphError that says where; nothing else can come of it."""

from __future__ import annotations

import copy
import functools
import json
import random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from grader.network import Graph, GraphError, Limits, parse_graph
from tests.border.mutations import places_in
from tests.network.exporting import reply


@functools.cache
def _text() -> str:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Dropout(0.5),
        nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    return json.dumps(reply(module, 1, 8, 8)[0]["training"])


def document() -> Any:
    return json.loads(_text())


def simple(*nodes: dict[str, Any], shape: tuple[int | None, ...] = (None, 4), tensors: tuple[dict[str, Any], ...] = ()) -> Any:
    """A document of one input ``x`` and these nodes; the last is the output."""
    defaults = {"kwargs": {}, "at": "net.py:7", "module": None}
    made = [defaults | node | {"name": f"n{place}"} for place, node in enumerate(nodes)]
    inputs = [{"name": "x", "shape": list(shape), "dtype": "float32"}]
    return {"inputs": inputs, "tensors": list(tensors), "nodes": made, "outputs": [{"ref": f"n{len(made) - 1}"}]}


def tensor(name: str, *shape: int, kind: str = "parameter", dtype: str = "float32") -> dict[str, Any]:
    return {"name": name, "kind": kind, "path": name, "storage": name, "shape": list(shape), "dtype": dtype, "trainable": True}


DEFAULT = Limits()
X = {"ref": "x"}
RELU = {"op": "aten.relu.default", "args": [X]}


def code(raw: Any, limits: Limits = DEFAULT) -> str:
    with pytest.raises(GraphError) as caught:
        parse_graph(raw, limits)
    return caught.value.code


def test_an_honest_document_is_parsed() -> None:
    graph = parse_graph(document())
    assert isinstance(graph, Graph) and [node.base for node in graph.nodes if node.kind == "conv"] == ["conv2d"]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"op": "aten.as_strided.default", "args": [X, [4], [1]]}, "operator"),
        ({"op": "os.system", "args": ["true"]}, "operator"),
        ({"op": "aten.relu.default", "args": []}, "argument"),
        ({"op": "aten.relu.default", "args": [X, X]}, "argument"),
        ({"op": "aten.relu.default", "args": [1]}, "argument"),
        ({"op": "aten.relu.default", "args": [{"ref": "later"}]}, "argument"),
        ({"op": "aten.relu.default", "args": [{"ref": ["x"]}]}, "argument"),
        ({"op": "aten.relu.default", "args": [X], "kwargs": {"out": X}}, "argument"),
        ({"op": "aten.softmax.int", "args": [X, 1.5]}, "argument"),
        ({"op": "aten.softmax.int", "args": [X, True]}, "argument"),
        ({"op": "aten.gelu.default", "args": [X], "kwargs": {"approximate": {"string": "__import__"}}}, "argument"),
        ({"op": "aten.einsum.default", "args": [{"string": "ij->__class__"}, [X]]}, "argument"),
        ({"op": "aten.view.default", "args": [X, [10**30]]}, "argument"),
        ({"op": "aten.view.default", "args": [X, [5, 5]]}, "shapes"),
        ({"op": "getitem", "args": [X, 0]}, "argument"),
        ({"op": "aten.repeat.default", "args": [X, [2**20, 2**20]]}, "intermediate-bytes"),
        ({"op": "aten.expand.default", "args": [{"ref": "x"}, [2**24, -1, 4]]}, "intermediate-bytes"),
    ],
)
def test_a_wrong_call_is_refused(node: dict[str, Any], expected: str) -> None:
    assert code(simple(node)) == expected


def test_the_error_names_node_operator_and_place() -> None:
    with pytest.raises(GraphError, match=r"n1, aten\.evil\.default, net\.py:7"):
        parse_graph(simple(RELU, {"op": "aten.evil.default", "args": []}))


@pytest.mark.parametrize("key", ["inputs", "tensors", "nodes", "outputs"])
def test_a_missing_or_unknown_key_is_refused(key: str) -> None:
    raw = document()
    assert code({name: value for name, value in raw.items() if name != key}) == "document"
    assert code(raw | {"hook": "code"}) == "document"


def test_a_name_is_defined_once_and_before_its_use() -> None:
    raw = simple(RELU, RELU)
    raw["nodes"][1]["name"] = "n0"
    assert code(raw) == "names"


def test_an_integer_of_the_free_batch_size_is_a_node() -> None:
    size = {"op": "aten.sym_size.int", "args": [X, 0]}
    half = {"op": "mul", "args": [{"ref": "n0"}, 2]}
    parse_graph(simple(size, half, {"op": "aten.view.default", "args": [X, [{"ref": "n1"}, 2]]}))
    assert code(simple(size, {"op": "floordiv", "args": [{"ref": "n0"}, 0]}, RELU)) == "shapes"


def test_caps_on_nodes_work_and_constants() -> None:
    assert code(simple(*[RELU] * 5), Limits(nodes=4)) == "too-many-nodes"
    product = {"op": "aten.linear.default", "args": [X, {"ref": "w"}]}
    big = simple(product, tensors=(tensor("w", 100, 4),))
    assert code(big, Limits(multiply_adds=399)) == "multiply-adds"
    parse_graph(big, Limits(multiply_adds=400))
    table = simple(product, tensors=(tensor("w", 100, 4, kind="constant"),))
    assert code(table, Limits(constant_bytes=1599)) == "constant-bytes"
    assert code(simple(RELU, shape=(None, 2**21))) == "intermediate-bytes"


def test_a_hidden_table_in_a_norms_statistics_is_a_constant() -> None:
    buffers = (tensor("mean", 2**15, kind="buffer"), tensor("var", 2**15, kind="buffer"))
    norm = {"op": "aten.batch_norm.default"}
    norm["args"] = [X, None, None, {"ref": "mean"}, {"ref": "var"}, False, 0.1, 1e-5, False]
    raw = simple(norm, shape=(None, 2**15), tensors=buffers)
    parse_graph(raw)
    raw["nodes"].append({"name": "use", "op": "aten.add.Tensor", "args": [X, {"ref": "mean"}], "kwargs": {}, "at": None, "module": None})
    assert code(raw) == "constant-bytes"


@pytest.mark.parametrize(("index", "allowed"), [("x", False), ("i", True)])
def test_a_table_may_not_be_looked_up_by_the_input(index: str, allowed: bool) -> None:
    whole = {"op": "aten.to.dtype", "args": [{"ref": index}, {"dtype": "int64"}]}
    look = {"op": "aten.embedding.default", "args": [{"ref": "w"}, {"ref": "n0"}]}
    raw = simple(whole, look, tensors=(tensor("w", 9, 2), tensor("i", 3, kind="buffer")))
    if allowed:
        parse_graph(raw)
    else:
        assert code(raw) == "lookup"


@pytest.mark.parametrize(("table", "allowed"), [("w", False), ("n0", True)])
def test_a_table_may_not_be_sampled_where_the_input_says(table: str, allowed: bool) -> None:
    image = {"op": "aten.view.default", "args": [X, [-1, 1, 2, 2]]}
    grid = {"op": "aten.view.default", "args": [X, [-1, 2, 1, 2]]}
    whole = {"op": "aten.expand.default", "args": [{"ref": table}, [-1, -1, -1, -1]]}
    sampled = {"op": "aten.grid_sampler.default", "args": [{"ref": "n2"}, {"ref": "n1"}, 0, 0, False]}
    shape = (1, 4) if table == "w" else (None, 4)
    raw = simple(image, grid, whole, sampled, shape=shape, tensors=(tensor("w", 1, 1, 9, 9),))
    if allowed:
        parse_graph(raw)
    else:
        assert code(raw) == "lookup"


def test_caps_on_the_sum_of_all_values_and_on_operands() -> None:
    assert code(simple(*[RELU] * 5, shape=(None, 2**10)), Limits(total_bytes=2**20)) == "total-bytes"
    joined = {"op": "aten.cat.default", "args": [[X] * 30]}
    assert code(simple(joined, joined), Limits(nodes=8)) == "too-many-refs"


@pytest.mark.parametrize(
    ("node", "work"),
    [
        ({"op": "aten.sum.default", "args": [{"ref": "x"}]}, 4),
        ({"op": "aten.cdist.default", "args": [{"ref": "w"}, {"ref": "w"}]}, 100 * 100 * 4),
        ({"op": "aten.sort.default", "args": [{"ref": "w"}]}, 400 * 16),
    ],
)
def test_work_is_counted_by_what_is_read_too(node: dict[str, Any], work: int) -> None:
    raw = simple(node, RELU, tensors=(tensor("w", 100, 4),))
    parse_graph(raw, Limits(multiply_adds=work + 4))
    assert code(raw, Limits(multiply_adds=work)) == "multiply-adds"


def test_a_lookup_index_written_in_place_is_seen() -> None:
    made = {"op": "aten.zeros.default", "args": [[4]], "kwargs": {"dtype": {"dtype": "int64"}}}
    written = {"op": "aten.copy_.default", "args": [{"ref": "n0"}, {"ref": "n1"}]}
    first = {"op": "aten.select.int", "args": [X, 0, 0]}
    look = {"op": "aten.embedding.default", "args": [{"ref": "w"}, {"ref": "n0"}]}
    assert code(simple(made, first, written, look, tensors=(tensor("w", 9, 2),))) == "lookup"


@pytest.mark.parametrize(("kind", "allowed"), [("parameter", False), ("constant", False), ("buffer", True)])
def test_only_buffers_may_be_written(kind: str, allowed: bool) -> None:
    write = {"op": "aten.add_.Tensor", "args": [{"ref": "w"}, 1]}
    raw = simple(write, RELU, tensors=(tensor("w", 2, kind=kind),))
    if allowed:
        parse_graph(raw)
    else:
        assert code(raw) == "write"


def test_a_write_through_a_view_of_a_parameter_is_refused() -> None:
    view = {"op": "aten.select.int", "args": [{"ref": "w"}, 0, 0]}
    raw = simple(view, {"op": "aten.zero_.default", "args": [{"ref": "n0"}]}, RELU, tensors=(tensor("w", 2, 2),))
    assert code(raw) == "write"


def test_taking_a_long_value_apart_is_refused_before_it_is_done() -> None:
    assert code(simple({"op": "aten.unbind.int", "args": [X, 1]}, RELU, shape=(None, 2**19))) == "shapes"


SCRAPS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}),
    st.sampled_from([{"ref": "x0"}, {"ref": "n3"}, {"dtype": "float64"}, {"string": "same"}, [1, 2], [2**31] * 3, 2**62, -1, 0]),
    st.sampled_from(["aten.view.default", "aten.unbind.int", "aten.zero_.default", "aten.matmul.default", "add", "getitem"]),
    st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2)),
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(scraps=st.lists(SCRAPS, min_size=1, max_size=3), seed=st.integers(0, 10**9), drop=st.booleans())
def test_a_mutated_document_raises_graph_error_or_nothing(scraps: list[Any], seed: int, drop: bool) -> None:
    raw, chance = document(), random.Random(seed)
    for scrap in scraps:
        holder, key = chance.choice(places_in(raw, []))
        if drop:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(scrap)
    try:
        graph = parse_graph(raw)
    except GraphError as error:
        assert str(error)
    else:
        assert graph.outputs


@settings(max_examples=60, deadline=None, derandomize=True)
@given(raw=SCRAPS)
def test_anything_else_is_no_graph(raw: Any) -> None:
    with pytest.raises(GraphError):
        parse_graph(raw)
