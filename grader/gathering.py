"""A plan to evidence: the worker exports, and while it goes on the trusted processes measure and train what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import torch
from pebble import ProcessExpired
from torch import Tensor

from grader.asking import (
    DEADLINES,
    ENDED,
    Built,
    Deadlines,
    Listener,
    Worker,
    as_list,
    build_all,
    derived_seed,
    drawn_batch,
    export,
    request,
)
from grader.checks.accuracy import CLASSES, chance_bound
from grader.checks.base import ClaimedGradients, Evidence
from grader.discovery import Match
from grader.network.caps import measure_cost
from grader.network.exported import Exported
from grader.network.fresh import alike_weights, others_than
from grader.network.gradients import DirectionalCheck
from grader.network.graph import Limits
from grader.plan import Plan
from grader.records import Asked, Fault, NetworkFacts, Protection, TrainingResult
from grader.rubric import Experiment, Profile, Role, Rubric
from grader.sandbox.base import Opener
from grader.sandbox.isolation import Isolation
from grader.submission import Submission
from grader.trainers import WORK_SECONDS, DataRequest, GradientPoint, Timed, Trainers
from grader.training import Recipe
from grader.variants import left_unasked, stated_roles, with_variants

T = TypeVar("T")
_LEAST_IMAGES, _SMALL_BATCH, _FEW_HELD = 640, 16, 256  # of a training that is cut short


def silent(kind: str, subject: str) -> None:
    """A listener that says nothing."""


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
    deadlines: Deadlines = DEADLINES

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
    asked: dict[str, tuple[Asked, ...]]  # by role


@dataclass(frozen=True)
class _Claim:
    functions: tuple[str, ...]
    idle: tuple[str, ...]
    others: tuple[str, ...]
    comparison: Future[DirectionalCheck | Fault]

    def result(self) -> ClaimedGradients | Fault:
        compared = result_of(self.comparison)
        return compared if isinstance(compared, Fault) else ClaimedGradients(self.functions, compared, self.idle, self.others)


@dataclass
class _Collected:
    exports: dict[str, Exported | Fault] = field(default_factory=dict)
    facts: dict[str, Future[NetworkFacts | Fault]] = field(default_factory=dict)
    trainings: dict[str, Future[Timed | Fault]] = field(default_factory=dict)
    gradients: dict[str, _Claim | Fault] = field(default_factory=dict)
    experiments: dict[str, dict[str, Any] | Fault] = field(default_factory=dict)
    rebuilds: dict[str, tuple[str, ...] | Fault] = field(default_factory=dict)
    claimed_shapes: dict[str, dict[int, tuple[int, ...]]] = field(default_factory=dict)
    test_counts: dict[str, tuple[int, ...]] = field(default_factory=dict)
    builds: dict[str, Built] = field(default_factory=dict)


def gather(plan: Plan, submission: Submission, matches: dict[str, Match], setting: Setting, trainers: Trainers) -> Gathered:
    """Find out everything the plan wants."""
    found, matches = _Collected(), with_variants(matches, submission, setting.rubric)
    with setting.open_worker(submission) as sandbox:
        protections = sandbox.protections()
        worker = Worker(sandbox, setting.deadlines)
        _export_all(plan, matches, setting, trainers, worker, found)
        for name in plan.subjects("experiment"):
            setting.listen("experiment", name)
            found.experiments[name] = _experiment(name, setting, worker, found)
        for subject in plan.subjects("gradients"):
            setting.listen("gradients", subject)
            found.gradients[subject] = _gradients(subject, matches, setting, trainers, worker, found)
    _rebuild_all(plan, submission, matches, setting, found, worker)
    evidence, seconds = _finished(submission, found, setting)
    searched = [subject for subject in plan.subjects("export") if _match(subject, matches).shape is not None]
    evidence = replace(
        evidence,
        shapes={subject: _sample_shape(subject, matches, setting.rubric) for subject in searched},
        data={role: subject_of(role, matches, setting.rubric) for role in setting.rubric.role},
        candidates={role: matches[role].text for role in setting.rubric.role if matches[role].candidate} if searched else {},
        test_counts=found.test_counts,
        unasked=left_unasked(matches, submission, setting.rubric),
        stated=stated_roles(submission, setting.rubric),
    )
    return Gathered(evidence, seconds, protections, _asked(plan, matches, setting))


def _asked(plan: Plan, matches: dict[str, Match], setting: Setting) -> dict[str, tuple[Asked, ...]]:
    """What was asked for each role that there is a candidate for."""
    found: dict[str, tuple[Asked, ...]] = {}
    for subject in plan.subjects("export"):
        role = _role(subject)
        if matches[role].fault is None:
            wanted = _build_request(subject, matches, setting, "build")
            shape = _sample_shape(subject, matches, setting.rubric)
            one = Asked(wanted["candidate"]["arguments"], shape, tuple(wanted["batch_sizes"]))
            found[role] = (*found.get(role, ()), one)
    return found


def _export_all(plan: Plan, matches: dict[str, Match], setting: Setting, trainers: Trainers, worker: Worker, found: _Collected) -> None:
    """Build everything first, as the second worker will: no constructor can tell which of the two it runs in."""
    left, lost = list(plan.subjects("export")), True
    while left:
        if lost:
            there = [subject for subject in left if matches[_role(subject)].fault is None]
            builds = {subject: _build_request(subject, matches, setting, "build") for subject in there}
            found.builds |= build_all(builds, worker, setting.listen)
        subject = left.pop(0)
        _export(subject, plan, matches, setting, trainers, worker, found)
        exported = found.exports[subject]
        lost = isinstance(exported, Fault) and exported.kind in ENDED and bool(left)


def _role(subject: str) -> str:
    return subject.partition("#")[0]


def _match(subject: str, matches: Mapping[str, Match]) -> Match:
    return matches.get(subject) or matches[_role(subject)]


def _build_request(subject: str, matches: dict[str, Match], setting: Setting, purpose: str) -> dict[str, Any]:
    """Which candidate to build, under which seed, and what to feed it."""
    name = _role(subject)
    stated = setting.rubric.role[name].probe.batch_sizes
    return request(
        _candidate(subject, matches, setting.rubric),
        derived_seed(setting.seed, f"{purpose} {name}"),
        _sample_shape(subject, matches, setting.rubric),
        [*stated, drawn_batch(stated, derived_seed(setting.seed, "batch"))],
    )


def _export(
    subject: str, plan: Plan, matches: dict[str, Match], setting: Setting, trainers: Trainers, worker: Worker, found: _Collected
) -> None:
    setting.listen("export", subject)
    exported = found.exports[subject] = _exported(subject, matches, setting, worker, found)
    if isinstance(exported, Fault):
        return
    role = _role(subject)
    if role == subject and role in plan.subjects("train"):
        table = setting.profile.recipes[role]
        whole = Recipe(**table.model_dump(exclude={"expected_seconds"}))
        recipe = _affordable(whole, exported, setting.profile.max_training_work)
        data = setting.data[subject_of(role, matches, setting.rubric)]
        # Where nothing was measured, better than chance is all that is asked.
        goals = {
            str(source): thresholds[role].value if role in thresholds else chance_bound(CLASSES, data.held)
            for source, thresholds in setting.profile.thresholds.items()
            if recipe.steps == whole.steps and recipe.batch == whole.batch
        }
        found.trainings[role] = trainers.train(exported, data, recipe, goals, derived_seed(setting.seed, f"train {role}"))
    found.facts[subject] = trainers.analyse(exported, derived_seed(setting.seed, f"analyse {subject}"))


def _affordable(recipe: Recipe, exported: Exported, work: int) -> Recipe:
    """The recipe, or where its images would cost a network of that size too much, fewer of them in smaller batches.

    The work is counted, so that it is the same on every machine.
    """
    graph = exported.largest[0]
    batch = graph.fixed_batch or 2
    images = max(int(work / max(measure_cost(graph, batch).multiply_adds / batch, 1)), _LEAST_IMAGES)
    whole = recipe.steps * recipe.batch
    if images >= whole:
        return replace(recipe, longer=min(recipe.longer, images / whole))
    steps = min(recipe.steps, images // _SMALL_BATCH)
    return replace(recipe, steps=steps, batch=min(recipe.batch, images // steps), held=_FEW_HELD)


def _candidate(subject: str, matches: dict[str, Match], rubric: Rubric) -> dict[str, Any]:
    role, _, index = subject.partition("#")
    match = _match(subject, matches)
    by_contract = index and match.shape is None and subject not in matches
    arguments = rubric.role[role].probe.variants[int(index)].arguments if by_contract else match.arguments
    return {"file": match.file, "name": match.name, "arguments": arguments}


def _sample_shape(subject: str, matches: dict[str, Match], rubric: Rubric) -> tuple[int, ...]:
    """What one sample is: the rubric's, or what was found to fit; a further variant of that has another height and width."""
    role, _, index = subject.partition("#")
    shape = _match(subject, matches).shape
    if shape is None:
        return tuple(rubric.role[role].probe.variants[int(index or 0)].shape)
    return shape if not index or len(shape) < 3 else (shape[0], shape[1] + 4, shape[2] + 2)


