"""Was an experiment really done? Its function is run at a tiny budget, and the results that were handed in are read.

With `run` the document that came back from the worker is judged (a claim) and the handed-in results beside it; without,
the handed-in results alone. Both have to satisfy the same rules and to agree with the networks that the examiner
measured. Of the points

    4 parts  are for the document of the run,
    3 parts  for the handed-in results file,
    2 parts  for the plots, if the rubric names any,
    1 part   for the README's section, if the rubric names one.

Plots and prose about results that are not there earn nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from pydantic import Field, field_validator

from grader.checks.analysis import Readme, readme_item
from grader.checks.base import Case, Evidence, Need, Requirements, combine, joined
from grader.checks.plots import plot_items
from grader.checks.rules import RULES, Reading
from grader.checks.rules.reading import models_key
from grader.records import Fault, Item, Judgement, Message, Review, message
from grader.submission.files import is_deep

RUN, RESULTS, PLOTS, README = Fraction(4), Fraction(3), Fraction(2), Fraction(1)


class Require(Requirements):
    """What the rubric may ask of an experiment."""

    experiment: str = Field(description="A name of the rubric's table of experiments.")
    rules: list[str] = Field(min_length=1, description="Rules that each document has to hold up to, equal in weight.")
    run: bool = Field(True, description="Judge the document of the run and the results file; false: the file alone.")
    plots: list[str] = Field([], description="Paths of the plots that belong to it.")
    readme: Readme | None = None

    @field_validator("rules")
    @classmethod
    def _known(cls, rules: list[str]) -> list[str]:
        for rule in rules:
            if rule not in RULES:
                raise ValueError(f'there is no rule "{rule}"; the rules are {", ".join(sorted(RULES))}')
        return rules


def needs(case: Case) -> frozenset[Need]:
    """The run of the experiment, and the graphs of the networks where a rule compares with them."""
    compared = any(RULES[rule].facts for rule in case.require.rules)
    graphs = {Need("export", role) for role in _roles(case, case.require.experiment)} if compared else set()
    return frozenset({Need("experiment", case.require.experiment)} | graphs)


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """The weighted share of what holds; None where there is no document of the kind that is asked for."""
    require: Require = case.require
    run, handed_in = _run(case, evidence, require.experiment), _handed_in(case, evidence, require.experiment)
    if isinstance(run if require.run else handed_in, Fault):
        return None
    core = [
        *(_document_items(run, require.rules, RUN) if require.run else ()),
        *_document_items(handed_in, require.rules, RESULTS),
    ]
    judgement = combine([*core, *_accompanying(require, case, evidence, core)], case.criterion.hint)
    judgement = judgement if require.run else _with_reasons(judgement, case, evidence)
    look_at = judgement.look_at or case.rubric.experiment[require.experiment].results
    return judgement if judgement.review is Review.NONE else replace(judgement, look_at=look_at)


def _with_reasons(judgement: Judgement, case: Case, evidence: Evidence) -> Judgement:
    """Results whose making could not be seen go to a person, with the reason."""
    why = joined([judgement.why, *unavailable(case, evidence)])
    return replace(judgement, why=why, review=max(judgement.review, Review.RECOMMENDED, key=list(Review).index))


def unavailable(case: Case, evidence: Evidence) -> tuple[Message, ...]:
    """Why the experiments that a criterion names as stronger evidence could not be used; nothing where they could."""
    stronger = (each.require for each in case.criterion.alternatives if each.check == "experiment")
    names = dict.fromkeys(str(require["experiment"]) for require in stronger if "experiment" in require)
    found = [read(case, evidence, name) for name in names for read in (_run, _handed_in)]
    return tuple(_reason(reading) for reading in found if isinstance(reading, Fault))


def _reason(fault: Fault) -> Message:
    return message("not available: {what}", what=fault.sentence)


def _run(case: Case, evidence: Evidence, name: str) -> Reading | Fault:
    experiment = case.rubric.experiment[name]
    document = evidence.experiments.get(name) or Fault("missing", f"{experiment.function}() was not run")
    if isinstance(document, Fault):
        what = f"{experiment.file}: {experiment.function}() gave no document at a tiny budget: {document.message}"
        return replace(document, message=what, file=document.file or experiment.file)
    if is_deep(document):
        return Fault("result", f"{experiment.function}() returned a document that is nested too deeply", experiment.file)
    counts = evidence.test_counts.get(name)
    reading = Reading(document, f"{experiment.function}()", False, _roles(case, name), experiment, evidence.facts, counts)
    return _with_roles(reading, experiment.file)


def _handed_in(case: Case, evidence: Evidence, name: str) -> Reading | Fault:
    experiment = case.rubric.experiment[name]
    document = evidence.submission.json(experiment.results)
    if isinstance(document, Fault):
        return document
    reading = Reading(document, experiment.results, True, _roles(case, name), experiment, evidence.facts)
    return _with_roles(reading, experiment.results)


def _with_roles(reading: Reading, file: str) -> Reading | Fault:
    """A document that speaks of none of the roles is not the one that was asked for."""
    if any(reading.model(role) for role in reading.roles):
        return reading
    key = models_key(reading.document)
    return Fault("result", f'{reading.place} holds no table "{key}" with {", ".join(reading.roles)}', file=file)


def _roles(case: Case, name: str) -> tuple[str, ...]:
    return tuple(case.criterion.roles or case.rubric.experiment[name].roles)


def _document_items(reading: Reading | Fault, rules: list[str], weight: Fraction) -> list[Item]:
    """The items of all rules, each rule with an equal part of the weight."""
    if isinstance(reading, Fault):
        expected = message("the results of a real training in {file}", file=reading.file or "results/")
        found = message("{what}", what=reading.message)
        why = message("what was found out has to be handed in")
        return [Item(Fraction(0), expected, found, why, weight, look_at=reading.place)]
    return [each for rule in rules for each in _rule_items(reading, rule, weight / len(rules))]


def _rule_items(reading: Reading, name: str, weight: Fraction) -> list[Item]:
    """The items of one rule with the reading's place in their texts; one item where all of them hold."""
    rule = RULES[name]
    items = rule.judge(reading)
    if all(each.holds == 1 for each in items):
        review = max((each.review for each in items), key=list(Review).index)
        what, place = message("{what}", what=rule.what), message("{place}: as asked", place=reading.place)
        why = message("the numbers are there and agree with each other and with the networks")
        return [
            Item(
                Fraction(1),
                what,
                place,
                why,
                weight,
                review,
                next((each.look_at for each in items if each.look_at), None),
            )
        ]
    return [_placed(each, reading.place, rule.why, weight / len(items)) for each in items]


def _placed(each: Item, place: str, reason: str, weight: Fraction) -> Item:
    found = message("{place}: {found}", place=place, found=each.found)
    return replace(each, found=found, why=message("{reason}", reason=reason), weight=weight)


def _accompanying(require: Require, case: Case, evidence: Evidence, core: Iterable[Item]) -> list[Item]:
    """Plots and README; without any result behind them they earn nothing."""
    items = plot_items(require.plots, PLOTS, case, evidence.submission) if require.plots else []
    items += [readme_item(evidence.submission, require.readme, README)] if require.readme else []
    if any(each.holds for each in core):
        return items
    why = message("plots and prose count when the results that they show are there")
    return [replace(each, holds=Fraction(0), why=why) for each in items]
