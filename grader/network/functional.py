"""Functional form (no operator writes) and evaluation form (norms and dropout at rest) of a network as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .graph import Graph, Node
from .operators import counterpart
from .values import GraphError, Ref, Value

_SAME = frozenset(
    {"alias", "contiguous", "to", "detach", "dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "type_as"}
)
_RESHAPES = frozenset({"view", "reshape", "_unsafe_view", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as", "ravel"})
_OWN_INVERSE = frozenset({"transpose", "swapaxes", "t", "mT", "numpy_T"})
_GROWTH = 6  # nodes for each node of the original, before writes through views are refused
_MOVED = frozenset({"permute", "transpose", "t", "mT", "swapaxes", "movedim", "expand"})


def functionalise(graph: Graph) -> Graph:
    """The same values without any write: each write becomes a new value, seen through every view of what it changed.

    Nodes the outputs do not need are left out. Raises GraphError for a write through a view that cannot be followed.
    """
    return prune(_Rewriter(graph).rewrite())


def prune(graph: Graph) -> Graph:
    """The graph without nodes and tensors that no output reads (for a graph without writes)."""
    needed = {ref.name for ref in graph.outputs}
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if node.name in needed:
            needed.update(node.refs)
            kept.append(node)
    tensors = tuple(spec for spec in graph.tensors if spec.name in needed)
    return replace(graph, nodes=tuple(reversed(kept)), tensors=tensors)


def without_hidden_writes(graph: Graph) -> Graph:
    """A graph that runs the same in any memory layout, and never writes to its inputs.

    In-place operators stay (they save memory) where nothing else can see the write; buffers are written as they are.
    """
    shared = _shared_names(graph)
    hidden = any(node.operator.in_place and node.refs[0] in shared for node in graph.nodes)
    return _Rewriter(graph, keep_buffers=True).rewrite() if hidden else graph


def _shared_names(graph: Graph) -> set[str]:
    """Inputs, and the names that may share memory with another name (an in-place result is its operand renamed)."""
    shared = {spec.name for spec in graph.inputs}
    for node in graph.nodes:
        if node.operator.aliases or node.op == "getitem":
            shared.update((node.name, node.refs[0]))
        elif node.operator.in_place and node.refs[0] in shared:
            shared.add(node.name)
    return shared


@dataclass
class _Rewriter:
    """Walks the nodes once; ``current`` maps a name of the old graph to the name of its newest value."""

    graph: Graph
    keep_buffers: bool = False
    current: dict[str, str] = field(default_factory=dict)
    views: dict[str, Node] = field(default_factory=dict)  # name -> the node that made it a view of its first argument
    roots: dict[str, str] = field(default_factory=dict)  # name of a view -> the first name of its memory
    nodes: list[Node] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    last_use: dict[str, int] = field(default_factory=dict)

    def rewrite(self) -> Graph:
        buffers = {spec.name for spec in self.graph.tensors if spec.kind == "buffer"}
        self.taken = {spec.name for spec in self.graph.inputs} | {spec.name for spec in self.graph.tensors}
        self.taken.update(node.name for node in self.graph.nodes)
        self.last_use = {name: place for place, node in enumerate(self.graph.nodes) for name in node.refs}
        self.last_use |= {ref.name: len(self.graph.nodes) for ref in self.graph.outputs}
        for place, node in enumerate(self.graph.nodes):
            if len(self.nodes) > _GROWTH * (len(self.graph.nodes) + 1000):
                raise _untraceable(node)
            if node.operator.in_place and not (self.keep_buffers and node.refs[0] in buffers):
                self._write(node, place)
            else:
                self.nodes.append(self._renamed(node))
                if self._is_view(node):
                    self._add_view(node)
        outputs = tuple(Ref(self.current.get(ref.name, ref.name)) for ref in self.graph.outputs)
        return replace(self.graph, nodes=tuple(self.nodes), outputs=outputs)

    def _is_view(self, node: Node) -> bool:
        if node.op == "getitem":
            return node.refs[0] in self.views
        if node.base in ("contiguous", "reshape", "flatten"):  # of a moved tensor they copy
            source = self.views.get(node.refs[0])
            return source is None or source.base not in _MOVED
        return node.operator.aliases

    def _renamed(self, node: Node) -> Node:
        def rename(value: Value) -> Value:
            if isinstance(value, Ref):
                return Ref(self.current.get(value.name, value.name))
            return tuple(rename(item) for item in value) if isinstance(value, tuple) else value

        kwargs = tuple((name, rename(value)) for name, value in node.kwargs)
        return replace(node, args=tuple(rename(value) for value in node.args), kwargs=kwargs)

    def _write(self, node: Node, place: int) -> None:
        found = counterpart(node.op)
        if found is None:
            raise _untraceable(node)
        written = node.refs[0]
        self.nodes.append(replace(self._renamed(node), op=found.name))
        self._add_view(Node(node.name, "aten.alias.default", (Ref(written),), ()))
        self.current[written] = node.name
        stale = self._stale(written, node.name, place)
        if stale:
            self._update(node, written, stale)

    def _add_view(self, node: Node) -> None:
        self.views[node.name] = node
        self.roots[node.name] = self.roots.get(node.refs[0], node.refs[0])

    def _stale(self, written: str, fresh: str, place: int) -> list[str]:
        """Other names of the same memory that are read after the write, or that such a name is a view of."""
        root = self.roots.get(written, written)
        family = [root, *(name for name in self.views if self.roots[name] == root)]
        needed = {name for name in family if self.last_use.get(name, -1) > place}
        for name in reversed(family[1:]):  # a view comes after what it is a view of
            if name in needed:
                needed.add(self.views[name].refs[0])
        return [name for name in family if name in needed and name not in (written, fresh)]

    def _update(self, node: Node, written: str, stale: list[str]) -> None:
        """Carry the write up to the memory's first name, then make the views that are still read anew."""
        path = {written}
        name = written
        while name in self.views:
            view = self.views[name]
            parent = view.refs[0]
            self.current[parent] = self._inverse(node, view, self.current[name], parent)
            path.add(parent)
            name = parent
        for view_name, view in list(self.views.items()):
            if view_name in stale and view_name not in path:
                again = self._renamed(replace(view, name=self._name(view_name)))
                self.nodes.append(again)
                self.current[view_name] = again.name

    def _name(self, base: str) -> str:
        name = f"{base}~{len(self.nodes)}"
        while name in self.taken:
            name += "~"
        self.taken.add(name)
        return name

    def _inverse(self, node: Node, view: Node, value: str, parent: str) -> str:
        """The parent's new value, given the new value of a view of it."""
        if view.base in _SAME:
            return value
        whole = Ref(self.current.get(parent, parent))
        build = _INVERSES.get(view.base) or (_reshape if view.base in _RESHAPES else None)
        if build is None and view.base in _OWN_INVERSE:
            build = _again
        if build is None:
            raise _untraceable(node)
        op, args = build(view, Ref(value), whole)
        self.nodes.append(Node(self._name(parent), op, args, (), node.at, node.module))
        return self.nodes[-1].name


