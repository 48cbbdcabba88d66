"""What comes beside the graphs of an export reply: weights, the worker's own run, and its notes. All of it is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from grader.records import Fault

from .caps import output_shapes
from .graph import Graph, Limits, TensorSpec
from .values import DTYPES, MAX_TEXT, GraphError, displayable

_NOTE_KEYS = {"kind", "message", "file", "line", "construct", "remedy"}
_MOST = 64  # notes, functions
_LAST_LINE = 10_000_000


def weights_of(graphs: Sequence[Graph], tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Storage -> initial value, for all tensors of the graphs. Raises GraphError."""
    weights: dict[str, Tensor] = {}
    by_path: dict[str, TensorSpec] = {}
    by_storage: dict[str, TensorSpec] = {}
    for spec in (spec for graph in graphs for spec in graph.tensors):
        first = by_path.setdefault(spec.path, spec)
        same = by_storage.setdefault(spec.storage, spec)
        if (first.storage, first.shape, first.kind) != (spec.storage, spec.shape, spec.kind) or same.kind != spec.kind:
            raise GraphError("weights", f"{spec.path!r} is not the same tensor in the two graphs")
        value = tensors.get(spec.storage)
        if value is None or tuple(value.shape) != spec.shape or value.dtype != DTYPES[spec.dtype]:
            raise GraphError("weights", f"The weights of {spec.path!r} are missing or have another shape or dtype")
        if spec.storage not in weights:
            _check_finite(spec, value)
        weights[spec.storage] = value
    return weights


def _check_finite(spec: TensorSpec, value: Tensor) -> None:
    """A mask may hold infinities on purpose; a weight may not."""
    bad = value.isnan() if spec.kind != "parameter" else ~value.isfinite()
    if bool(bad.any()):
        sentence = f"The initial values of {spec.path!r} hold NaN or infinity: a tensor made by torch.empty has to be filled"
        raise GraphError("not-finite", sentence)


def probe_of(evaluation: Graph, tensors: Mapping[str, Tensor], limits: Limits) -> tuple[Tensor, ...]:
    """The inputs that the worker ran: at most the largest batch that the caps were measured for. Raises GraphError."""
    names = ["probe", *(f"probe.{place}" for place in range(1, len(evaluation.inputs)))]
    if any(name not in tensors for name in names):
        raise GraphError("probe", "The inputs that the worker used are missing")
    probe = tuple(tensors[name] for name in names)
    batch = len(probe[0]) if probe[0].ndim else 0
    if not 1 <= batch <= max(*limits.batches, evaluation.fixed_batch or 1):
        raise GraphError("probe", "The worker used no sample, or more than a batch may have")
    for value, spec, shape in zip(probe, evaluation.inputs, evaluation.input_shapes(batch), strict=True):
        if tuple(value.shape) != shape or value.dtype != DTYPES[spec.dtype]:
            raise GraphError("probe", "An input that the worker used does not fit the graph")
    return probe


def outputs_of(evaluation: Graph, tensors: Mapping[str, Tensor], batch: int) -> tuple[Tensor, ...]:
    """The outputs that the worker claims, of the shapes that the graph gives; their values may be anything. Raises GraphError."""
    claimed = [tensors.get(f"outputs.{place}") for place in range(len(evaluation.outputs))]
    found = tuple(value for value in claimed if value is not None)
    if len(found) != len(claimed):
        raise GraphError("outputs", "The outputs that the worker computed are missing")
    for value, shape in zip(found, output_shapes(evaluation, batch), strict=True):
        if tuple(value.shape) != shape or value.dtype not in DTYPES.values():
            sentence = f"The code gives an output of shape {list(value.shape)} where its exported graph gives {list(shape)}"
            raise GraphError("outputs", sentence)
    return found


def notes_of(raw: Any) -> tuple[Fault, ...]:
    """The worker's notes, ready to be shown. Raises GraphError."""
    return tuple(_note(each) for each in _short_list(raw))


def functions_of(raw: Any) -> tuple[str, ...]:
    """Names of the student's autograd.Function classes. Raises GraphError."""
    return tuple(_shown(each) or "" for each in _short_list(raw))


def _short_list(raw: Any) -> list[Any]:
    if raw is None:
        return []
    if not isinstance(raw, list) or len(raw) > _MOST:
        raise GraphError("document", f"Notes and functions have to be lists of at most {_MOST}")
    return raw


def _note(raw: Any) -> Fault:
    if not isinstance(raw, dict) or not raw.keys() <= _NOTE_KEYS:
        raise GraphError("document", "A note has to be an object with the keys of the protocol")
    texts = {key: _shown(raw.get(key)) for key in _NOTE_KEYS - {"line"}}
    line = raw.get("line")
    known = type(line) is int and 0 < line < _LAST_LINE
    kind, message = texts.pop("kind") or "", texts.pop("message") or ""
    return Fault(kind, message, line=line if known else None, **texts)


def _shown(raw: Any) -> str | None:
    if not isinstance(raw, str | None):
        raise GraphError("document", "A text of a note has to be a text")
    return None if raw is None else displayable(raw[:MAX_TEXT])
