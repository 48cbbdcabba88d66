"""Does training work: every parameter gets a finite, non-zero gradient and the loss falls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from grader.checks.base import Case, Evidence, Need, Requirements, combine, item, place_of
from grader.network.exported import Exported
from grader.network.graph import Graph
from grader.records import Fault, Item, Judgement, NetworkFacts, TrainingResult, message


class Require(Requirements):
    """Nothing to state: the rule is the same for every network."""


def needs(case: Case) -> frozenset[Need]:
    """The training of each role."""
    return frozenset(Need(kind, role) for role in case.criterion.roles for kind in ("export", "train"))


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """One item each for the gradients and the loss of every role; None where no role could be trained."""
    items = [each for role in case.criterion.roles for each in _items(role, evidence)]
    trained = any(isinstance(evidence.trainings.get(role), TrainingResult) for role in case.criterion.roles)
    return combine(items, case.criterion.hint) if trained else None


def _items(role: str, evidence: Evidence) -> Iterator[Item]:
    facts, training, exported = evidence.facts.get(role), evidence.trainings.get(role), evidence.exports.get(role)
    if isinstance(facts, NetworkFacts) and isinstance(training, TrainingResult) and isinstance(exported, Exported):
        yield _gradients(role, facts, training, exported)
        yield _loss(role, training)
    else:
        fault = next((each for each in (training, facts) if isinstance(each, Fault)), Fault("missing", "it was not trained"))
        why = message("{role}: {what}", role=role, what=fault.sentence)
        lost = item(False, message("{role} can be trained", role=role), message("it was not trained"), why, look_at=fault.place)
        yield from (lost, lost)


def _gradients(role: str, facts: NetworkFacts, training: TrainingResult, exported: Exported) -> Item:
    idle = idle_parameters(facts, exported, (*training.dead_parameters, *facts.unused_parameters))
    wanting = [*idle, *([f"{facts.frozen_parameters} frozen numbers"] if facts.frozen_parameters else [])]
    return item(
        not wanting,
        message("{role}: every parameter gets a gradient", role=role),
        message("no gradient for {names}", names=", ".join(wanting)) if wanting else message("every parameter does"),
        message("a parameter without a gradient is never learnt; it was watched over all training steps"),
        look_at=place_of(facts),
    )


def idle_parameters(facts: NetworkFacts, exported: Exported, suspects: Iterable[str]) -> tuple[str, ...]:
    """The suspects, each once, without the biases that are added in layers which take part.

    A norm behind a layer, or the softmax behind the keys of an attention, takes its bias away: a redundancy that torch's
    own layers have as well, and no defect.
    """
    idle = dict.fromkeys(suspects)
    busy = {_owner(path) for path in facts.weight_gradients if path not in idle}
    read = _read(exported.evaluation)
    return tuple(path for path in idle if not (path.endswith("bias") and _owner(path) in busy and path in read))


def _owner(path: str) -> str:
    return path.rpartition(".")[0]


def _read(graph: Graph) -> set[str]:
    names = {name for node in graph.nodes for name in node.refs}
    return {spec.path for spec in graph.tensors if spec.name in names}


def _loss(role: str, training: TrainingResult) -> Item:
    expected = message("{role}: the training loss falls", role=role)
    if training.diverged or not training.losses:
        found = message("the training diverged") if training.diverged else message("there is nothing to train")
        return item(False, expected, found, message("after {steps} steps", steps=training.steps))
    first, last = training.losses[0], training.losses[-1]
    return item(
        last < first,
        expected,
        message("from {first} to {last}", first=f"{first:.2f}", last=f"{last:.2f}"),
        message("means of the first and of the last tenth of {steps} steps", steps=training.steps),
    )
