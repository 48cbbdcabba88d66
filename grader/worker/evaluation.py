"""The evaluation graph out of the training graph: a second export would cost as much as the first.

Batch norm and dropout are switched as ``eval()`` switches them. Whether that is all the difference there is, the network
itself says: at other weights than it was made with, it has to give the same outputs in evaluation mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, fx, nn
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind

from .eager import flat_tensors

aten = torch.ops.aten
# Operator -> where its argument "training" stands.
_SWITCHES = {
    aten.batch_norm.default: 5,
    aten.dropout.default: 2,
    aten.feature_dropout.default: 2,
    aten.alpha_dropout.default: 2,
    aten.feature_alpha_dropout.default: 2,
}
_RUNNING_MEAN = 3  # an argument of batch norm; without one it takes the statistics of the batch in both modes
_SCALE = 0.3  # of the noise on the weights, relative to 1: an initial value of 0 hides what depends on it


def switch_to_evaluation(program: ExportedProgram, module: nn.Module, inputs: Sequence[Tensor]) -> bool:
    """Turn an exported training graph into the one for evaluation, in place; False where it has to be exported instead."""
    graph = program.graph_module.graph
    for node in list(graph.nodes):
        if node.op not in ("placeholder", "call_function", "output"):
            return False  # a sub-graph
        if node.target in _SWITCHES:
            _switch(node)
        elif _counts_batches(program, node):
            graph.erase_node(node)
        elif isinstance(node.target, torch._ops.OpOverload) and _differs(node.target):
            return False
    return _agrees(program, module, inputs)


def _switch(node: fx.Node) -> None:
    if node.target is not aten.batch_norm.default or node.args[_RUNNING_MEAN] is not None:
        node.update_arg(_SWITCHES[node.target], False)  # type: ignore[index]


def _counts_batches(program: ExportedProgram, node: fx.Node) -> bool:
    """The line of batch norm's training mode that counts the batches."""
    if node.target is not aten.add_.Tensor or node.users:
        return False
    counter = node.args[0]
    path = program.graph_signature.inputs_to_buffers.get(counter.name, "") if isinstance(counter, fx.Node) else ""
    return path.rpartition(".")[2] == "num_batches_tracked"


def _differs(operator: torch._ops.OpOverload) -> bool:
    """Random numbers, or a value written into a tensor, may be something that only training does."""
    return torch.Tag.nondeterministic_seeded in operator.tags or bool(operator._schema.is_mutable)


def _agrees(program: ExportedProgram, module: nn.Module, inputs: Sequence[Tensor]) -> bool:
    module.eval()
    try:
        with torch.no_grad(), _other_weights(module):
            expected = flat_tensors(module(*(value.clone() for value in inputs)))
            found = flat_tensors(fx.Interpreter(program.graph_module).run(*_arguments(program, inputs)))
    except Exception:
        return False
    pairs = list(zip(expected, found, strict=False))
    return len(expected) == len(found) and all(
        one.shape == other.shape and one.dtype == other.dtype and torch.allclose(one, other, rtol=1e-4, atol=1e-5) for one, other in pairs
    )


def _arguments(program: ExportedProgram, inputs: Sequence[Tensor]) -> list[Tensor]:
    """What the graph takes: parameters, buffers and constants by name, then the inputs."""
    given = iter(inputs)
    held = {**program.constants, **program.state_dict}
    specs = program.graph_signature.input_specs
    return [next(given).clone() if spec.kind is InputKind.USER_INPUT else held[str(spec.target)] for spec in specs]


@contextmanager
def _other_weights(module: nn.Module) -> Iterator[None]:
    """Positive noise on every parameter and buffer of real numbers, taken back on the way out: a variance stays one."""
    tensors = [value for value in (*module.parameters(), *module.buffers()) if value.is_floating_point()]
    before = [value.detach().clone() for value in tensors]
    generator = torch.Generator().manual_seed(0)
    try:
        for value in tensors:
            value.add_(torch.rand(value.shape, generator=generator).to(value.dtype), alpha=_SCALE)
        yield
    finally:
        for value, original in zip(tensors, before, strict=True):
            value.copy_(original)
