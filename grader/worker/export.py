"""Hand a network over as data: its graphs in training and evaluation mode, and its initial weights.

In this order: a free batch size; the same without the student's hooks; fixed batch sizes; at last only values.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, export

from .eager import OTHER_BATCHES, InputSpec, forward, probe_inputs
from .evaluation import switch_to_evaluation
from .faults import from_error, relative
from .graph import write_graph
from .notes import explain
from .own import own_functions
from .weights import Storages, made_parameters, parameter_documents, weights

Data = dict[str, Any]
Reply = tuple[Data, dict[str, Tensor]]


@dataclass
class _Job:
    """One export: the built module, what it is asked, and what was noticed on the way."""

    module: nn.Module
    specs: tuple[InputSpec, ...]
    batch_sizes: tuple[int, ...]
    root: Path
    seed: int
    notes: list[Data] = field(default_factory=list)
    values: dict[int, tuple[list[Tensor], list[Tensor]]] = field(default_factory=dict)  # batch -> inputs, outputs
    errors: dict[int, Exception] = field(default_factory=dict)
    refused: Exception | None = None  # why there is no graph with a free batch size
    lazy: frozenset[str] = frozenset()  # parameters that a forward before this one has made
    any_rows: bool = False  # where no batch size gives as many rows as samples, take the network as it is

    def note(self, kind: str, what: str, error: BaseException) -> None:
        """Add what an error says about the student's code."""
        self.notes.append(explain(kind, what, error, self.module, self.root))

    def evaluate(self, batch: int) -> bool:
        """Run the module as it is in evaluation mode, once per batch size; whether it works."""
        if batch not in self.values and batch not in self.errors:
            inputs = probe_inputs(self.specs, batch, self.seed)
            try:
                outputs = forward(self.module.eval(), inputs, self.seed)
                self._refuse_mixture(batch, outputs[0])
                self.values[batch] = inputs, outputs
            except Exception as error:
                self.errors[batch] = error
        return batch in self.values

    def _refuse_mixture(self, batch: int, output: Tensor) -> None:
        """A network that runs on a batch but gives another number of rows has mixed its samples."""
        batched = any(spec.shape[:1] == (None,) for spec in self.specs)
        if batched and output.shape[:1] != (batch,) and not self.any_rows:
            raise ValueError(f"a batch of {batch} gives an output of shape {tuple(output.shape)}")


def export_module(
    module: nn.Module, specs: tuple[InputSpec, ...], batch_sizes: Sequence[int],
    *, root: Path, seed: int, lazy: frozenset[str] = frozenset(),
) -> Reply:  # fmt: skip
    """The data and tensors of an export reply (see wire). Raises StudentFault "forward" if nothing can be run.

    ``lazy`` are the parameters that had no shape before the module was run for the first time, where that was before.
    """
    job = _Job(module, specs, tuple(batch_sizes), root, seed, lazy=lazy)
    _warm_up(job)
    free = _free(job) if job.errors.keys() <= {1} else None
    return free or _fixed(job) or _values(job)


def _warm_up(job: _Job) -> None:
    """One forward on a small batch: it fills lazy layers, and gives the outputs that the graph is compared with."""
    before = made_parameters(job.module) - job.lazy
    if not _find_size(job):
        first = job.errors[job.batch_sizes[0]]
        shape = " and ".join(str(spec.sized(job.batch_sizes[0])) for spec in job.specs)
        raise from_error("forward", first, job.root, what=f"forward fails on an input of shape {shape}",
                         remedy="Make forward take this shape: (batch, channels, height, width).")  # fmt: skip
    if 1 in job.batch_sizes:
        job.evaluate(1)  # where a dimension of one is lost
    made = sorted(made_parameters(job.module) - before)
    if made:
        text = f"{', '.join(made[:4])} got a shape only in a first forward; one was made before the export."
        job.notes.append(_note("lazy", text, "State the sizes in __init__ instead of leaving them to the first input."))
    if job.errors:
        bad, good = sorted(job.errors), sorted(job.values)
        what = f"forward works for a batch of {good[0]}, not of {', '.join(map(str, bad[:3]))}"
        job.note("fixed_batch", what, job.errors[bad[-1] if bad[0] == 1 else bad[0]])


def _find_size(job: _Job) -> bool:
    """Look for a batch size that works, the requested ones first."""
    if any(job.evaluate(batch) for batch in (*job.batch_sizes, *OTHER_BATCHES)):
        return True
    job.any_rows, job.errors = True, {}
    return any(job.evaluate(batch) for batch in (*job.batch_sizes, *OTHER_BATCHES))


def _free(job: _Job) -> Reply | None:
    """Graphs with a free batch size; a second try without the student's hooks; None with a note."""
    try:
        return _graphs(job, None, Storages())
    except Exception as error:
        first: Exception = error
    hooks = list(_own_hooks(job.module, job.root))
    if hooks:
        for owner, key, hook in hooks:
            del owner[key]
            job.notes.append(_hook_note(hook, job.root))
        try:
            return _graphs(job, None, Storages())
        except Exception as error:
            first = error
    job.refused = first
    return None


