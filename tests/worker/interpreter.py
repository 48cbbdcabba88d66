"""A second, tiny way to run a graph document, written for these tests: what comes over the wire has to mean something."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

_WORDS = {"dtype": torch, "memory_format": torch, "layout": torch}


def run_graph(graph: dict[str, Any], tensors: Mapping[str, Tensor], inputs: Sequence[Tensor]) -> list[Tensor]:
    """The outputs of a graph for these inputs; weights are looked up by storage name and copied."""
    shared = {tensor["storage"]: tensors[tensor["storage"]].clone() for tensor in graph["tensors"]}
    for tensor in graph["tensors"]:
        shared[tensor["storage"]].requires_grad_(tensor["trainable"])
    values: dict[str, Any] = {tensor["name"]: shared[tensor["storage"]] for tensor in graph["tensors"]}
    values |= {spec["name"]: value.clone() for spec, value in zip(graph["inputs"], inputs, strict=True)}
    for node in graph["nodes"]:
        arguments = [_value(argument, values) for argument in node["args"]]
        named = {key: _value(argument, values) for key, argument in node["kwargs"].items()}
        values[node["name"]] = _operator(node["op"])(*arguments, **named)
    return [_value(output, values) for output in graph["outputs"]]


def _operator(name: str) -> Any:
    if "." not in name:
        return getattr(operator, name)
    _, operation, overload = name.split(".")
    return getattr(getattr(torch.ops.aten, operation), overload)


def _value(argument: Any, values: dict[str, Any]) -> Any:
    if isinstance(argument, list):
        return [_value(item, values) for item in argument]
    if not isinstance(argument, dict):
        return argument
    ((key, word),) = argument.items()
    if key == "ref":
        return values[word]
    if key in _WORDS:
        return getattr(_WORDS[key], word)
    return {"float": float, "device": torch.device, "string": str}[key](word)