def subject_of(role: str, matches: Mapping[str, Match], rubric: Rubric) -> str:
    """Which images a role is trained on: those that its network takes, where it is not the rubric's shape."""
    fits = {variant.shape[0]: each.data for each in rubric.role.values() if each.kind == "network" for variant in each.probe.variants[:1]}
    shape, asked = matches[role].shape, rubric.role[role]
    found = fits.get(shape[0]) if shape and asked.kind == "network" else None
    return found or asked.data or "mnist"


def _exported(subject: str, matches: dict[str, Match], setting: Setting, worker: Worker, found: _Collected) -> Exported | Fault:
    name = _role(subject)
    if fault := matches[name].fault:
        return fault
    role = setting.rubric.role[name]
    params = _build_request(subject, matches, setting, "build")
    exported, shapes = export(params, found.builds[subject], worker, _limits(role), matches[name].file)
    if shapes:
        found.claimed_shapes[subject] = shapes
    return exported


def _limits(role: Role) -> Limits:
    """What a network for this role may cost."""
    return Limits(
        nodes=role.max_nodes,
        multiply_adds=role.max_multiply_adds,
        intermediate_bytes=role.max_value_bytes,
        total_bytes=role.max_run_bytes,
        constant_bytes=role.max_constant_bytes,
    )


