"""A validated reply to the export verb: two graphs of one network, its initial weights, and what came with them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from grader.records import Fault

from .graph import Graph, Limits, TensorSpec
from .parsing import parse_graph
from .values import DTYPES, MAX_TEXT, GraphError

_FORMS = ("free", "fixed")
_KEYS = {"training", "evaluation", "form", "notes", "outputs", "functions", "others"}
_NOTE_KEYS = {"kind", "message", "file", "line", "construct", "remedy"}


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


def from_reply(data: Any, tensors: Mapping[str, Tensor], limits: Limits = Limits()) -> Exported:  # noqa: B008 (frozen)
    """Validate the data and tensors of an export reply with a graph ("form" is "free" or "fixed").

    Raises GraphError, also for form "values": that reply holds no network.
    """
    if not isinstance(data, dict) or data.get("form") not in _FORMS:
        raise GraphError("form", "The network could not be exported as a graph")
    if not {"training", "evaluation"} <= data.keys() <= _KEYS:
        raise GraphError("document", "The reply lacks a graph or has unknown keys")
    training, evaluation = _pair(data, limits)
    others = _others(data.get("others") or {}, limits)
    graphs = (training, evaluation, *(graph for pair in others.values() for graph in pair))
    weights = _weights(graphs, tensors)
    probe = _probe(evaluation, tensors)
    outputs = tuple(_output(tensors, place) for place in range(len(evaluation.outputs)))
    notes = tuple(_note(raw) for raw in _short_list(data.get("notes")))
    functions = tuple(str(name)[:MAX_TEXT] for name in _short_list(data.get("functions")))
    return Exported(training, evaluation, weights, probe, outputs, data["form"], notes, functions, others)


def _pair(data: dict[str, Any], limits: Limits) -> tuple[Graph, Graph]:
    training, evaluation = parse_graph(data["training"], limits), parse_graph(data["evaluation"], limits)
    written = {node.refs[0]: node for node in evaluation.nodes if node.operator.in_place}
    for spec in evaluation.tensors:
        if spec.name in written:
            node = written[spec.name]
            sentence = f"The buffer {spec.path!r} is written in evaluation mode, so the network keeps state"
            raise GraphError("write", sentence, node=node.name, op=node.op, at=node.at)
    if [spec.shape for spec in training.inputs] != [spec.shape for spec in evaluation.inputs]:
        raise GraphError("inputs", "The training and the evaluation graph take different inputs")
    return training, evaluation


def _others(raw: Any, limits: Limits) -> dict[int, tuple[Graph, Graph]]:
    if not isinstance(raw, dict) or len(raw) > 8:
        raise GraphError("document", "The graphs of other batch sizes have to be an object with at most 8 keys")
    found = {}
    for key, pair in raw.items():
        if not (isinstance(key, str) and key.isdecimal() and len(key) < 6 and isinstance(pair, dict)):
            raise GraphError("document", "A batch size has to be a number")
        if pair.keys() != {"training", "evaluation"}:
            raise GraphError("document", "A batch size has to hold a training and an evaluation graph")
        found[int(key)] = _pair(pair, limits)
    return found


def _weights(graphs: tuple[Graph, ...], tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    by_path: dict[str, TensorSpec] = {}
    for spec in (spec for graph in graphs for spec in graph.tensors):
        first = by_path.setdefault(spec.path, spec)
        if (first.storage, first.shape, first.kind) != (spec.storage, spec.shape, spec.kind):
            raise GraphError("weights", f"{spec.path!r} is not the same tensor in the two graphs")
        value = tensors.get(spec.storage)
        if value is None or tuple(value.shape) != spec.shape or value.dtype != DTYPES[spec.dtype]:
            raise GraphError("weights", f"The weights of {spec.path!r} are missing or have another shape or dtype")
        weights[spec.storage] = value
    return weights


def _probe(evaluation: Graph, tensors: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    names = ["probe", *(f"probe.{place}" for place in range(1, len(evaluation.inputs)))]
    if any(name not in tensors for name in names[: len(evaluation.inputs)]):
        raise GraphError("probe", "The inputs that the worker used are missing")
    probe = tuple(tensors[name] for name in names[: len(evaluation.inputs)])
    for value, spec in zip(probe, evaluation.inputs, strict=True):
        sides = zip(value.shape, spec.shape, strict=False)
        fits = value.ndim == len(spec.shape) and all(want is None or side == want for side, want in sides)
        if not fits or value.dtype != DTYPES[spec.dtype]:
            raise GraphError("probe", "An input that the worker used does not fit the graph")
    return probe


def _output(tensors: Mapping[str, Tensor], place: int) -> Tensor:
    if f"outputs.{place}" not in tensors:
        raise GraphError("outputs", "The outputs that the worker computed are missing")
    return tensors[f"outputs.{place}"]


def _short_list(raw: Any) -> list[Any]:
    if raw is None:
        return []
    if not isinstance(raw, list) or len(raw) > 64:
        raise GraphError("document", "Notes and functions have to be lists of at most 64")
    return raw


def _note(raw: Any) -> Fault:
    if not isinstance(raw, dict) or not raw.keys() <= _NOTE_KEYS:
        raise GraphError("document", "A note has to be an object with the keys of the protocol")
    texts = {key: None if raw.get(key) is None else str(raw[key])[:MAX_TEXT] for key in _NOTE_KEYS - {"line"}}
    line = raw.get("line") if type(raw.get("line")) is int else None
    kind, message = texts.pop("kind") or "", texts.pop("message") or ""
    return Fault(kind, message, line=line, **texts)
