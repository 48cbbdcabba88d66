"""What the operators of a graph may do beside computing: write into tensors, and read tables."""

from __future__ import annotations

from .graph import Graph, Node, written_names
from .values import GraphError, Ref


def check_writes(graph: Graph) -> None:
    """In-place operators may write to computed values, to inputs (a copy of them), and to buffers: nothing else.

    A write to a buffer is a running statistic or a counter; that the *evaluation* graph has none is checked where
    it is known to be one (``exported.py``). A name stands for what it may alias. Raises GraphError.
    """
    roots = {spec.name: spec.name for spec in graph.inputs} | {spec.name: spec.name for spec in graph.tensors}
    for node in graph.nodes:
        shared = (node.refs if node.base in _SHARE_ALL else node.refs[:1]) if _shares(node) else ()
        for name in written_names(node):
            _check_write(graph, node, name, roots.get(name))
        held = [roots[name] for name in shared if name in roots]
        if held:
            roots[node.name] = next((root for root in held if root in graph.tensor_by_name), held[0])


_SHARE_ALL = frozenset({"broadcast_tensors", "einsum"})


def _shares(node: Node) -> bool:
    return node.operator.in_place or node.operator.aliases or node.op == "getitem"


def _check_write(graph: Graph, node: Node, name: str, root: str | None) -> None:
    spec = graph.tensor_by_name.get(root or "")
    if spec is not None and (spec.kind != "buffer" or name != spec.name):
        sentence = f"An in-place operator writes to the {spec.kind} {spec.path!r}"
        raise GraphError("write", sentence, node=node.name, op=node.op, at=node.at)
    if spec is None and root is not None and not node.operator.in_place:
        raise GraphError("write", "A norm keeps its statistics in an input", node=node.name, op=node.op, at=node.at)


_INDEXES = {
    "aten.index.Tensor": "indices",
    "aten.index_select.default": "index",
    "aten.gather.default": "index",
    "aten.embedding.default": "indices",
    "aten.take_along_dim.default": "indices",
}


def check_lookups(graph: Graph) -> None:
    """No table is read where the input says, in a functional graph. Raises GraphError."""
    for node in graph.nodes:
        index = node.get(_INDEXES[node.op]) if node.op in _INDEXES else None
        refs = index if isinstance(index, tuple) else (index,)
        looks_up = any(isinstance(ref, Ref) and ref.name in graph.from_input for ref in refs)
        if node.base == "grid_sampler":  # an image may be sampled where it says, a table may not
            looks_up = node.refs[0] not in graph.from_input and node.refs[-1] in graph.from_input
        if looks_up:
            sentence = "A table is looked up by an index that depends on the input, which hides weights from counting"
            raise GraphError("lookup", sentence, node=node.name, op=node.op, at=node.at)
