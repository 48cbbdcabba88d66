"""A plan to evidence: the worker exports, and while it goes on the trusted processes measure and train what came."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from pebble import ProcessExpired
from torch import Tensor

from grader.checks.base import ClaimedGradients, Evidence
from grader.discovery import Match
from grader.network.exported import Exported, from_reply
from grader.network.gradients import DirectionalCheck
from grader.network.graph import Limits
from grader.network.values import NetworkError
from grader.plan import Plan
from grader.records import Fault, NetworkFacts, Protection, TrainingResult
from grader.rubric import Experiment, Profile, Role, Rubric
from grader.sandbox.base import Answer, Opener, Sandbox, WorkerReply, WorkerRequest
from grader.sandbox.isolation import Isolation
from grader.submission import Submission
from grader.trainers import WORK_SECONDS, DataRequest, GradientPoint, Timed, Trainers
from grader.training import Recipe

T = TypeVar("T")
Listener = Callable[[str, str], None]  # (what kind of work, its subject)


def silent(kind: str, subject: str) -> None:
    """A listener that says nothing."""


@dataclass(frozen=True)
class Deadlines:
    """Seconds of wall time for a request to the worker.

    Safety nets, not budgets: a hit asks for a person, and what decides a mark is counted in steps, nodes and multiply-adds.
    """

    export: float = 120.0
    experiment: float = 300.0
    call: float = 60.0
    submission: float = 900.0  # all requests together: twenty loops that never end do not cost twenty deadlines


@dataclass(frozen=True)
class Setting:
    """What is the same for every submission of a run."""

    rubric: Rubric
    rubric_hash: str
    profile_name: str
    data: dict[str, DataRequest]  # by subject
    seed: int
    device: str
    open_worker: Opener
    isolation: Isolation
    listen: Listener = silent
    deadlines: Deadlines = Deadlines()

    @property
    def profile(self) -> Profile:
        """The rubric's table for this profile."""
        return self.rubric.profile[self.profile_name]


@dataclass(frozen=True)
class Gathered:
    """What was found out about a submission, and how."""

    evidence: Evidence
    training_seconds: dict[str, float]  # by role; 0 where a result came from the cache
    protections: tuple[Protection, ...]  # those around the worker that ran the code


@dataclass
class _Worker:
    """A worker with the submission's time: when it is used up, every further request is a fault."""

    sandbox: Sandbox
    deadlines: Deadlines
    spent: float = 0.0

    def ask(self, verb: str, params: Mapping[str, Any], seconds: float, tensors: Mapping[str, Tensor] | None = None) -> WorkerReply:
        left = self.deadlines.submission - self.spent
        if left <= 0:
            what = f"The submission's code has used up its {self.deadlines.submission:g} seconds."
            return Fault("deadline", what, remedy="Look for a loop that does not end, or for training at import.")
        start = time.monotonic()
        reply = self.sandbox.run(WorkerRequest(verb, params, tensors or {}, min(seconds, left)))
        self.spent += time.monotonic() - start
        return reply


@dataclass(frozen=True)
class _Claim:
    functions: tuple[str, ...]
    comparison: Future[DirectionalCheck | Fault]

    def result(self) -> ClaimedGradients | Fault:
        compared = result_of(self.comparison)
        return compared if isinstance(compared, Fault) else ClaimedGradients(self.functions, compared)


@dataclass
class _Collected:
    exports: dict[str, Exported | Fault] = field(default_factory=dict)
    facts: dict[str, Future[NetworkFacts | Fault]] = field(default_factory=dict)
    trainings: dict[str, Future[Timed | Fault]] = field(default_factory=dict)
    gradients: dict[str, _Claim | Fault] = field(default_factory=dict)
    experiments: dict[str, dict[str, Any] | Fault] = field(default_factory=dict)
    rebuilds: dict[str, tuple[str, ...] | Fault] = field(default_factory=dict)
    claimed_shapes: dict[str, dict[int, tuple[int, ...]]] = field(default_factory=dict)


def gather(plan: Plan, submission: Submission, matches: dict[str, Match], setting: Setting, trainers: Trainers) -> Gathered:
    """Find out everything the plan wants."""
    found = _Collected()
    with setting.open_worker(submission, True) as sandbox:
        protections = sandbox.protections()
        worker = _Worker(sandbox, setting.deadlines)
        for subject in plan.subjects("export"):
            _export(subject, plan, matches, setting, trainers, worker, found)
        for name in plan.subjects("experiment"):
            setting.listen("experiment", name)
            found.experiments[name] = _experiment(setting.rubric.experiment[name], setting, worker)
        for role in plan.subjects("gradients"):
            setting.listen("gradients", role)
            found.gradients[role] = _gradients(role, matches, setting, trainers, worker, found)
    _rebuild_all(plan, submission, matches, setting, found, worker.spent)
    evidence, seconds = _finished(submission, found, setting)
    return Gathered(evidence, seconds, protections)


