"""Hostile replies and graphs, drawn as the fuzzer draws them: only a NetworkError may come out, and nothing is written to."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.network import NetworkError, analyse, from_reply
from tests.border.graphs import random_graph, tensors_for
from tests.border.mutations import mutated_reply

FAST = settings(max_examples=40, deadline=None, derandomize=True)


@FAST
@given(data=st.binary(max_size=60))
def test_a_changed_reply_is_a_network_or_refused(data: bytes) -> None:
    document, tensors = mutated_reply(data)
    before = {name: value.clone() for name, value in tensors.items()}
    try:
        exported = from_reply(document, tensors)
    except NetworkError as error:
        assert str(error) and error.sentence
        return
    assert exported.outputs and all(value.isfinite().all() for value in exported.weights.values() if value.requires_grad)
    assert all(torch.equal(tensors[name].nan_to_num(), value.nan_to_num()) for name, value in before.items())


@FAST
@given(data=st.binary(max_size=80))
def test_a_graph_of_random_operators_is_analysed_or_refused(data: bytes) -> None:
    try:
        facts = analyse(from_reply(*tensors_for(random_graph(data))), seed=0)
    except NetworkError as error:
        assert error.sentence
    else:
        assert facts.output_shapes
