"""Which operators of a network draw random numbers in training, and whether they still do in evaluation."""

from __future__ import annotations

from collections import Counter

from grader.records import DropoutFact

from .functional import functionalise
from .graph import Graph, Node
from .values import Ref


def dropout_facts(training: Graph, evaluation: Graph) -> tuple[DropoutFact, ...]:
    """Random operators the training output is computed from, in order; an inactive dropout is none."""
    in_evaluation = Counter(_place(node) for node in functionalise(evaluation).nodes if is_random(node))
    facts = []
    for node in functionalise(training).nodes:
        if is_random(node):
            active = in_evaluation[_place(node)] > 0
            in_evaluation[_place(node)] -= active
            facts.append(DropoutFact(node.op, node.at, _probability(training, node), active))
    return tuple(facts)


def is_random(node: Node) -> bool:
    """Whether the operator draws random numbers as it is called."""
    if node.kind == "dropout":
        return node.get("train") is not False
    if node.base == "scaled_dot_product_attention":
        return bool(node.get("dropout_p"))
    return node.kind == "random" or (node.base in ("rrelu", "rrelu_") and bool(node.get("training")))


def _place(node: Node) -> tuple[str, str | None, str | None]:
    return node.op, node.at, node.module


def _probability(graph: Graph, node: Node) -> float:
    """The probability with which a value is dropped; 1 for noise that touches every value."""
    if node.base == "scaled_dot_product_attention":
        return _number(node.get("dropout_p"))
    if node.base.startswith("bernoulli"):
        return 1 - _kept(graph, node)
    if node.base.startswith("rand") and (bound := _bound(graph, node)) is not None:
        return bound
    given = node.get("p")
    return 1.0 if given is None else _number(given)


def _kept(graph: Graph, node: Node) -> float:
    given = node.get("p")
    if given is None or isinstance(given, Ref):
        source = graph.by_name.get(given.name if isinstance(given, Ref) else node.refs[0])
        given = source.get("fill_value") if source is not None else None
    return 0.5 if given is None else _number(given)


def _bound(graph: Graph, node: Node) -> float | None:
    """What a uniform number is compared with: the share of values on the losing side."""
    for user in graph.users.get(node.name, ()):
        other = user.get("other")
        if user.kind == "comparison" and isinstance(other, (int, float)):
            return _number(other) if user.base in ("gt", "ge") else 1 - _number(other)
    return None


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
