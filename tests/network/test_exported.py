"""A reply of the export verb is believed in nothing that it does not prove."""

from __future__ import annotations

import copy
import functools
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.network import GraphError, from_reply
from tests.network.exporting import reply


@functools.cache
def _reply() -> tuple[dict[str, Any], dict[str, Tensor]]:
    return reply(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)), 1, 6, 6)


def _weights(data: dict[str, Any]) -> str:
    return next(str(spec["storage"]) for spec in data["training"]["tensors"] if spec["kind"] == "parameter")


def _drop(data: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    del tensors[_weights(data)]


def _reshape(data: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    name = _weights(data)
    tensors[name] = tensors[name].flatten()


def _retype(data: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    name = _weights(data)
    tensors[name] = tensors[name].double()


def _swap_storages(data: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    for spec in data["evaluation"]["tensors"]:
        spec["storage"] = spec["storage"] + "x"
    tensors |= {name + "x": value for name, value in tensors.items()}


def _write_in_evaluation(data: dict[str, Any], _: dict[str, Tensor]) -> None:
    data["evaluation"] = data["training"]


def _other_probe(_: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    tensors.update({name: torch.zeros(4, 2, 6, 6) for name in tensors if name.startswith("probe")})


CHANGES: dict[str, tuple[Callable[[dict[str, Any], dict[str, Tensor]], object], str]] = {
    "missing weight": (_drop, "weights"),
    "shape of a weight": (_reshape, "weights"),
    "dtype of a weight": (_retype, "weights"),
    "two sets of weights": (_swap_storages, "weights"),
    "state in evaluation": (_write_in_evaluation, "write"),
    "probe": (_other_probe, "probe"),
    "form": (lambda data, _: data.update(form="values"), "form"),
    "unknown key": (lambda data, _: data.update(code="x"), "document"),
    "notes": (lambda data, _: data.update(notes=[1]), "document"),
    "others": (lambda data, _: data.update(others={"x": {}}), "document"),
}


def test_an_honest_reply_is_taken() -> None:
    exported = from_reply(*_reply())
    assert exported.form == "free" and exported.evaluation_for(17) is exported.evaluation
    assert {spec.path for spec in exported.specs if spec.kind == "parameter"} == {"0.weight", "0.bias", "1.weight", "1.bias"}


@pytest.mark.parametrize("name", CHANGES)
def test_a_forged_reply_is_refused(name: str) -> None:
    change, code = CHANGES[name]
    data, tensors = copy.deepcopy(_reply())
    change(data, tensors)
    with pytest.raises(GraphError) as caught:
        from_reply(data, tensors)
    assert caught.value.code == code


@pytest.mark.parametrize("data", [None, [], {}, {"form": "free"}, {"form": ["free"]}])
def test_what_is_no_reply_is_refused(data: Any) -> None:
    with pytest.raises(GraphError):
        from_reply(data, {})


def test_it_survives_the_way_between_the_trusted_processes() -> None:
    exported = from_reply(*_reply())
    again = pickle.loads(pickle.dumps(exported))
    assert again.training == exported.training and again.evaluation == exported.evaluation