def derived_seed(seed: int, purpose: str) -> int:
    """A seed of its own for every purpose, the same on every machine; 32 bits that don't give the seed away."""
    return int.from_bytes(hashlib.sha256(f"{seed} {purpose}".encode()).digest()[:4], "little")


def _export(
    subject: str, plan: Plan, matches: dict[str, Match], setting: Setting, trainers: Trainers, worker: _Worker, found: _Collected
) -> None:
    setting.listen("export", subject)
    exported = found.exports[subject] = _exported(subject, matches, setting, worker, found)
    if isinstance(exported, Fault):
        return
    role = subject.partition("#")[0]
    if role == subject and role in plan.subjects("train"):
        table = setting.profile.recipes[role]
        recipe = Recipe(**table.model_dump(exclude={"expected_seconds"}))
        data = setting.data[setting.rubric.role[role].data or "mnist"]
        goals = {str(source): thresholds[role].value for source, thresholds in setting.profile.thresholds.items() if role in thresholds}
        found.trainings[role] = trainers.train(exported, data, recipe, goals, derived_seed(setting.seed, f"train {role}"))
    found.facts[subject] = trainers.analyse(exported, derived_seed(setting.seed, f"analyse {subject}"))


def _candidate(subject: str, matches: dict[str, Match], rubric: Rubric) -> dict[str, Any]:
    role, _, index = subject.partition("#")
    match = matches[role]
    arguments = rubric.role[role].probe.variants[int(index)].arguments if index else match.arguments
    return {"file": match.file, "name": match.name, "arguments": arguments}


def _exported(subject: str, matches: dict[str, Match], setting: Setting, worker: _Worker, found: _Collected) -> Exported | Fault:
    name, _, index = subject.partition("#")
    if fault := matches[name].fault:
        return fault
    role = setting.rubric.role[name]
    shape = role.probe.variants[int(index or 0)].shape
    params = {
        "candidate": _candidate(subject, matches, setting.rubric),
        "seed": derived_seed(setting.seed, f"build {name}"),
        "inputs": [{"shape": [None, *shape], "dtype": "float32"}],
        "batch_sizes": role.probe.batch_sizes,
    }
    reply = worker.ask("export", params, setting.deadlines.export)
    if isinstance(reply, Fault):
        return reply
    if reply.data.get("form") == "values":
        found.claimed_shapes[subject] = _claimed_shapes(reply)
        return _why_no_graph(reply, role.file)
    try:
        return from_reply(reply.data, reply.tensors, _limits(role), [shape])
    except NetworkError as error:
        return Fault("network", f"the network was refused: {error}")


def _limits(role: Role) -> Limits:
    """What a network for this role may cost."""
    return Limits(
        nodes=role.max_nodes,
        multiply_adds=role.max_multiply_adds,
        intermediate_bytes=role.max_value_bytes,
        total_bytes=role.max_run_bytes,
        constant_bytes=role.max_constant_bytes,
    )


def _claimed_shapes(reply: Answer) -> dict[int, tuple[int, ...]]:
    """Batch size -> output shape, for a network that the worker could only run."""
    sizes = {name.removeprefix("outputs."): tensor for name, tensor in reply.tensors.items() if name.startswith("outputs.")}
    return {int(size): tuple(tensor.shape) for size, tensor in sizes.items() if size.isdecimal() and len(size) <= 6}


def _list(value: object) -> list[Any]:
    """A list from the worker, or none: whatever else it sent says nothing."""
    return value if isinstance(value, list) else []


def _why_no_graph(reply: Answer, file: str) -> Fault:
    """The worker's note about the construct that stands in the way of an export."""
    notes = [note for note in _list(reply.data.get("notes")) if isinstance(note, dict) and note.get("kind") == "construct"]
    note = notes[0] if notes else {}
    line = note.get("line")
    words = {key: str(note[key])[:500] for key in ("construct", "remedy") if note.get(key)}
    text = str(note.get("message") or "the network runs, but its graph cannot be exported")[:500]
    return Fault("export", text, str(note.get("file") or file)[:200], line if isinstance(line, int) else None, **words)


def _experiment(experiment: Experiment, setting: Setting, worker: _Worker) -> dict[str, Any] | Fault:
    """Run the starter's function at a tiny budget on random images; what comes back is a claim."""
    tensors, data = _random_images(experiment, derived_seed(setting.seed, f"experiment {experiment.function}"))
    params = {"file": experiment.file, "function": experiment.function, "arguments": experiment.probe.arguments, "data": data}
    reply = worker.ask("experiment", params, setting.deadlines.experiment, tensors)
    if isinstance(reply, Fault):
        return reply
    document = reply.data.get("document")
    return document if isinstance(document, dict) else Fault("result", f"{experiment.function} did not return a dictionary")


def _random_images(experiment: Experiment, seed: int) -> tuple[dict[str, Tensor], list[list[str]]]:
    probe = experiment.probe
    if probe.shape is None:
        return {}, []
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}
    for name, count in (("train", probe.train_images), ("test", probe.test_images)):
        tensors[f"{name}.images"] = torch.randn(count, *probe.shape, generator=generator)
        tensors[f"{name}.labels"] = torch.randint(probe.classes, (count,), generator=generator)
    return tensors, [[name, f"{name}.images", f"{name}.labels"] for name in ("train", "test")]