def _fixed(job: _Job) -> Reply | None:
    """One pair of graphs for each batch size that works; the first is the main one. None when none can be had."""
    storages = Storages()
    replies: dict[int, Reply] = {}
    sizes = [batch for batch in job.batch_sizes if job.evaluate(batch)] or list(job.values)
    for batch in dict.fromkeys(sizes):
        try:
            replies[batch] = _graphs(job, batch, storages)
        except Exception as error:
            job.refused = job.refused or error
    if not replies:
        return None
    if job.refused and not any(note["kind"] == "fixed_batch" for note in job.notes):
        job.note("fixed_batch", "The network can be exported only for fixed batch sizes", job.refused)
    main, *others = replies
    data, tensors = replies[main]
    data["others"] = {str(batch): _pair(replies[batch][0]) for batch in others}
    return data, tensors | storages.tensors | _values_at_sizes(job, "@")


def _values(job: _Job) -> Reply:
    """No graph at all: parameters, and what the network gives for the probe inputs, as a claim."""
    for batch in job.batch_sizes:
        job.evaluate(batch)
    if job.refused is not None:
        job.note("construct", "The network cannot be exported", job.refused)
    data: Data = {"form": "values", "parameters": parameter_documents(job.module), "notes": job.notes}
    return data, weights(job.module) | _values_at_sizes(job, ".")


def _graphs(job: _Job, batch: int | None, storages: Storages) -> Reply:
    """Both graphs for one batch size, or for all (None). Raises what torch.export or Unsupported says."""
    main = next(iter(job.values)) if batch is None else batch
    inputs, outputs = job.values[main]
    program = _program(job, True, batch, inputs)
    data: Data = {"training": write_graph(program, job.specs, batch, storages, job.root)}
    if not switch_to_evaluation(program, job.module, inputs):
        program = _program(job, False, batch, inputs)
    data["evaluation"] = write_graph(program, job.specs, batch, storages, job.root)
    data["form"] = "free" if batch is None else "fixed"
    data["notes"] = job.notes
    data["outputs"] = [f"outputs.{index}" for index in range(len(outputs))]
    data["functions"] = own_functions(outputs, job.root)
    return data, storages.tensors | _named("probe", inputs) | _named("outputs", outputs)


def _program(job: _Job, training: bool, batch: int | None, probe: list[Tensor]) -> torch.export.ExportedProgram:
    """One export from the same instance. A batch of one would be taken for a fixed size, so two are used."""
    if batch is None and job.specs and len(probe[0]) < 2:
        probe = probe_inputs(job.specs, 2, job.seed)
    inputs = tuple(value.clone() for value in probe)
    free = _free_sizes(job) if batch is None else None
    with _printable_values():
        return export(job.module.train(training), inputs, dynamic_shapes=free, strict=False)


@contextmanager
def _printable_values() -> Iterator[None]:
    """``print(f"{x.mean():.3f}")`` in a forward: while it is exported, a value shows as its symbol."""
    kinds: tuple[Any, ...] = (torch.SymInt, torch.SymFloat)
    before = [kind.__format__ for kind in kinds]
    for kind in kinds:
        kind.__format__ = lambda value, _: str(value)
    try:
        yield
    finally:
        for kind, method in zip(kinds, before, strict=True):
            kind.__format__ = method


def _free_sizes(job: _Job) -> tuple[Any, ...]:
    """The free axes of each input; what ``*inputs`` takes together stands in a tuple of its own."""
    size = Dim("batch", min=1)
    free = tuple({axis: size for axis, length in enumerate(spec.shape) if length is None} for spec in job.specs)
    kinds = [parameter.kind for parameter in inspect.signature(job.module.forward).parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        named = kinds.index(inspect.Parameter.VAR_POSITIONAL)
        return (*free[:named], free[named:])
    return free


def _own_hooks(module: nn.Module, root: Path) -> Iterator[tuple[dict[int, Any], int, Any]]:
    """The hooks that the submission wrote, with the table they stand in; torch's own (spectral_norm) stay."""
    for part in module.modules():
        for table in (part._forward_hooks, part._forward_pre_hooks, part._backward_hooks, part._backward_pre_hooks):
            for key, hook in list(table.items()):
                if _hook_place(hook, root) is not None:
                    yield table, key, hook


def _hook_place(hook: Any, root: Path) -> tuple[str, int] | None:
    function = inspect.unwrap(getattr(hook, "func", hook))
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    file = relative(code.co_filename, root) if code is not None else None
    return None if file is None or code is None else (file, code.co_firstlineno)


def _hook_note(hook: Any, root: Path) -> Data:
    file, line = _hook_place(hook, root) or (None, None)
    note = _note("hooks", "A hook keeps the network from being exported; it was taken off.",
                 "Register hooks where they are used, outside of the network's own code.")  # fmt: skip
    return note | {"file": file, "line": line, "construct": f"hook {getattr(hook, '__qualname__', type(hook).__name__)}"}


def _note(kind: str, message: str, remedy: str) -> Data:
    return {"kind": kind, "message": message, "file": None, "line": None, "construct": kind, "remedy": remedy}


def _pair(data: Data) -> Data:
    return {"training": data["training"], "evaluation": data["evaluation"]}


def _named(name: str, values: Sequence[Tensor]) -> dict[str, Tensor]:
    """ "outputs.0", "outputs.1", ...; of inputs, "probe" is the first and "probe.1" the second."""
    names = (name if name == "probe" and index == 0 else f"{name}.{index}" for index in range(len(values)))
    return dict(zip(names, values, strict=True))


def _values_at_sizes(job: _Job, sign: str) -> dict[str, Tensor]:
    """The first input and the first output for each batch size that works."""
    found: dict[str, Tensor] = {}
    for batch, (inputs, outputs) in job.values.items():
        found[f"probe{sign}{batch}"] = inputs[0]
        found[f"outputs{sign}{batch}"] = outputs[0]
    return found
