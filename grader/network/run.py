"""Run a network as data: compile its nodes to a list of calls, then execute, once or as an ``nn.Module``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .functional import without_hidden_writes
from .graph import Graph, Node, TensorSpec, written_names
from .values import DTYPES, Ref, RunError, Value

Environment = dict[str, Any]
Hook = Callable[[Node, Any], Any]
_CREATED_LIKE = frozenset({"rand", "randn", "zeros", "ones", "eye", "linspace", "empty"})


@dataclass(frozen=True)
class Step:
    """One call, ready to make: which arguments come from the environment, and which names are last used here."""

    node: Node
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    refs: tuple[tuple[int, str], ...]  # position of an argument -> name
    nested: tuple[tuple[int, tuple[Any, ...]], ...]  # position of a list that holds references
    frees: tuple[str, ...]

    def call(self, environment: Environment) -> Any:
        """Fill in the references and call the operator."""
        args = list(self.args)
        for place, name in self.refs:
            args[place] = environment[name]
        for place, items in self.nested:
            args[place] = [environment[item.name] if isinstance(item, Ref) else item for item in items]
        return self.function(*args, **self.kwargs)


@dataclass(frozen=True)
class Program:
    """The steps of a graph for one floating dtype and device."""

    graph: Graph
    steps: tuple[Step, ...]

    def run(self, environment: Environment, hook: Hook | None = None) -> tuple[Tensor, ...]:
        """Execute in ``environment`` (name -> tensor of the graph's inputs and tensors); it is consumed.

        ``hook`` may replace each value, and then keeps all of them alive. Raises RunError with the node that failed.
        """
        try:
            for step in self.steps:
                value = step.call(environment)
                environment[step.node.name] = value if hook is None else hook(step.node, value)
                for name in step.frees if hook is None else ():
                    del environment[name]
        except Exception as error:  # any operator, any argument of a stranger's graph
            raise _run_error(step.node, error) from error
        return tuple(environment[ref.name] for ref in self.graph.outputs)


def _run_error(node: Node, error: Exception) -> RunError:
    text = (str(error).splitlines() or [type(error).__name__])[0][:300]
    return RunError("run", f"The operator failed: {text}", node=node.name, op=node.op, at=node.at)


def compile_graph(graph: Graph, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu") -> Program:
    """Ready a graph to run: devices become ``device``, and where ``dtype`` is not float32 it takes float32's place."""
    target = torch.device(device)
    last = _last_uses(graph)
    return Program(graph, tuple(_step(node, dtype, target, tuple(last.get(node.name, ()))) for node in graph.nodes))


def _last_uses(graph: Graph) -> dict[str, list[str]]:
    kept = {ref.name for ref in graph.outputs}
    last = {name: node.name for node in graph.nodes for name in (*node.refs, node.name)}
    found: dict[str, list[str]] = {}
    for name, user in last.items():
        if name not in kept and name not in graph.tensor_by_name:
            found.setdefault(user, []).append(name)
    return found


def _step(node: Node, dtype: torch.dtype, device: torch.device, frees: tuple[str, ...]) -> Step:
    args = tuple(_adapt(value, dtype, device) for value in node.args)
    kwargs: dict[str, Any] = {name: _adapt(value, dtype, device) for name, value in node.kwargs}
    kwargs |= _creation(node, dtype, device)
    positional = len(args)
    keys = [name for name, value in kwargs.items() if isinstance(value, Ref) or _holds_ref(value)]
    function = node.operator.function
    if keys:  # references among keyword arguments are rare: pass them behind the positional ones
        function = _with_keywords(function, positional, tuple(keys))
        args += tuple(kwargs.pop(name) for name in keys)
    refs = tuple((place, value.name) for place, value in enumerate(args) if isinstance(value, Ref))
    nested = tuple((place, value) for place, value in enumerate(args) if _holds_ref(value))
    return Step(node, function, args, kwargs, refs, nested, frees)


def _with_keywords(function: Callable[..., Any], positional: int, keys: tuple[str, ...]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args[:positional], **dict(zip(keys, args[positional:], strict=True)), **kwargs)

    return call


def _holds_ref(value: Any) -> bool:
    return isinstance(value, tuple) and any(isinstance(item, Ref) for item in value)


def _adapt(value: Value, dtype: torch.dtype, device: torch.device) -> Any:
    if isinstance(value, torch.device):
        return device
    return dtype if value is torch.float32 else value


def _creation(node: Node, dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    """A tensor made from nothing needs to be told its device, and its dtype where the default would be float32."""
    if node.kind not in ("creation", "random") or node.get("self") is not None:
        return {}
    extra: dict[str, Any] = {"device": device}
    fractional = node.base in _CREATED_LIKE or any(type(value) is float for value in node.args)
    if node.get("dtype") is None and fractional:
        extra["dtype"] = dtype
    return extra


def execute(graph: Graph, tensors: Mapping[str, Tensor], inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Run ``graph`` once on ``inputs``; ``tensors`` maps storages to weights.

    Buffers, constants and inputs are copied where the graph writes, so that the caller's tensors never change.
    The floating dtype and the device are those of the first input. Raises RunError.
    """
    program = compile_graph(without_hidden_writes(graph), _floating(inputs), inputs[0].device)
    return program.run(bind(program.graph, tensors, inputs))


def _floating(tensors: Iterable[Tensor]) -> torch.dtype:
    return next((tensor.dtype for tensor in tensors if tensor.dtype.is_floating_point), torch.float32)


def bind(graph: Graph, tensors: Mapping[str, Tensor], inputs: Sequence[Tensor]) -> Environment:
    """The environment that a program starts from: names of inputs and tensors -> tensors (buffers copied)."""
    environment: Environment = {spec.name: value for spec, value in zip(graph.inputs, inputs, strict=True)}
    for spec in graph.tensors:
        value = tensors[spec.storage]
        environment[spec.name] = value.clone() if spec.kind == "buffer" else value
    return environment


class Network(nn.Module):
    """A network as data that trains like any module: parameters, buffers, ties, ``train()``, ``to()``, ``double()``.

    ``forward`` takes the inputs of the graphs and returns the first output. Raises RunError.
    """

    def __init__(self, training: Graph, evaluation: Graph, weights: Mapping[str, Tensor]) -> None:
        """``weights`` maps storages to initial values, which are copied."""
        super().__init__()
        self._graphs = {True: without_hidden_writes(training), False: without_hidden_writes(evaluation)}
        self._programs: dict[tuple[bool, torch.dtype, torch.device], Program] = {}
        self._slots: dict[str, str] = {}
        self.paths: dict[str, str] = {}  # path of each parameter -> its name among named_parameters()
        for spec in (*training.tensors, *evaluation.tensors):
            if spec.storage not in self._slots:
                self._add(spec, weights[spec.storage].detach().clone())
            if spec.kind == "parameter":
                self.paths.setdefault(spec.path, self._slots[spec.storage])
        self._bound: dict[bool, list[tuple[str, str, str]]] = {
            mode: [(spec.name, *self._place(spec)) for spec in graph.tensors] for mode, graph in self._graphs.items()
        }
        self._written = frozenset(name for node in evaluation.nodes for name in written_names(node))

    def _add(self, spec: TensorSpec, value: Tensor) -> None:
        slot = f"weight{len(self._slots)}"
        self._slots[spec.storage] = slot
        if spec.kind == "parameter":
            self.register_parameter(slot, nn.Parameter(value, requires_grad=spec.trainable))
        else:
            self.register_buffer(slot, value)

    def _place(self, spec: TensorSpec) -> tuple[str, str]:
        return ("_parameters" if spec.kind == "parameter" else "_buffers", self._slots[spec.storage])

    def named_weights(self) -> dict[str, nn.Parameter]:
        """Parameters by their path in the student's network; a tied weight goes by its first path."""
        found: dict[str, nn.Parameter] = {}
        seen: set[str] = set()
        for path, slot in self.paths.items():
            if slot not in seen:
                found[path] = self._parameters[slot]  # type: ignore[assignment]
                seen.add(slot)
        return found

    def forward(self, *inputs: Tensor) -> Tensor:
        """Inputs as the graphs declare them -> the first output."""
        graph = self._graphs[self.training]
        environment: Environment = {spec.name: value for spec, value in zip(graph.inputs, inputs, strict=True)}
        for name, kind, slot in self._bound[self.training]:
            value = self.__dict__[kind][slot]
            environment[name] = value if self.training or name not in self._written else value.clone()  # evaluation keeps no state
        return self._program(inputs[0].device).run(environment)[0]

    def _program(self, device: torch.device) -> Program:
        dtype = _floating(self.parameters())
        key = (self.training, dtype, device)
        if key not in self._programs:
            self._programs[key] = compile_graph(self._graphs[self.training], dtype, device)
        return self._programs[key]


def zeros_for(graph: Graph, device: str) -> dict[str, Tensor]:
    """Empty tensors of the declared shapes by storage, on ``device`` (for shapes alone: "meta")."""
    return {spec.storage: torch.empty(spec.shape, dtype=DTYPES[spec.dtype], device=device) for spec in graph.tensors}
