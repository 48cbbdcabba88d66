"""Does training work: every parameter gets a finite, non-zero gradient and the loss falls."""

from __future__ import annotations

from collections.abc import Iterator

from grader.checks.base import Case, Evidence, Item, Need, Requirements, combine, item
from grader.records import Fault, Judgement, NetworkFacts, TrainingResult, message


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
    facts, training = evidence.facts.get(role), evidence.trainings.get(role)
    if isinstance(facts, NetworkFacts) and isinstance(training, TrainingResult):
        yield _gradients(role, facts, training)
        yield _loss(role, training)
    else:
        fault = next((each for each in (training, facts) if isinstance(each, Fault)), Fault("missing", "it was not trained"))
        why = message("{role}: {what}", role=role, what=fault.sentence)
        lost = item(False, message("{role} can be trained", role=role), message("it was not trained"), why, look_at=fault.place)
        yield from (lost, lost)


def _gradients(role: str, facts: NetworkFacts, training: TrainingResult) -> Item:
    idle = tuple(dict.fromkeys((*training.dead_parameters, *facts.unused_parameters)))
    return item(
        not idle and not facts.frozen_parameters,
        message("{role}: every parameter gets a gradient", role=role),
        message("every parameter does")
        if not idle and not facts.frozen_parameters
        else message("no gradient for {names}", names=", ".join(idle) or f"{facts.frozen_parameters} frozen numbers"),
        message("a parameter without a gradient is never learnt; it was watched over all training steps"),
    )


def _loss(role: str, training: TrainingResult) -> Item:
    falls = not training.diverged and training.losses[-1] < training.losses[0]
    return item(
        falls,
        message("{role}: the training loss falls", role=role),
        message("from {first} to {last}", first=f"{training.losses[0]:.2f}", last=f"{training.losses[-1]:.2f}")
        if not training.diverged
        else message("the training diverged"),
        message("means of the first and of the last tenth of {steps} steps", steps=training.steps),
    )