_Call = tuple[str, tuple[Value, ...]]


def _reshape(_: Node, value: Ref, whole: Ref) -> _Call:
    return "aten.reshape_as.default", (value, whole)


def _again(view: Node, value: Ref, _: Ref) -> _Call:
    return view.op, (value, *view.args[1:])


def _permute(view: Node, value: Ref, _: Ref) -> _Call:
    dims = view.get("dims")
    sides = [dim for dim in dims if isinstance(dim, int)] if isinstance(dims, tuple) else []
    order = [dim % len(sides) for dim in sides]
    return view.op, (value, tuple(order.index(place) for place in range(len(order))))


def _select(view: Node, value: Ref, whole: Ref) -> _Call:
    return "aten.select_scatter.default", (whole, value, view.get("dim"), view.get("index"))


def _slice(view: Node, value: Ref, whole: Ref) -> _Call:
    bounds = tuple(view.get(name) for name in ("dim", "start", "end", "step"))
    return "aten.slice_scatter.default", (whole, value, *bounds)


_INVERSES: dict[str, Callable[[Node, Ref, Ref], _Call]] = {"permute": _permute, "select": _select, "slice": _slice}


def _untraceable(node: Node) -> GraphError:
    sentence = "An in-place operator writes through a view that cannot be followed; compute a new value instead"
    return GraphError("in-place-view", sentence, node=node.name, op=node.op, at=node.at)


_AT_REST = {"batch_norm": "training", "instance_norm": "use_input_stats"}


def evaluation_form(training: Graph) -> Graph:
    """The training graph with its norms using their running statistics and its dropout at rest."""
    return replace(training, nodes=tuple(_rest(node) for node in training.nodes))


def dropout_at_rest(graph: Graph) -> Graph:
    """The graph with its dropout off and its norms as they are."""
    return replace(graph, nodes=tuple(_rest(node) if node.kind in ("dropout", "random") else node for node in graph.nodes))


def _rest(node: Node) -> Node:
    if node.kind == "dropout":
        return with_argument(node, "train", False)
    if node.base in _AT_REST and node.get("running_mean") is not None:
        return with_argument(node, _AT_REST[node.base], False)
    if node.op == "aten.randn_like.default":  # noise of mean 0
        return replace(node, op="aten.zeros_like.default")
    if node.base == "scaled_dot_product_attention" and node.get("dropout_p"):
        return with_argument(node, "dropout_p", 0.0)
    return node


def with_argument(node: Node, name: str, value: Value) -> Node:
    """The node with one of its arguments replaced."""
    for place, argument in enumerate(node.operator.arguments):
        if argument.name == name and place < len(node.args):
            return replace(node, args=(*node.args[:place], value, *node.args[place + 1 :]))
    return replace(node, kwargs=(*(pair for pair in node.kwargs if pair[0] != name), (name, value)))
