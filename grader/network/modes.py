"""Is the network of evaluation the one that was trained? The two graphs compared up to the names of their nodes.

The training graph with norms and dropout at rest *is* the evaluation graph in almost every network. Where it is not,
stochastic depth, noise and heads that only help the training leave an evaluation graph that is part of the training
graph. An evaluation graph with weights, products, pooling or non-linearities of its own is another network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from .exported import Exported
from .functional import evaluation_form, functionalise
from .graph import Graph, Node
from .products import sources
from .values import Ref, Value

_SAME_VALUE = frozenset({"detach", "alias", "contiguous", "clone", "lift_fresh_copy"})
_TELLING = frozenset({"conv", "matrix", "norm", "pool", "nonlinearity", "softmax", "resample", "lookup", "reduction", "comparison"})


@dataclass(frozen=True)
class Modes:
    """How the two graphs of a network differ."""

    same: bool  # node by node, once norms and dropout are at rest
    evaluation_only: tuple[str, ...]  # paths of weights, and operators with their places, that training lacks
    training_only: tuple[str, ...]  # the same the other way round
    evaluation_share: float  # of the numbers in the parameters of both, those that only evaluation reads
    training_share: float

    @property
    def is_simpler(self) -> bool:
        """Whether evaluation only leaves out what training has."""
        return not self.evaluation_only


def compare_modes(exported: Exported) -> Modes:
    """Compare the training with the evaluation graph. Raises GraphError where a write cannot be followed."""
    training, evaluation = functionalise(evaluation_form(exported.training)), functionalise(exported.evaluation)
    table: dict[object, int] = {}
    same = _outputs(training, table)[: len(evaluation.outputs)] == _outputs(evaluation, table)
    ours, theirs = _contents(evaluation), _contents(training)
    read = [_parameters(exported, graph) for graph in (evaluation, training)]
    total = sum(size for size in (read[0] | read[1]).values()) or 1
    shares = [sum(size for path, size in a.items() if path not in b) / total for a, b in (read, read[::-1])]
    return Modes(same, _more(ours, theirs), _more(theirs, ours), *shares)


def _outputs(graph: Graph, table: dict[object, int]) -> list[int]:
    """A number for each output: equal numbers are equal computations (value numbering)."""
    numbers: dict[str, int] = {}

    def number(key: object) -> int:
        return table.setdefault(key, len(table))

    def plain(value: Value) -> object:
        if isinstance(value, tuple):
            return tuple(plain(item) for item in value)
        return ("ref", numbers[value.name]) if isinstance(value, Ref) else (type(value).__name__, repr(value))

    for place, given in enumerate(graph.inputs):
        numbers[given.name] = number(("input", place))
    for spec in graph.tensors:
        numbers[spec.name] = number(("tensor", spec.storage))
    for node in graph.nodes:
        if _is_identity(node):
            numbers[node.name] = numbers[node.refs[0]]
        else:
            arguments = tuple(plain(node.get(argument.name)) for argument in node.operator.arguments)
            numbers[node.name] = number((node.op, arguments))
    return [numbers[ref.name] for ref in graph.outputs]


def _is_identity(node: Node) -> bool:
    return bool(node.refs) and (node.base in _SAME_VALUE or (node.kind == "dropout" and node.get("train") is False))


_Content = tuple[str, tuple[str, ...]]


def _contents(graph: Graph) -> dict[_Content, list[str]]:
    """What a graph computes, in any order: operator and the parameters it reads -> where each of its calls stands."""
    found: dict[_Content, list[str]] = {}
    for node in graph.nodes:
        if node.kind == "random" or (node.name in graph.from_input and _tells(graph, node)):
            weights = sorted({path for ref in node.refs if ref not in graph.from_input for path in _paths(graph, ref)})
            label = ", ".join(weights[:2]) or (f"{node.base} ({node.at})" if node.at else node.base)
            found.setdefault((node.base, tuple(weights)), []).append(label)
    for path in {path for spec in graph.tensors for path in _paths(graph, spec.name)}:
        found[("parameter", (path,))] = [path]
    return found


def _tells(graph: Graph, node: Node) -> bool:
    """Layers and non-linearities, and where two values of the network meet (a skip); not a scaling."""
    meets = node.kind == "arithmetic" or node.base in ("cat", "concat", "stack")
    return node.kind in _TELLING or (meets and len({ref for ref in node.refs if ref in graph.from_input}) > 1)


def _paths(graph: Graph, name: str) -> Iterator[str]:
    return (spec.path for spec in sources(graph, name) if spec.kind == "parameter")


def _parameters(exported: Exported, graph: Graph) -> dict[str, int]:
    return {spec.storage: exported.weights[spec.storage].numel() for spec in graph.tensors if spec.kind == "parameter"}


def _more(left: dict[_Content, list[str]], right: dict[_Content, list[str]]) -> tuple[str, ...]:
    counts = Counter({key: len(places) for key, places in left.items()})
    counts.subtract({key: len(places) for key, places in right.items()})
    labels = (label for key, places in left.items() if counts[key] > 0 for label in places[-counts[key] :])
    return tuple(sorted(set(labels)))
