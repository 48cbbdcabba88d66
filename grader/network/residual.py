"""Residual connections, after He et al. 2015/2016, as measured facts of a functional graph with redrawn parameters.

A sum of two values of equal full shape with a common ancestor d: the branch passes at least one convolution on every
way from d; the shortcut is the identity, padding, slicing, pooling, a norm, a scaling or at most one 1x1 convolution;
and with the branch's convolutions at zero the outputs still vary with d. Not residual: two convolutions side by side
(a projection stands beside at least two convolutions in a row, or one behind a non-linearity), ``(f + x) - x``,
``0 * x``, a broadcast or dead addition, concatenation, and a skip around attention.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch

from grader.records import LayerFact, ResidualFact

from .graph import Graph, Node
from .trace import Trace, differentiate, record
from .values import Ref

_PAIRS = frozenset({"add", "sub", "rsub"})
_FOLDS = frozenset({"sum", "mean"})
_NO_SHORTCUT = frozenset({"expand", "expand_as", "repeat", "tile", "repeat_interleave", "detach", "im2col", "col2im", "unfold"})
_SCALINGS = frozenset({"mul", "div", "add", "sub"})
_BY_STRENGTH = ("projection", "pooling", "padding", "norm", "identity")
_PADS = frozenset({"pad", "constant_pad_nd", "cat", "concat", "slice", "narrow"})

_LONGEST = 16  # operators on a shortcut
_MOST_TERMS = 8

Convs = Mapping[str, LayerFact]  # node name -> the convolution it belongs to


@dataclass(frozen=True)
class Candidate:
    """A residual addition by its shape in the graph; whether it does anything is measured afterwards."""

    node: Node
    source: str
    shortcut: str  # its kind
    shortcut_nodes: tuple[str, ...]
    branch_nodes: frozenset[str]
    branch_convs: tuple[str, ...]  # node names, in order


def find_residuals(trace: Trace, convs: Convs, generator: torch.Generator) -> tuple[Candidate, ...]:
    """The residual additions of a recorded run, in order of execution."""
    if not convs:
        return ()
    reach = _Reach(trace.graph)
    found = [candidate for node in trace.graph.nodes if (candidate := _at(trace, convs, reach, node)) is not None]
    alive = _alive(trace, found, generator)
    missing = [candidate for candidate in found if candidate.source not in alive]
    again = {candidate.node.name for candidate in missing if candidate.source in _alive(trace, [candidate], generator)}
    return tuple(candidate for candidate in found if candidate.source in alive or candidate.node.name in again)


def to_fact(candidate: Candidate, convs: Convs) -> ResidualFact:
    """The record of a residual addition."""
    paths = dict.fromkeys(convs[name].path or name for name in candidate.branch_convs)
    return ResidualFact(candidate.node.name, candidate.node.at, candidate.source, candidate.shortcut, tuple(paths))


def _alive(trace: Trace, candidates: list[Candidate], generator: torch.Generator) -> set[str]:
    """Sources the outputs still vary with when the convolutions of all these branches give zero."""
    if not candidates:
        return set()
    names = {name for candidate in candidates for name in candidate.branch_convs}
    zeros = {name: torch.zeros_like(trace.values[name]) for name in names}
    tensors = {spec.storage: trace.values[spec.name] for spec in trace.graph.tensors}
    inputs = [trace.values[spec.name] for spec in trace.graph.inputs]
    run = differentiate(record(trace.graph, tensors, inputs, given=zeros), generator)
    return {candidate.source for candidate in candidates if candidate.source in run.gradients and run.matters(candidate.source)}


def _at(trace: Trace, convs: Convs, reach: _Reach, node: Node) -> Candidate | None:
    terms = [full for term in _terms(trace.graph, node) if (full := _full(trace, term, node))]
    if not 2 <= len(terms) <= _MOST_TERMS or node.name not in trace.graph.from_input or not trace.matters(node.name):
        return None
    for place, shortcut in enumerate(terms):
        for branch in (*terms[:place], *terms[place + 1 :]):
            candidate = _pair(convs, reach, node, shortcut[0], branch) if len(shortcut) == 1 else None
            if candidate is not None:
                return candidate
    return None


def _terms(graph: Graph, node: Node) -> list[tuple[str, ...]]:
    """What a node sums: each term by the values it is made of."""
    names: list[str] = []
    if node.base in _PAIRS or node.base == "lerp":
        names = [value.name for key in ("self", "other", "end") if isinstance(value := node.get(key), Ref)]
    elif node.base == "addcmul":
        factors = tuple(value.name for key in ("tensor1", "tensor2") if isinstance(value := node.get(key), Ref))
        return [(node.refs[0],), factors]
    elif node.base in _FOLDS and (stack := graph.by_name.get(node.refs[0])) is not None and stack.base == "stack":
        dims = node.get("dim")
        names = list(stack.refs) if dims == (stack.get("dim"),) else []
    return [(name,) for name in names]


def _full(trace: Trace, term: tuple[str, ...], node: Node) -> tuple[str, ...]:
    """The values of a term that have the full shape of the sum and come from the input; none is no term."""
    shape = trace.shape(node.name)
    inner = trace.graph.from_input
    return tuple(name for name in term if trace.shape(name) == shape and len(shape) >= 2 and name in inner)


def _pair(convs: Convs, reach: _Reach, node: Node, shortcut: str, branch: tuple[str, ...]) -> Candidate | None:
    """The nearest common source for which the two values are branch and shortcut."""
    graph = reach.graph
    above = reach.above(branch)
    if not any(name in above for name in convs):
        return None
    for source, path in _shortcuts(graph, convs, shortcut):
        between = above & reach.below(source)
        inner = tuple(name for name in convs if name in between)
        if not inner or source in branch or _bypasses(graph, source, branch, between, inner):
            continue
        if _is_attention(graph, convs, between, inner):
            continue
        kind = _kind(graph, convs, path)
        if kind == "projection" and not _has_depth(graph, between, inner):
            continue
        return Candidate(node, source, kind, path, frozenset(between), inner)
    return None


class _Reach:
    """What is above and below a value, remembered: a stranger's graph may hold thousands of sums."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._above: dict[tuple[str, ...], set[str]] = {}
        self._below: dict[str, set[str]] = {}

    def above(self, names: tuple[str, ...]) -> set[str]:
        """The nodes that ``names`` are computed from, themselves included."""
        if names not in self._above:
            self._above[names] = _ancestors(self.graph, names)
        return self._above[names]

    def below(self, name: str) -> set[str]:
        """The nodes that are computed from a value."""
        if name not in self._below:
            self._below[name] = _descendants(self.graph, name)
        return self._below[name]


