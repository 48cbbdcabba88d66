"""Which class or factory of a submission fills which role: as it declares itself, by the starter's contract, or by search.

The search reads the code for definitions and the student's own calls, tries in a worker what can be built and run, exports
that as networks, and lets their structure decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from grader.asking import Worker, as_list, derived_seed, export, request
from grader.discovery import Match, match_roles
from grader.discovery.arguments import builds
from grader.discovery.declared import declared
from grader.discovery.matching import assign
from grader.discovery.records import Build, Definition, Sample
from grader.discovery.survey import Reading, read
from grader.gathering import Setting, result_of
from grader.network.exported import Exported
from grader.network.graph import Limits
from grader.records import Fault, NetworkFacts
from grader.rubric import Rubric
from grader.sandbox.base import Answer
from grader.submission import Submission
from grader.trainers import Trainers

_CHANNELS, _SIDE = (64, 16, 3, 1), 16  # what layers and blocks are tried on, besides the channels that the arguments name
MAX_DEFINITIONS, MAX_SAMPLES, MAX_EXPORTS = 120, 16, 120
BATCH_SIZES = (2, 1, 5)
TRIAL_SECONDS = 60.0  # the first imports what the submission does


@dataclass(frozen=True)
class Found:
    """What fills each role, and sentences on what had to be done to find it."""

    matches: dict[str, Match]
    notes: tuple[str, ...] = ()


def find_roles(submission: Submission, setting: Setting, trainers: Trainers) -> Found:
    """What fills each role of the rubric. Raises InputError for a wrong submission.toml."""
    stated = declared(submission, setting.rubric)
    matches, notes = match_roles(setting.rubric, submission), tuple[str, ...]()
    if stated.keys() < matches.keys() and not follows_contract(matches):
        found = search(submission, setting, trainers)
        notes = found.notes
        if any(match.candidate for match in found.matches.values()):
            matches = found.matches
    return Found({role: stated.get(role, match) for role, match in matches.items()}, notes)


def follows_contract(matches: Mapping[str, Match]) -> bool:
    """Whether at least half of the roles are where the starter's contract says."""
    return 2 * sum(match.fault is None for match in matches.values()) >= len(matches)


def search(submission: Submission, setting: Setting, trainers: Trainers) -> Found:
    """The best match for each role among everything in the submission that can be built."""
    setting.listen("search", submission.root.name)
    reading = read(submission)
    definitions = reading.survey.definitions[:MAX_DEFINITIONS]
    with setting.open_worker(submission) as sandbox:
        worker = Worker(sandbox, setting.deadlines)
        tried = [_tried(definition, reading, setting, worker) for definition in definitions]
        in_turn = [each for turn in zip_longest(*tried) for each in turn if each]  # every definition has a first before any has a second
        notes = tuple(note for file in sorted({each.file for each in definitions}) for note in _loading_notes(file, worker))
        pending = [_exported(each, setting, worker, trainers) for each in in_turn[:MAX_EXPORTS]]
    return Found(assign(setting.rubric, [each.sample() for each in pending], reading.survey), notes)


def _loading_notes(file: str, worker: Worker) -> list[str]:
    """How a file was loaded, where that was not by importing it."""
    reply = worker.ask("load", {"file": file}, worker.deadlines.call)
    if isinstance(reply, Fault) or reply.data.get("how") != "definitions":
        return []
    why = "; ".join(str(note)[:300] for note in as_list(reply.data.get("notes"))[:3])
    return [f"Of {file} only the definitions were run" + (f": {why}" if why else "") + "."]


@dataclass(frozen=True)
class _Tried:
    """A build, and one shape that it runs on; or the fault of one that does not."""

    build: Build
    shape: tuple[int, ...]
    fault: Fault | None = None


@dataclass(frozen=True)
class _Pending:
    """A sample whose facts are under way."""

    tried: _Tried
    exported: Exported | Fault
    facts: Future[NetworkFacts | Fault] | None

    def sample(self) -> Sample:
        if isinstance(self.exported, Fault) or self.facts is None:
            fault = self.exported if isinstance(self.exported, Fault) else Fault("export", "it was not exported")
            return Sample(self.tried.build, self.tried.shape, None, fault)
        return Sample(self.tried.build, self.tried.shape, self.exported, result_of(self.facts))