def _gradients(
    role: str, matches: dict[str, Match], setting: Setting, trainers: Trainers, worker: _Worker, found: _Collected
) -> _Claim | Fault:
    """The claimed gradients of the role's first variant, at a point drawn after the export."""
    exported = found.exports[role]
    if isinstance(exported, Fault):
        return exported
    point = _draw_point(exported, derived_seed(setting.seed, f"gradients {role}"))
    params = {"candidate": _candidate(role, matches, setting.rubric), "seed": derived_seed(setting.seed, f"build {role}")}
    reply = worker.ask("gradients", params, setting.deadlines.call, point.tensors())
    if isinstance(reply, Fault):
        return reply
    functions = tuple(str(name)[:200] for name in _list(reply.data.get("functions")))
    return _Claim(functions, trainers.gradients(exported, point, reply.tensors, derived_seed(setting.seed, f"directions {role}")))


def _draw_point(exported: Exported, seed: int) -> GradientPoint:
    """Random inputs of mixed sign and weights near their initial values: a parameter may make sense in a range only."""
    generator = torch.Generator().manual_seed(seed)

    def noise(shape: Sequence[int]) -> Tensor:
        return torch.randn(tuple(shape), generator=generator, dtype=torch.float64)

    parameters = {spec.path: exported.weights[spec.storage].double() for spec in exported.specs if spec.kind == "parameter"}
    return GradientPoint(
        inputs=tuple(noise(probe.shape) for probe in exported.probe),
        weights={path: value * (1 + 0.2 * noise(value.shape)) + 0.1 * noise(value.shape) for path, value in parameters.items()},
        cotangent=noise(exported.outputs[0].shape),
    )


def _rebuild_all(plan: Plan, submission: Submission, matches: dict[str, Match], setting: Setting, found: _Collected, spent: float) -> None:
    """Build each network once more, under another seed and in a fresh worker: weights that are equal were not drawn at random."""
    roles = [role for role in plan.subjects("rebuild") if isinstance(found.exports[role], Exported)]
    if not roles:
        return
    with setting.open_worker(submission, False) as sandbox:
        worker = _Worker(sandbox, setting.deadlines, spent)
        for role in roles:
            setting.listen("rebuild", role)
            params = {
                "candidate": _candidate(role, matches, setting.rubric),
                "seed": derived_seed(setting.seed, f"rebuild {role}"),
            }
            reply = worker.ask("rebuild", params, setting.deadlines.call)
            exported = found.exports[role]
            if isinstance(exported, Exported):
                found.rebuilds[role] = reply if isinstance(reply, Fault) else _equal_weights(exported, reply)


def _equal_weights(exported: Exported, reply: Answer) -> tuple[str, ...]:
    """Paths of weight matrices that are in both builds, under whatever name (vectors are: biases and norms start from constants)."""
    first = {spec.path: exported.weights[spec.storage] for spec in exported.specs if spec.kind == "parameter"}
    matrices = {path: tensor for path, tensor in first.items() if tensor.dim() >= 2 and tensor.numel() > 1}
    return tuple(path for path, tensor in matrices.items() if any(torch.equal(tensor, other) for other in reply.tensors.values()))


def result_of(future: Future[T]) -> T | Fault:
    """What a trusted process found out. One that died or took too long takes no other network's marks with it."""
    try:
        return future.result()
    except TimeoutError:
        remedy = "Make the network smaller, or grade on a faster machine."
        return Fault("trainer", f"measuring this network took more than {WORK_SECONDS:g} seconds and was ended", remedy=remedy)
    except ProcessExpired:
        remedy = "Grade again, with fewer --jobs or more memory."
        return Fault("trainer", "the grader's own process ended before this network was measured", remedy=remedy)


def _finished(submission: Submission, found: _Collected, setting: Setting) -> tuple[Evidence, dict[str, float]]:
    """Wait for the trusted processes."""
    trainings: dict[str, TrainingResult | Fault] = {}
    seconds: dict[str, float] = {}
    for role, future in found.trainings.items():
        setting.listen("train", role)
        timed = result_of(future)
        trainings[role] = timed if isinstance(timed, Fault) else timed.result
        seconds[role] = 0.0 if isinstance(timed, Fault) else timed.seconds
    facts: dict[str, NetworkFacts | Fault] = {subject: result_of(future) for subject, future in found.facts.items()}
    facts |= {subject: fault for subject, fault in found.exports.items() if isinstance(fault, Fault)}
    evidence = Evidence(
        submission=submission,
        exports=found.exports,
        facts=facts,
        rebuilds=found.rebuilds,
        gradients={role: each if isinstance(each, Fault) else each.result() for role, each in found.gradients.items()},
        trainings=trainings,
        claimed_shapes=found.claimed_shapes,
        experiments=found.experiments,
    )
    return evidence, seconds
