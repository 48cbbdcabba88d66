"""An operator that returns memory of an argument is known to: otherwise a later write would reach a weight or an image."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader.network import GraphError, parse_graph
from grader.network.operators import _KINDS, Argument, operator
from tests.network.test_parsing import RELU, X, simple, tensor

SHAPES = ((2, 4, 4, 4), (4, 4), (4,), (1, 4))
SCALARS: dict[str, tuple[Any, ...]] = {"int": (1, 0, 2), "float": (1.0, 0.5, 0.0), "number": (1, 0, 2), "bool": (False, True, False)}


def _value(argument: Argument, given: Tensor, place: int) -> Any:
    if argument.type == "Tensor":
        return given
    if argument.type in ("List[Tensor]", "List[Optional[Tensor]]"):
        return [given, given][: 1 + place % 2]
    if argument.type == "List[int]":
        return list(given.shape) if argument.name in ("size", "shape") else [1] * (1 + place)
    return SCALARS.get(argument.type, (None,) * 3)[place]


def _results(name: str, given: Tensor) -> list[Tensor]:
    """What an operator gives for some arguments of the right types, where it takes them."""
    found = operator(name)
    assert found is not None
    results: list[Tensor] = []
    for place in range(3):
        needed = [argument for argument in found.arguments if not isinstance(argument.default, (int, float, bool, str, list, type(None)))]
        kwargs = {argument.name: _value(argument, given, place) for argument in needed if argument.keyword_only}
        args = [_value(argument, given, place) for argument in needed if not argument.keyword_only]
        try:
            value = found.function(*args, **kwargs)
        except Exception:
            continue
        results += [each for each in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(each, Tensor)]
    return results


@pytest.mark.filterwarnings("ignore")
def test_no_operator_shares_memory_unless_it_says_so() -> None:
    sharing = set()
    for name in _KINDS:
        found = operator(name)
        if found is None or found.aliases or found.in_place:
            continue
        for shape in SHAPES:
            given = torch.rand(shape)
            home = given.untyped_storage().data_ptr()
            if any(value.numel() and value.untyped_storage().data_ptr() == home for value in _results(name, given)):
                sharing.add(name)
    assert not sharing


@pytest.mark.parametrize("view", ["_unsafe_view.default", "view.default", "reshape.default"])
def test_a_write_through_any_view_of_a_parameter_is_refused(view: str) -> None:
    seen = {"op": f"aten.{view}", "args": [{"ref": "w"}, [4]]}
    written = {"op": "aten.mul_.Scalar", "args": [{"ref": "n0"}, 2]}
    raw = simple(seen, written, RELU | {"args": [X]}, tensors=(tensor("w", 2, 2),))
    with pytest.raises(GraphError, match="writes to the parameter"):
        parse_graph(raw)