def _tried(definition: Definition, reading: Reading, setting: Setting, worker: Worker) -> list[_Tried]:
    """What of a definition is worth an export: each network that its builds give, once."""
    setting.listen("trial", definition.place)
    images = _images(setting.rubric)
    options = builds(definition, reading, images)
    if not options:
        return []
    shapes = [*images, *((channels, _SIDE, _SIDE) for channels in _channels(options))]
    params = {
        "candidate": {"file": definition.file, "name": definition.name},
        "builds": [each.arguments for each in options],
        "shapes": [list(shape) for shape in shapes],
        "seed": derived_seed(setting.seed, "trial"),
    }
    reply = worker.ask("trial", params, TRIAL_SECONDS)
    if isinstance(reply, Fault):
        return [_Tried(options[0], shapes[0], reply)]
    found = list(_distinct(options, images, shapes, reply))
    return found[:MAX_SAMPLES] or [_Tried(options[0], shapes[0], _first_fault(reply, definition))]


def _images(rubric: Rubric) -> tuple[tuple[int, ...], ...]:
    """One sample of each kind that the rubric's networks take."""
    networks = (role for role in rubric.role.values() if role.kind == "network")
    return tuple(dict.fromkeys(tuple(role.probe.variants[0].shape) for role in networks))


def _channels(options: Sequence[Build]) -> list[int]:
    """Numbers of channels to try: those that the arguments name first."""
    named = [value for each in options for value in each.arguments.values() if type(value) is int and 1 <= value <= 512]
    return list(dict.fromkeys([*named[:4], *_CHANNELS]))[:6]


def _distinct(
    options: Sequence[Build], images: Sequence[tuple[int, ...]], shapes: Sequence[tuple[int, ...]], reply: Answer
) -> Iterator[_Tried]:
    """For each build the images that it takes as a network, or else the first shape that it takes as a layer; equal ones once."""
    seen: set[tuple[Any, ...]] = set()
    for build, outcome in zip(options, as_list(reply.data.get("builds")), strict=False):
        outputs = _outputs(outcome, shapes)
        taken = [shape for shape in images if len(outputs.get(shape, ())) == 1]
        others = [shape for shape in shapes if len(outputs.get(shape, ())) > 1]
        for shape in taken or others[:1]:
            count = outcome.get("parameters")
            key = (count if type(count) is int else 0, shape, outputs[shape], *_telling(build))
            if key not in seen:
                seen.add(key)
                yield _Tried(build, shape)


def _telling(build: Build) -> tuple[str, ...]:
    """Arguments that may change a network without changing its number of parameters: flags, selectors, shares of dropout.

    All of them where the student wrote the call: no two of these are the same thing.
    """
    told = (bool, str, float) if build.origin != "call" else object
    return tuple(sorted(f"{key}={value}" for key, value in build.arguments.items() if isinstance(value, told)))


def _outputs(outcome: Any, shapes: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Shape -> output shape, where the build runs; whatever the worker sent."""
    runs = as_list(outcome.get("runs")) if isinstance(outcome, dict) else []
    found = {}
    for shape, run in zip(shapes, runs, strict=False):
        output = as_list(run.get("output")) if isinstance(run, dict) else []
        if output and all(type(size) is int for size in output):
            found[shape] = tuple(output)
    return found


def _first_fault(reply: Answer, definition: Definition) -> Fault:
    """Why nothing of a definition runs, in the words of its first build."""
    outcomes = [each for each in as_list(reply.data.get("builds")) if isinstance(each, dict)]
    faults = [each.get("fault") or each.get("refused") for each in outcomes]
    told: dict[str, Any] = next((fault for fault in faults if isinstance(fault, dict)), {})
    line = told.get("line")
    what = str(told.get("message") or f"{definition.name} runs on no input that was tried")[:500]
    kind = "build" if told.get("kind") in ("build", "import", "missing") else "forward"
    return Fault(kind, what, definition.file, line if type(line) is int else definition.line)


def _exported(tried: _Tried, setting: Setting, worker: Worker, trainers: Trainers) -> _Pending:
    if tried.fault:
        return _Pending(tried, tried.fault, None)
    definition, seed = tried.build.definition, derived_seed(setting.seed, "search")
    setting.listen("export", definition.place)
    candidate = {"file": definition.file, "name": definition.name, "arguments": tried.build.arguments}
    params = request(candidate, seed, tried.shape, BATCH_SIZES)
    exported, _ = export(params, None, worker, Limits(), definition.file)
    facts = None if isinstance(exported, Fault) else trainers.analyse(exported, seed)
    return _Pending(tried, exported, facts)
