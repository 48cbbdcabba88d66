"""A verdict told whole: what was asked, what came, what each piece weighed, and the sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from grader.report.json_models import AlternativeModel, CriterionModel, FactsModel, ReportModel, RoleModel, TrainingModel


def explained(report: ReportModel, criterion: str) -> Iterator[str]:
    """The lines of ``grade explain``."""
    verdict = next(each for each in (*report.criteria, *report.advice) if each.id == criterion)
    yield f"{verdict.id}: {verdict.title}"
    yield f"{verdict.points:g} of {verdict.max:g} points, {verdict.outcome.value}" + (
        f"; rests on: {verdict.basis.value}" if verdict.basis else ""
    )
    yield from _block("", [("expected", verdict.expected), ("found", verdict.found), ("why", verdict.why), ("hint", verdict.hint or "")])
    if verdict.review.value != "none":
        yield f"  review {verdict.review.value}" + (f": look at {verdict.look_at}" if verdict.look_at else "")
    if verdict.depends_on:
        yield f"  not judged, because this has to be met first: {verdict.depends_on}"
    for card in report.roles:
        if card.role in verdict.roles:
            yield ""
            yield from _role(card, report)
    yield ""
    yield from _arithmetic(verdict)
    yield ""
    yield from _conditions(report)


def _block(title: str, pairs: list[tuple[str, str]]) -> Iterator[str]:
    if title:
        yield title
    width = max(len(name) for name, _ in pairs)
    yield from (f"  {name:<{width}}  {text}" for name, text in pairs if text)


def _role(card: RoleModel, report: ReportModel) -> Iterator[str]:
    pairs = [("candidate", card.candidate or "none was found"), ("confidence", _number(card.confidence)), ("because", card.reason)]
    pairs += [("or else", ", ".join(card.alternatives))]
    pairs += [("asked for", _asked(each.arguments, each.shape, each.batch_sizes)) for each in card.asked]
    pairs += [("note", note) for note in card.notes]
    if card.fault:
        place = f" ({card.fault.file}:{card.fault.line})" if card.fault.file else ""
        pairs += [("fault", f"{card.fault.message}{place}"), ("remedy", card.fault.remedy or "")]
    pairs += _facts(card.facts) if card.facts else []
    pairs += _training(card, card.training, report.provenance.data) if card.training else []
    yield from _block(f"Role {card.role}: {card.title}", pairs)


def _asked(arguments: Mapping[str, Any], shape: list[int], batch_sizes: list[int]) -> str:
    given = ", ".join(f"{name}={value!r}" for name, value in arguments.items()) or "none"
    return f"arguments: {given}; one sample: {_shape(shape)}; batches of {', '.join(map(str, batch_sizes))}"


def _facts(facts: FactsModel) -> list[tuple[str, str]]:
    layers = [
        f"{', '.join(f'{layer.kind} {_shape(layer.output_shape)}' for layer in run)}" + (f" at {place}" if place else "")
        for place, run in groupby(facts.layers, key=lambda layer: layer.at)
    ]
    field = _shape(facts.receptive_field) if facts.receptive_field else "none"
    shapes = "; ".join(f"{size} gives {_shape(shape)}" for size, shape in facts.output_shapes.items())
    odd = {
        "a sample changes the output of another": not facts.batch_independent,
        "evaluation is another network than training": not facts.evaluation_agrees,
        "the network as data differs from the running code": not facts.eager_agrees,
        "an output is not finite": not facts.finite,
    }
    return [
        ("network", f"{facts.parameters} trainable parameters, {facts.multiply_adds} multiply-adds, receptive field {field}"),
        ("outputs", f"batch of {shapes}"),
        ("layers", "; ".join(layers)),
        ("residuals", "; ".join(f"{each.shortcut} around {', '.join(each.branch_convs) or 'its branch'}" for each in facts.residuals)),
        ("unused", ", ".join(facts.unused_parameters)),
        ("but", "; ".join(name for name, holds in odd.items() if holds)),
    ]


def _training(card: RoleModel, training: TrainingModel, data: Mapping[str, str]) -> list[tuple[str, str]]:
    early = ", stopped early: the validation images showed that it is enough" if training.stopped_early else ""
    sentence = next((text for name, text in data.items() if name == card.data), card.data)
    right = f"{training.correct} of {training.held} held-out images right ({_percent(training.accuracy)})"
    before = f"{_percent(training.initial_accuracy)} before, {_percent(training.train_accuracy)} of the training images after"
    pairs = [
        ("trained", f"{training.steps} steps, {training.images} images, {training.precision}{early}; data: {sentence}"),
        ("measured", f"{right}; {before}" + ("; it diverged" if training.diverged else "")),
    ]
    if card.bar and training.accuracy is not None:
        bar, distance = card.bar, training.accuracy - card.bar.value
        runs = f"{len(bar.seeds)} runs of the reference, seeds {_seeds(bar.seeds)}: mean {_percent(bar.mean)}, standard deviation "
        runs += f"{_percent(bar.std)}, lowest {_percent(bar.lowest)}" + (f"; {bar.note}" if bar.note else "")
        way = "above" if distance >= 0 else "below"
        pairs.append(("threshold", f"{_percent(bar.value)}, from {runs}; this is {_percent(abs(distance))} {way}"))
    elif not card.bar:
        pairs.append(("threshold", "none was measured for these images: better than chance is asked"))
    return pairs


def _arithmetic(verdict: CriterionModel) -> Iterator[str]:
    yield "How the points came about"
    if not verdict.alternatives:
        yield "  nothing was weighed"
    for each in verdict.alternatives:
        yield from _alternative(each, verdict.max)


def _alternative(each: AlternativeModel, most: float) -> Iterator[str]:
    head = f"  {each.check} ({each.basis.value}, up to {each.share:g} of the points)"
    if not each.available or each.fraction is None:
        yield f"{head}: nothing of this kind is there"
        return
    yield head + (": counts" if each.counts else ": earns less, and is not counted")
    for item in each.items:
        yield f"    {item.holds:g} of weight {item.weight:g}: {item.expected}"
        yield f"      found: {item.found} ({item.why})"
    total = sum(item.weight for item in each.items)
    if each.items and total:
        yield f"    ({' + '.join(f'{item.holds:g} x {item.weight:g}' for item in each.items)}) / {total:g} = {each.fraction:g}"
    yield f"    {each.fraction:g} x share {each.share:g} x {most:g} points = {each.fraction * each.share * most:g}"


def _conditions(report: ReportModel) -> Iterator[str]:
    one = report.provenance
    yield from _block(
        "Graded with",
        [
            ("rubric", f"{one.rubric} ({one.rubric_hash[:12]}), profile {one.profile}, seed {one.seed}"),
            ("grader", f"{one.grader_version}, torch {one.torch_version}, {one.device}, {one.cpu_capability}, {one.precision}"),
            ("submission", f"{one.submission} ({one.submission_hash[:12]})"),
        ],
    )


def _shape(shape: list[int]) -> str:
    return "x".join(map(str, shape)) or "a number"


def _seeds(seeds: list[int]) -> str:
    is_range = len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1))
    return f"{seeds[0]} to {seeds[-1]}" if is_range else ", ".join(map(str, seeds))


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.1f} %"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