def _experiment(name: str, setting: Setting, worker: Worker, found: _Collected) -> dict[str, Any] | Fault:
    """Run the starter's function at a tiny budget on random images; what comes back is a claim."""
    experiment = setting.rubric.experiment[name]
    tensors, data = _random_images(experiment, derived_seed(setting.seed, f"experiment {experiment.function}"))
    if tensors:
        found.test_counts[name] = tuple(torch.bincount(tensors["test.labels"], minlength=experiment.probe.classes).tolist())
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
    subject: str, matches: dict[str, Match], setting: Setting, trainers: Trainers, worker: Worker, found: _Collected
) -> _Claim | Fault:
    """The claimed gradients of one variant of a role, at a point drawn after the export."""
    exported = found.exports[subject]
    if isinstance(exported, Fault):
        return exported
    point = _draw_point(exported, derived_seed(setting.seed, f"gradients {subject}"))
    params = {"candidate": _candidate(subject, matches, setting.rubric), "seed": derived_seed(setting.seed, f"build {_role(subject)}")}
    reply = worker.ask("gradients", params, setting.deadlines.call, point.tensors())
    if isinstance(reply, Fault):
        return reply
    functions, idle, others = (tuple(str(name)[:200] for name in as_list(reply.data.get(key))) for key in ("functions", "idle", "others"))
    return _Claim(
        functions, idle, others, trainers.gradients(exported, point, reply.tensors, derived_seed(setting.seed, f"directions {subject}"))
    )


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


def _rebuild_all(plan: Plan, submission: Submission, matches: dict[str, Match], setting: Setting, found: _Collected, first: Worker) -> None:
    """Build each network once more, under another seed and in a fresh worker: weights that are alike were not drawn at random.

    Everything else is built as well, in the same order: what a constructor sees is the same in both workers.
    """
    roles = {role: found.exports[role] for role in plan.subjects("rebuild") if isinstance(found.exports[role], Exported)}
    if not roles:
        return
    with setting.open_worker(submission) as sandbox:
        worker = replace(first, sandbox=sandbox)  # with what is left of the submission's time
        there = [subject for subject in plan.subjects("export") if matches[_role(subject)].fault is None]
        requests = {subject: _build_request(subject, matches, setting, "rebuild") for subject in there}
        built = build_all(requests, worker, setting.listen)
        for role, exported in roles.items():
            found.rebuilds[role] = _rebuilt(exported, requests[role], built[role], worker)


def _rebuilt(exported: object, params: dict[str, Any], built: Built, worker: Worker) -> tuple[str, ...] | Fault:
    """Paths of the weights that are in both builds. What is handed over has to be what the build had."""
    if isinstance(built, Fault) or not isinstance(exported, Exported):
        return built if isinstance(built, Fault) else ()
    asked = {key: params[key] for key in ("candidate", "seed")}
    reply = worker.ask("initial", asked, worker.deadlines.call)
    return reply if isinstance(reply, Fault) else others_than(built, reply.tensors) or alike_weights(exported, reply.tensors)


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
        gradients={subject: each if isinstance(each, Fault) else each.result() for subject, each in found.gradients.items()},
        trainings=trainings,
        claimed_shapes=found.claimed_shapes,
        experiments=found.experiments,
    )
    return evidence, seconds
