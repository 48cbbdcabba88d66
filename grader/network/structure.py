"""``analyse``: everything that is read off one network as data without training it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from grader.records import LayerFact, NetworkFacts, ResidualFact

from .agreement import eager_agrees, evaluation_agrees, is_close, random_inputs, sizes_agree
from .caps import multiply_adds
from .exported import Exported
from .functional import dropout_at_rest, functionalise
from .graph import Graph, InputSpec, TensorSpec
from .layers import layer_facts
from .modes import compare_modes
from .products import constant_weights, products
from .randomness import dropout_facts
from .receptive import receptive_field
from .residual import find_residuals, shortcut_nodes, to_fact
from .run import Network, bind, compile_graph, execute
from .trace import Trace, differentiate, gradients, record, redraw
from .values import DTYPES

_SAME_RUN = 1e-5  # of the largest output: the same kernels on the same shapes


def analyse(exported: Exported, *, seed: int) -> NetworkFacts:
    """Measure the structure of a network with parameters redrawn from ``seed``, its agreement and its gradients.

    Raises RunError where an operator fails, GraphError where the functional form can't be had.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _facts(exported, generator)


def _facts(exported: Exported, generator: torch.Generator) -> NetworkFacts:
    trace = _redrawn_trace(exported, generator)
    weights = {spec.storage: trace.values[spec.name].detach() for spec in trace.graph.tensors}
    layers, residuals = _layers_and_residuals(trace, generator)
    with torch.no_grad():
        outputs = execute(exported.evaluation, exported.weights, exported.probe)
    used = _used(exported, trace)
    independent = _is_batch_independent(trace, weights, generator)
    unused = _unused(exported, used)
    other = torch.Generator().manual_seed(generator.initial_seed() + 1)
    agrees = evaluation_agrees(exported, outputs, other)
    modes = compare_modes(exported)
    return NetworkFacts(
        output_shapes=_output_shapes(exported, trace, outputs[0]),
        batch_independent=independent,
        evaluation_agrees=agrees,
        eager_agrees=eager_agrees(exported, outputs) and (not (independent and exported.others) or sizes_agree(exported, other)),
        finite=all(bool(value.isfinite().all()) for value in outputs),
        layers=layers,
        residuals=residuals,
        dropouts=dropout_facts(exported.training, exported.evaluation),
        parameters=_count(spec for spec in used if spec.trainable),
        frozen_parameters=_count(spec for spec in used if not spec.trainable),
        unused_parameters=tuple(spec.path for spec in unused),
        unused_count=_count({spec.storage: spec for spec in unused}.values()),
        constant_weights=constant_weights(trace.graph, trace),
        receptive_field=receptive_field(trace, weights, generator),
        multiply_adds=_work(trace),
        weight_gradients=_weight_gradients(exported, generator),
        modes="same" if agrees else "simpler" if modes.is_simpler else "other",
        evaluation_only=() if agrees else modes.evaluation_only,
    )


def _redrawn_trace(exported: Exported, generator: torch.Generator) -> Trace:
    """One recorded run of the functional evaluation graph, two random samples, with gradients of everything."""
    graph = functionalise(dropout_at_rest(exported.evaluation))
    inputs = random_inputs(graph, graph.fixed_batch or 2, generator)
    trace = record(graph, redraw(graph, exported.weights, generator), inputs)
    return differentiate(trace, generator, retain=True)


def _layers_and_residuals(trace: Trace, generator: torch.Generator) -> tuple[tuple[LayerFact, ...], tuple[ResidualFact, ...]]:
    found = layer_facts(trace, products(trace.graph))
    convs = {name: layer for layer, names in found if layer.kind == "conv" for name in names}
    residuals = find_residuals(trace, convs, generator)
    aside = shortcut_nodes(residuals)
    layers = tuple(replace(layer, in_main_path=not aside.intersection(names)) for layer, names in found)
    return layers, tuple(to_fact(candidate, convs) for candidate in residuals)


