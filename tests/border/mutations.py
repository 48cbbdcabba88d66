"""Hostile replies out of a string of bytes: real ones, exported here, changed where it hurts.

Another value, an argument of another node, one node more, a dtype, a shape, a storage.
"""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from grader.network.values import DTYPES
from tests.border.graphs import FLOATS, NUMBERS, OPERATORS, Choices, Reply, random_node
from tests.network.exporting import reply

VALUES = (0.0, 1.0, -1.0, float("nan"), float("inf"), float("-inf"), 1e38, 1e-44)
TEXTS = ("", "x0", "t0", "n0", "s0", "cpu", "none", "constant", "ij,jk->ik", "...i->...", "__import__", "\x1b[2J", "ä", "a" * 401)
SCRAPS: tuple[Any, ...] = (
    None, True, False, [], {}, [[]], [0], [1, -1], [[0, 0]], [2, 2], [3, 3, 3, 3], [None], {"ref": "x0"}, {"ref": "n0"}, {"ref": "t0"},
    {"float": "nan"}, {"float": "inf"}, {"dtype": "float64"}, {"dtype": "int8"}, {"string": "same"}, {"device": "cpu"}, {"ref": None},
    {"memory_format": "channels_last"}, {"layout": "strided"}, [{"ref": "x0"}] * 3,
)  # fmt: skip


class Mixed(nn.Module):
    """Many kinds of operators in few nodes: a written slice, a table of positions, attention, a mask, noise in training."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.table = nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Embedding(16, 4)
        self.head = nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))
        self.register_buffer("mask", torch.triu(torch.full((16, 16), float("-inf")), 1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x)).relu_().flatten(2).transpose(1, 2) + self.table(torch.arange(16))
        y = torch.softmax(y @ y.transpose(1, 2) + self.mask, -1) @ y
        y[:, 0] = 0
        if self.training:
            y = y + 0.1 * torch.randn_like(y)
        parts = y.split(2, dim=2)
        return self.head(torch.cat([torch.max_pool1d(parts[0].transpose(1, 2), 16).flatten(1), parts[1].mean(1)], 1))


class Skip(nn.Module):
    """A residual block with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.norm = nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1), nn.GroupNorm(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.b(nn.functional.relu(self.norm(self.a(x))))
        return nn.functional.dropout(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1), 0.2, self.training)


class OneSize(nn.Module):
    """A network that takes a batch of 4 only: the reply has graphs of fixed sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.view(4, 8) if len(x) == 4 else x.reshape(x.shape[0], -1)[:, :8])


@functools.cache
def seeds() -> tuple[Reply, ...]:
    """Real replies: three small networks and one of the reference's."""
    torch.manual_seed(0)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "reference"))
    from models.fc_models import FullyConnectedMNIST

    found = [reply(Mixed(), 2, 4, 4), reply(Skip(), 2, 4, 4), reply(OneSize(), 2, 2, 2), reply(FullyConnectedMNIST(), 1, 28, 28)]
    return tuple(found)


def mutated_reply(data: bytes) -> Reply:
    """A real reply with as many changes as there are bytes for."""
    choices = Choices(data)
    document, tensors = choices.one(seeds())
    document, tensors = copy.deepcopy(document), dict(tensors)
    for _ in range(6):
        if not choices:
            break
        choices.one(CHANGES)(document, tensors, choices)
    return document, tensors


def _graph(document: dict[str, Any], choices: Choices) -> dict[str, Any]:
    graph = document.get(choices.one(("evaluation", "training")))
    return graph if isinstance(graph, dict) else {}


def _list(graph: dict[str, Any], key: str) -> list[Any]:
    found = graph.get(key)
    return found if isinstance(found, list) and found else [{}]


