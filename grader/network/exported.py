"""A validated reply to the export verb: two graphs of one network, its initial weights, and what came with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from grader.records import Fault

from .claims import functions_of, notes_of, outputs_of, probe_of, weights_of
from .graph import Graph, Limits, TensorSpec
from .parsing import parse_graph
from .values import GraphError

_FORMS = ("free", "fixed")
_MOST_OTHERS = 4
_KEYS = {"training", "evaluation", "form", "notes", "outputs", "functions", "others"}


@dataclass(frozen=True)
class Exported:
    """A network as data. Everything in it is validated; that it is the student's network is the worker's claim."""

    training: Graph
    evaluation: Graph
    weights: Mapping[str, Tensor]  # storage -> initial value
    probe: tuple[Tensor, ...]  # the inputs that the worker ran, (N, ...) each
    outputs: tuple[Tensor, ...]  # what the worker says came out, in evaluation mode
    form: str  # "free" | "fixed"
    notes: tuple[Fault, ...]
    functions: tuple[str, ...]  # the student's autograd.Function classes
    others: Mapping[int, tuple[Graph, Graph]]  # form "fixed": batch size -> (training, evaluation)

    def evaluation_for(self, batch: int) -> Graph | None:
        """The evaluation graph that takes a batch of that size, None where only other sizes could be exported."""
        graphs = (self.evaluation, *(pair[1] for pair in self.others.values()))
        return next((graph for graph in graphs if graph.fixed_batch in (None, batch)), None)

    @property
    def largest(self) -> tuple[Graph, Graph]:
        """Training and evaluation graph of the free batch size, or of the largest fixed one."""
        pairs = [(self.training, self.evaluation), *self.others.values()]
        return max(pairs, key=lambda pair: math.inf if pair[0].fixed_batch is None else pair[0].fixed_batch)

    @property
    def specs(self) -> tuple[TensorSpec, ...]:
        """Every parameter, buffer and constant of the two graphs, each path once."""
        found = {spec.path: spec for spec in (*self.training.tensors, *self.evaluation.tensors)}
        return tuple(found.values())


def from_reply(
    data: Any,
    tensors: Mapping[str, Tensor],
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    shapes: Sequence[Sequence[int]] | None = None,
) -> Exported:
    """Validate the data and tensors of an export reply with a graph ("form" is "free" or "fixed").

    ``shapes`` are those of one sample of each input, as they were asked for: the caps hold for the graph's own inputs only.
    Raises GraphError, also for form "values": that reply holds no network.
    """
    if not isinstance(data, dict) or data.get("form") not in _FORMS:
        raise GraphError("form", "The network could not be exported as a graph")
    if not {"training", "evaluation"} <= data.keys() <= _KEYS:
        raise GraphError("document", "The reply lacks a graph or has unknown keys")
    training, evaluation = _pair(data, limits)
    if shapes is not None and [spec.shape[1:] for spec in evaluation.inputs] != [tuple(shape) for shape in shapes]:
        raise GraphError("inputs", "The graph takes other inputs than those that the task asks for")
    others = _others(data.get("others") or {}, evaluation, limits)
    graphs = (training, evaluation, *(graph for pair in others.values() for graph in pair))
    weights = weights_of(graphs, tensors)
    probe = probe_of(evaluation, tensors, limits)
    outputs = outputs_of(evaluation, tensors, len(probe[0]))
    notes, functions = notes_of(data.get("notes")), functions_of(data.get("functions"))
    return Exported(training, evaluation, weights, probe, outputs, data["form"], notes, functions, others)


def _pair(data: dict[str, Any], limits: Limits) -> tuple[Graph, Graph]:
    training, evaluation = parse_graph(data["training"], limits), parse_graph(data["evaluation"], limits)
    written = {node.refs[0]: node for node in evaluation.nodes if node.operator.in_place}
    for spec in evaluation.tensors:
        if spec.name in written:
            node = written[spec.name]
            sentence = f"The buffer {spec.path!r} is written in evaluation mode, so the network keeps state"
            raise GraphError("write", sentence, node=node.name, op=node.op, at=node.at)
    if _takes(training) != _takes(evaluation):
        raise GraphError("inputs", "The training and the evaluation graph take different inputs")
    return training, evaluation


def _takes(graph: Graph) -> list[tuple[tuple[int | None, ...], str]]:
    return [(spec.shape, spec.dtype) for spec in graph.inputs]


def _others(raw: Any, main: Graph, limits: Limits) -> dict[int, tuple[Graph, Graph]]:
    if not isinstance(raw, dict) or len(raw) > _MOST_OTHERS:
        raise GraphError("document", f"The graphs of other batch sizes have to be an object with at most {_MOST_OTHERS} keys")
    if raw and main.fixed_batch is None:
        raise GraphError("document", "A graph of a free batch size has no others beside it")
    found = {}
    for key, pair in raw.items():
        if not (isinstance(key, str) and key.isdecimal() and len(key) < 6 and isinstance(pair, dict)):
            raise GraphError("document", "A batch size has to be a number")
        if pair.keys() != {"training", "evaluation"}:
            raise GraphError("document", "A batch size has to hold a training and an evaluation graph")
        other = found[int(key)] = _pair(pair, limits)
        sample = [(shape[1:], dtype) for shape, dtype in _takes(other[1])]
        if other[1].fixed_batch != int(key) or sample != [(shape[1:], dtype) for shape, dtype in _takes(main)]:
            raise GraphError("inputs", "The graphs of two batch sizes take different samples")
    return found