def _used(exported: Exported, trace: Trace) -> list[TensorSpec]:
    """One spec for each parameter storage that the evaluation output depends on, measured."""
    read = {spec.storage: spec.name for spec in trace.graph.tensors}
    used: dict[str, TensorSpec] = {}
    for spec in exported.specs:
        if spec.kind == "parameter" and spec.storage in read and trace.matters(read[spec.storage]):
            used.setdefault(spec.storage, spec)
    return list(used.values())


def _unused(exported: Exported, used: list[TensorSpec]) -> list[TensorSpec]:
    storages = {spec.storage for spec in used}
    return [spec for spec in exported.specs if spec.kind == "parameter" and spec.storage not in storages]


def _count(specs: Iterable[TensorSpec]) -> int:
    return sum(math.prod(spec.shape) for spec in specs)


def _work(trace: Trace) -> int:
    """Multiply-adds of all products for one sample."""
    batch = trace.shape(trace.graph.inputs[0].name)[0]
    nodes = [node for node in trace.graph.nodes if node.kind in ("conv", "matrix") and trace.matters(node.name)]
    return sum(multiply_adds(node, trace.values[node.name], trace.values) for node in nodes) // max(batch, 1)


def _output_shapes(exported: Exported, trace: Trace, output: Tensor) -> dict[int, tuple[int, ...]]:
    """Batch size -> shape of the first output, for one sample, for those that were run, and for fixed sizes."""
    shapes = {trace.shape(trace.graph.inputs[0].name)[0]: trace.shape(trace.graph.outputs[0].name)}
    shapes[len(exported.probe[0])] = tuple(output.shape)
    graphs = [pair[1] for pair in exported.others.values()]
    batches = {graph.fixed_batch or 1: graph for graph in graphs}
    if exported.evaluation.fixed_batch is None:
        batches[1] = exported.evaluation
    for batch, graph in batches.items():
        inputs = [torch.zeros(shape).to(DTYPES[spec.dtype]) for shape, spec in _shaped(graph, batch)]
        with torch.no_grad():
            shapes[batch] = tuple(execute(graph, exported.weights, inputs)[0].shape)
    return dict(sorted(shapes.items()))


def _shaped(graph: Graph, batch: int) -> Iterator[tuple[tuple[int, ...], InputSpec]]:
    return zip(graph.input_shapes(batch), graph.inputs, strict=True)


def _is_batch_independent(trace: Trace, weights: Mapping[str, Tensor], generator: torch.Generator) -> bool:
    """Whether the first sample's output stays when the other samples are replaced (two samples at least)."""
    first = [trace.values[spec.name].detach() for spec in trace.graph.inputs]
    if len(first[0]) < 2:
        return True
    others = [torch.randn(value.shape, generator=generator).to(value.dtype) for value in first]
    inputs = [torch.cat([value[:1], other[1:]]) for value, other in zip(first, others, strict=True)]
    program = compile_graph(trace.graph)
    with torch.no_grad():
        outputs = program.run(bind(trace.graph, weights, inputs))
    before = [trace.values[ref.name].detach() for ref in trace.graph.outputs]
    return all(is_close(old[:1], new[:1], _SAME_RUN) for old, new in zip(before, outputs, strict=True) if old.ndim)


def _weight_gradients(exported: Exported, generator: torch.Generator) -> dict[str, float]:
    """L2 norm of each parameter's gradient at initialisation, training mode: cross-entropy with random labels where
    the output is (N, classes), a random functional otherwise."""
    network = Network(exported.training, exported.evaluation, exported.weights).train()
    graph = exported.training
    output = network(*random_inputs(graph, graph.fixed_batch or 4, generator))
    parameters = network.named_weights()
    trainable = {path: value for path, value in parameters.items() if value.requires_grad}
    if not output.requires_grad or not trainable:
        return dict.fromkeys(trainable, 0.0)
    found = gradients([_loss(output, generator)], list(trainable.values()))
    return {path: 0.0 if value is None else float(value.norm()) for path, value in zip(trainable, found, strict=True)}


def _loss(output: Tensor, generator: torch.Generator) -> Tensor:
    if output.ndim == 2 and output.shape[1] > 1:
        labels = torch.randint(output.shape[1], (len(output),), generator=generator)
        return F.cross_entropy(output.float(), labels)
    return (output * torch.randn(output.shape, generator=generator)).mean()
