"""Which of a submission's samples fills which role. The structure decides; names and places break ties.

Pure: the same rubric, samples and survey give the same matches. The order of the samples decides only between builds of one
definition that are alike in everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.checks.naming import in_plain_words
from grader.discovery.candidates import Candidate, Field
from grader.discovery.choice import choose
from grader.discovery.declared import FILE
from grader.discovery.records import Match, Sample, Survey
from grader.records import Fault, Message, message
from grader.rubric import Rubric

_SURE = 0.5  # below, the next best are named too
_CLOSE = 0.1
_MOST_ALTERNATIVES = 3


def assign(rubric: Rubric, samples: Sequence[Sample], survey: Survey) -> dict[str, Match]:
    """Each role of the rubric with what fills it, or the Fault that nothing does."""
    field = Field(rubric, samples, survey)
    roles = {part.id: [name for name, role in rubric.role.items() if role.part == part.id] for part in rubric.part}
    candidates = {role: field.candidates(role) for role in rubric.role}
    chosen: dict[str, Candidate] = {}
    # A study that nothing is called after is told by having networks of its own: what other parts take has to be known.
    for names in sorted(roles.values(), key=lambda each: any(map(field.is_study, each))):
        chosen |= choose(field, {role: candidates[role] for role in names}, list(chosen.values()))
    return {role: _match(rubric, role, chosen.get(role), candidates[role]) for role in rubric.role}


def _match(rubric: Rubric, role: str, chosen: Candidate | None, candidates: Sequence[Candidate]) -> Match:
    if chosen is None:
        return _nothing(rubric, role, candidates)
    rivals = [each for each in candidates if not _is_alike(each, chosen)]
    confidence = _confidence(chosen, rivals)
    build = chosen.sample.build
    return Match(
        role,
        build.definition.file,
        build.definition.name,
        confidence,
        _reason(chosen, rivals),
        chosen.fault,
        dict(build.arguments),
        None if chosen.fault else chosen.sample.shape,
        _listed(rivals) if confidence < _SURE else (),
    )


def _nothing(rubric: Rubric, role: str, candidates: Sequence[Candidate]) -> Match:
    table = rubric.role[role]
    near = _listed(candidates)
    why = message("nothing in the submission is {title} by its structure and its place in the work", title=table.title)
    if near:
        why = message("{why}; what comes nearest is {near}", why=why, near=near[0])
    remedy = f"{in_plain_words(table.hint)} If it is there already, name it in {FILE}."
    fault = Fault("missing", f"nothing was found that is {table.title}", remedy=remedy)
    return Match(role, table.file, table.name, 0.0, why, fault, {}, None, near)


def _is_alike(one: Candidate, other: Candidate) -> bool:
    """The same definition, or another that fits as well and has the same layers."""
    return one.definition == other.definition or (one.fit == other.fit and structure(one.sample) == structure(other.sample))


def structure(sample: Sample) -> tuple[object, ...] | None:
    """The layers of a sample without its widths; None where it could not be measured."""
    if isinstance(sample.facts, Fault):
        return None
    layers = tuple((layer.kind, layer.kernel, layer.stride) for layer in sample.facts.layers)
    return (layers, len(sample.facts.residuals), len(sample.facts.dropouts))


def _confidence(chosen: Candidate, rivals: Sequence[Candidate]) -> float:
    """High where the structure is complete, the words agree and nothing else comes near."""
    if chosen.fault:
        return 0.25
    said = chosen.said
    words = max(said.score, 0.5 * said.named, 0.5 * said.place)
    fit = min(1.0, chosen.fit.value + 0.1) * (0.5 + 0.5 * chosen.fit.extra)
    doubt = 0.2 if any(each.value > chosen.value - _CLOSE and each.gain > 0 for each in rivals) else 0.0
    return round(max(0.1, min(1.0, fit * (0.65 + 0.35 * max(-1.0, words)) - doubt)), 2)


def _reason(chosen: Candidate, rivals: Sequence[Candidate]) -> Message:
    parts = [_structure_words(chosen)]
    if chosen.said.matched:
        parts.append(message("names and places say {words}", words=", ".join(chosen.said.matched)))
    if chosen.said.against:
        parts.append(message("but also {words}", words=", ".join(chosen.said.against)))
    better = [each for each in rivals if each.gain > 0]
    if better:
        parts.append(message("the next best is {name}", name=better[0].sample.build.text))
    return Message("; ".join(f"{{part{index}}}" for index in range(len(parts))), {f"part{i}": each for i, each in enumerate(parts)})


def _structure_words(chosen: Candidate) -> Message:
    if chosen.fault:
        return message("its name and place say that it was meant for this, but it does not work: {why}", why=chosen.fault.message)
    if chosen.fit.is_full:
        return message("its structure is what the role asks for")
    return message("its structure comes near what the role asks for ({percent} %)", percent=round(100 * chosen.fit.value))


def _listed(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    texts: Mapping[str, None] = dict.fromkeys(each.sample.build.text for each in candidates)
    return tuple(texts)[:_MOST_ALTERNATIVES]