def places_in(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every container in a document with every key or index of it, added to `found`."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found.append((value, key))
        places_in(value[key], found)
    return found


def _scrap(choices: Choices) -> Any:
    return copy.deepcopy(choices.one((*NUMBERS, *FLOATS, *TEXTS, *SCRAPS)))


def _anywhere(document: dict[str, Any], tensors: dict[str, Tensor], choices: Choices) -> None:
    holder, key = choices.one(places_in(document, []) or [({}, "x")])
    holder[key] = _scrap(choices)


def _dropped(document: dict[str, Any], tensors: dict[str, Tensor], choices: Choices) -> None:
    holder, key = choices.one(places_in(document, []) or [({"x": 0}, "x")])
    del holder[key]


def _argument(document: dict[str, Any], tensors: dict[str, Tensor], choices: Choices) -> None:
    node = choices.one(_list(_graph(document, choices), "nodes"))
    holder, key = choices.one(places_in(node.get("args") if isinstance(node, dict) else [], []) or [({}, "x")])
    holder[key] = _scrap(choices)


def _reference(document: dict[str, Any], tensors: dict[str, Tensor], choices: Choices) -> None:
    graph = _graph(document, choices)
    refs = [holder for holder, key in places_in([graph.get("nodes"), graph.get("outputs")], []) if key == "ref"]
    if refs:
        choices.one(refs)["ref"] = choices.one(refs).get("ref")


def _operator(document: dict[str, Any], tensors: dict[str, Tensor], choices: Choices) -> None:
    node = choices.one(_list(_graph(document, choices), "nodes"))
    if isinstance(node, dict):
        node["op"] = choices.one(OPERATORS)


def _inserted(document: dict[str, Any], tensors: dict[str, Tensor], choices: Choices) -> None:
    """One more node of any operator, and with a byte for it the node's user reads it."""
    graph = _graph(document, choices)
    nodes = _list(graph, "nodes")
    place = choices.number(len(nodes) + 1)
    names = [spec.get("name") for key in ("inputs", "tensors") for spec in _list(graph, key) if isinstance(spec, dict)]
    names += [node.get("name") for node in nodes[:place] if isinstance(node, dict)]
    node = random_node(f"new{len(nodes)}", choices, [str(name) for name in names])
    nodes.insert(place, node)
    if choices.number(2) and isinstance(graph.get("outputs"), list):
        graph["outputs"] = [{"ref": node["name"]}]


def _spec(document: dict[str, Any], tensors: dict[str, Tensor], choices: Choices) -> None:
    spec = choices.one(_list(_graph(document, choices), choices.one(("tensors", "inputs"))))
    if isinstance(spec, dict) and spec:
        key = choices.one(("shape", "dtype", "kind", "storage", "path", "name", "trainable"))
        made = {"dtype": choices.one(list(DTYPES)), "kind": choices.one(("parameter", "buffer", "constant")), "shape": _shape(choices)}
        spec[key] = made.get(key, _scrap(choices))


def _shape(choices: Choices) -> list[Any]:
    return [choices.one((None, 0, 1, 2, 4, 2**31, 64, 4096)) for _ in range(choices.number(6))]


def _tensor(document: dict[str, Any], tensors: dict[str, Tensor], choices: Choices) -> None:
    """Another tensor under a name: other values, another type or shape, or none."""
    name = choices.one(sorted(tensors)) if tensors else "s0"
    old = tensors.pop(name, torch.zeros(2))
    change = choices.number(5)
    if change == 0:
        tensors[name] = old.clone()
        tensors[name].view(-1)[:1] = choices.one(VALUES) if old.is_floating_point() else 0
    elif change == 1:
        tensors[name] = torch.zeros([min(side or 0, 4) for side in _shape(choices)], dtype=old.dtype)
    elif change == 2:
        tensors[name] = old.to(choices.one(list(DTYPES.values())))
    elif change == 3:
        tensors[name] = old[:0] if old.ndim else old.reshape(1)


CHANGES: tuple[Callable[[dict[str, Any], dict[str, Tensor], Choices], None], ...] = (
    _argument, _operator, _inserted, _reference, _spec, _tensor, _anywhere, _dropped,
)  # fmt: skip