def _ancestors(graph: Graph, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in graph.by_name:
            found.add(name)
            waiting.extend(graph.by_name[name].refs)
    return found


def _descendants(graph: Graph, source: str, without: frozenset[str] = frozenset()) -> set[str]:
    found: set[str] = set()
    waiting = [source]
    while waiting:
        for user in graph.users.get(waiting.pop(), ()):
            if user.name not in found and user.name not in without and user.operator.returns != "int":
                found.add(user.name)
                waiting.append(user.name)
    return found


def _shortcuts(graph: Graph, convs: Convs, name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Candidates for the source, nearest first, with the nodes between it and the sum."""
    path: tuple[str, ...] = ()
    projections = 0
    while True:
        yield name, path
        node = graph.by_name.get(name)
        before = [ref for ref in node.refs if ref in graph.from_input] if node else []
        if node is None or len(set(before)) != 1 or not _may_shortcut(node, convs):
            return
        projections += name in convs
        if projections > 1 or len(path) >= _LONGEST:
            return
        path = (name, *path)
        name = before[0]


def _may_shortcut(node: Node, convs: Convs) -> bool:
    if node.name in convs:
        return all(side == 1 for side in convs[node.name].kernel)
    if node.kind in ("movement", "getitem"):
        return node.base not in _NO_SHORTCUT
    return node.kind in ("pool", "norm", "dropout") or node.base in _SCALINGS


def _bypasses(graph: Graph, source: str, branch: tuple[str, ...], between: set[str], convs: tuple[str, ...]) -> bool:
    """Whether a way from the source to the branch passes no convolution."""
    return bool(_descendants(graph, source, frozenset(convs)) & set(branch) & between)


def _is_attention(graph: Graph, convs: Convs, between: set[str], inner: tuple[str, ...]) -> bool:
    """Whether the branch multiplies two values of the input as matrices, and sees no neighbourhood otherwise."""
    if any(side > 1 for name in inner for side in convs[name].kernel):
        return False
    products = (graph.by_name[name] for name in between if graph.by_name[name].kind == "matrix")
    return any(sum(ref in graph.from_input for ref in node.refs) > 1 for node in products)


def _has_depth(graph: Graph, between: set[str], convs: tuple[str, ...]) -> bool:
    """Whether a convolution of the branch follows another one or a non-linearity."""
    for name in convs:
        above = (_ancestors(graph, [name]) & between) - {name}
        if any(other in convs or graph.by_name[other].kind == "nonlinearity" for other in above):
            return True
    return False


def _kind(graph: Graph, convs: Convs, path: tuple[str, ...]) -> str:
    found = {_step_kind(graph.by_name[name], convs) for name in path} | {"identity"}
    return next(kind for kind in _BY_STRENGTH if kind in found)


def _step_kind(node: Node, convs: Convs) -> str:
    if node.name in convs:
        return "projection"
    if node.kind == "pool":
        return "pooling"
    return "padding" if node.base in _PADS else "norm" if node.kind == "norm" else "identity"


def shortcut_nodes(candidates: Iterable[Candidate]) -> frozenset[str]:
    """Names of the nodes that lie on a shortcut."""
    return frozenset(name for candidate in candidates for name in candidate.shortcut_nodes)
