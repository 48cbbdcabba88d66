"""Report > JSON text, by the models of ``json_models``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from grader.records import Item, NetworkFacts, Report, RoleCard, TrainingResult, Verdict, Weighed
from grader.report import json_models as models
from grader.report.text import clean, cut, exact, finite, say, significant

DIGITS = 4  # significant digits of losses and norms
LONGEST = 20_000  # characters of one text
DEEPEST = 8  # levels of nesting that are written of a role's arguments


def to_json(report: Report) -> str:
    """The report as a JSON document with a fixed order of keys, ending in a newline."""
    document = document_of(report).model_dump(mode="json", by_alias=True)
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def document_of(report: Report) -> models.ReportModel:
    """The report as a model."""
    score = report.score
    return models.ReportModel(
        version=models.VERSION,
        assignment=clean(report.assignment),
        score=models.ScoreModel(
            points=exact(score.points),
            max=exact(score.max_points),
            lowest=exact(score.lowest),
            highest=exact(score.highest),
        ),
        parts=[
            models.PartModel(id=part.part, title=part.title, points=exact(part.points), max=exact(part.max_points)) for part in score.parts
        ],
        criteria=[_criterion(verdict) for verdict in report.verdicts],
        advice=[_criterion(verdict) for verdict in report.advice],
        roles=[_role(card) for card in report.roles],
        log=[cut(line, LONGEST) for line in report.log],
        provenance=models.ProvenanceModel(**plain(asdict(report.provenance))),
        timing={clean(name): finite(taken, 3) for name, taken in report.timing.items()},
    )


def _criterion(verdict: Verdict) -> models.CriterionModel:
    return models.CriterionModel(
        id=verdict.criterion,
        part=verdict.part,
        title=cut(verdict.title, LONGEST),
        points=exact(verdict.points),
        max=exact(verdict.max_points),
        outcome=verdict.outcome,
        basis=verdict.basis,
        review=verdict.review,
        look_at=plain(verdict.look_at),
        expected=say(verdict.expected, LONGEST),
        found=say(verdict.found, LONGEST),
        why=say(verdict.why, LONGEST),
        hint=say(verdict.hint, LONGEST) or None,
        role=verdict.roles[0] if verdict.roles else None,
        roles=list(verdict.roles),
        depends_on=verdict.depends_on,
        alternatives=[_alternative(each) for each in verdict.weighed],
    )


def _alternative(weighed: Weighed) -> models.AlternativeModel:
    judgement = weighed.judgement
    return models.AlternativeModel(
        check=weighed.check,
        basis=weighed.basis,
        share=exact(weighed.share),
        available=judgement is not None,
        counts=weighed.counts,
        fraction=exact(judgement.fraction) if judgement else None,
        items=[_item(each) for each in judgement.items] if judgement else [],
    )


def _item(item: Item) -> models.ItemModel:
    return models.ItemModel(
        expected=say(item.expected, LONGEST),
        found=say(item.found, LONGEST),
        why=say(item.why, LONGEST),
        holds=exact(item.holds),
        weight=exact(item.weight),
    )


def _role(card: RoleCard) -> models.RoleModel:
    return models.RoleModel(
        role=card.role,
        title=cut(card.title, LONGEST),
        part=card.part,
        candidate=plain(card.candidate),
        arguments=plain(card.arguments),
        confidence=finite(card.confidence, 4),
        reason=say(card.reason, LONGEST),
        alternatives=plain(card.alternatives),
        fault=models.FaultModel(**plain(asdict(card.fault))) if card.fault else None,
        notes=plain(card.notes),
        facts=_facts(card.facts) if card.facts else None,
        training=_training(card.training) if card.training else None,
        classes=plain(card.classes),
        data=card.data_kind,
        asked=[models.AskedModel(**plain(asdict(each))) for each in card.asked],
        bar=models.BarModel(**plain(asdict(card.bar))) if card.bar else None,
    )


def roles_json(cards: Sequence[RoleCard]) -> str:
    """The matching alone: what `grade roles --json` writes."""
    roles = [_role(card).model_dump(mode="json") for card in cards]
    return json.dumps({"roles": roles}, ensure_ascii=False, indent=2) + "\n"


def _facts(facts: NetworkFacts) -> models.FactsModel:
    return models.FactsModel(**plain(asdict(facts), DIGITS))


def _training(training: TrainingResult) -> models.TrainingModel:
    measured = plain(asdict(training), DIGITS)
    measured["validation"] = [(step, finite(accuracy, 4)) for step, accuracy in training.validation]
    return models.TrainingModel(
        **measured,
        accuracy=_ratio(training.correct, training.held),
        initial_accuracy=_ratio(training.initial_correct, training.initial_seen),
        train_accuracy=_ratio(training.train_correct, training.train_seen),
    )


def _ratio(part: int, whole: int) -> float | None:
    return finite(part / whole, 4) if whole else None


def plain(value: Any, digits: int | None = None, depth: int = 0) -> Any:
    """``value`` in JSON's own types: clean texts, finite floats (to ``digits`` significant digits) or None.

    Anything else becomes its text; so does an integer that readers of JSON would round. What is nested too deeply is left out.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else cut(hex(value), LONGEST)
    if isinstance(value, float):
        return significant(value, digits) if digits else finite(value)
    if isinstance(value, dict) and depth < DEEPEST:
        return {cut(str(key), LONGEST): plain(item, digits, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple) and depth < DEEPEST:
        return [plain(item, digits, depth + 1) for item in value]
    # Python itself fails on the text of what is nested very deeply.
    return "…" if isinstance(value, dict | list | tuple) else cut(str(value), LONGEST)
