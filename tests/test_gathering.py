"""From plan to evidence over a sandbox that is a function: exports, faults, networks without a graph, claims, rebuilds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.asking import Deadlines, derived_seed
from grader.checks.base import Evidence, Need
from grader.discovery import Match
from grader.gathering import Setting, gather
from grader.network import Exported, analyse
from grader.plan import Plan
from grader.records import Fault, NetworkFacts, TrainingResult, message
from grader.rubric import Experiment
from grader.sandbox.base import Answer, WorkerReply, WorkerRequest
from grader.sandbox.fake import FakeSandbox
from grader.submission import Submission, open_submission
from grader.trainers import DataRequest, GradientPoint, Timed
from grader.training import Recipe
from grader.worker.eager import parse_specs, run_once
from grader.worker.export import export_module
from grader.worker.weights import digests
from tests.checks.graph_work import IMAGE, NO_FILES, conv, rubric, training
from tests.folders import write
from tests.network.exporting import HERE

RECIPE = {"steps": 5, "expected_seconds": 2.0}
Build = Callable[[dict[str, Any]], nn.Module]


def done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


@dataclass
class HereTrainers:
    """The trusted processes, in this one: networks are really examined, trainings are made up."""

    trained: list[tuple[Recipe, dict[str, float], int]] = field(default_factory=list)
    points: list[GradientPoint] = field(default_factory=list)

    def analyse(self, exported: Exported, seed: int) -> Future[NetworkFacts | Fault]:
        return done(analyse(exported, seed=seed))

    def train(self, _: Exported, __: DataRequest, recipe: Recipe, goals: Mapping[str, float], seed: int) -> Future[Timed]:
        self.trained.append((recipe, dict(goals), seed))
        return done(Timed(training(), 1.5))

    def gradients(self, _: Exported, point: GradientPoint, __: Mapping[str, Tensor], ___: int) -> Future[Fault]:
        self.points.append(point)
        return done(Fault("network", "not compared here"))


def network(_: dict[str, Any]) -> nn.Module:
    return nn.Sequential(conv(3, 4), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10))


def worker(build: Build = network, **replies: Any) -> FakeSandbox:
    """Exports and rebuilds in this process; other verbs, and replies that are given, are answered as told."""

    def answer(request: WorkerRequest) -> WorkerReply:
        if request.verb in replies:
            reply: WorkerReply = replies[request.verb]
            return reply
        torch.manual_seed(request.params["seed"])
        module = build(request.params["candidate"]["arguments"])
        if request.verb == "export":
            specs = parse_specs(request.params["inputs"])
            data, tensors = export_module(module, specs, request.params["batch_sizes"], root=HERE, seed=request.params["seed"])
            return Answer(data, {name: value.detach() for name, value in tensors.items()})
        if request.verb == "build":
            run_once(module, parse_specs(request.params["inputs"]), request.params["batch_sizes"], 0)
            return Answer({"digests": digests(module)})
        return Answer({}, {f"weights/{path}": value.detach() for path, value in module.named_parameters()})

    return FakeSandbox(answer)


DEADLINES = Deadlines()


@dataclass(frozen=True)
class Gathered:
    evidence: Evidence
    seconds: dict[str, float]
    sandbox: FakeSandbox
    trainers: HereTrainers
    opened: list[Any]
    heard: list[tuple[str, str]]

    def asked(self, verb: str) -> list[WorkerRequest]:
        return [request for request in self.sandbox.requests if request.verb == verb]


def run(
    sandbox: FakeSandbox, *needs: Need, variants: Any = None, fault: Fault | None = None, experiment: Experiment | None = None,
    deadlines: Deadlines = DEADLINES, seed: int = 7, recipe: dict[str, Any] = RECIPE, work: int = 10**12,
    submission: Submission = NO_FILES, kind: str = "network", shape: tuple[int, ...] | None = None,
) -> Gathered:  # fmt: skip
    whole = rubric(["net"], variants)
    whole = whole.model_copy(update={"role": {"net": whole.role["net"].model_copy(update={"kind": kind})}})
    profile = whole.profile["quick"].model_copy(update={"recipes": {"net": _recipe(recipe)}, "max_training_work": work})
    whole = whole.model_copy(update={"profile": {"quick": profile}, "experiment": {"mnist": experiment}})
    trainers, opened, heard = HereTrainers(), list[Any](), list[tuple[str, str]]()

    def open_worker(submission: Any) -> Any:
        opened.append(submission)
        return nullcontext(sandbox)

    setting = Setting(
        whole, "hash", "quick", {"mnist": DataRequest("digits", 1, 8, 4, 4)}, seed, "cpu", open_worker, "none",
        lambda kind, subject: heard.append((kind, subject)), deadlines,
    )  # fmt: skip
    match = Match("net", "models/net.py", "Net", 1.0, message("there"), fault, shape=shape)
    found = gather(Plan((), (), needs), submission, {"net": match}, setting, trainers)  # type: ignore[arg-type]
    return Gathered(found.evidence, found.training_seconds, sandbox, trainers, opened, heard)


def _recipe(table: dict[str, Any]) -> Any:
    from grader.rubric import RecipeTable

    return RecipeTable.model_validate(table)


EXPORT, TRAIN, REBUILD, GRADIENTS = (Need(kind, "net") for kind in ("export", "train", "rebuild", "gradients"))


def test_a_network_is_exported_examined_trained_and_built_again() -> None:
    found = run(worker(), EXPORT, TRAIN, REBUILD)
    assert isinstance(found.evidence.exports["net"], Exported)
    facts = found.evidence.facts["net"]
    assert isinstance(facts, NetworkFacts) and len(facts.convs) == 1 and facts.eager_agrees
    assert isinstance(found.evidence.trainings["net"], TrainingResult) and found.seconds == {"net": 1.5}
    assert found.evidence.rebuilds["net"] == ()
    assert [kind for kind, _ in found.heard] == ["build", "export", "build", "train"]
    ((recipe, goals, seed),) = found.trainers.trained
    assert (recipe, goals, seed) == (Recipe(steps=5, longer=3.0), {"digits": 0.9}, derived_seed(7, "train net"))


DEAR = [(10**9, range(64, 65), None), (2_000 * 9_472, range(28, 34), 256), (1, range(16, 17), 256)]


@pytest.mark.parametrize(("work", "batches", "held"), DEAR)
def test_a_network_that_is_dear_sees_fewer_images(work: int, batches: range, held: int | None) -> None:
    """An image takes 6912 multiply-adds in the convolution, 2560 in the linear layer, and few besides: 60 times 64 for the whole."""
    found = run(worker(), EXPORT, TRAIN, recipe={"steps": 60, "expected_seconds": 1.0}, work=work)
    ((recipe, goals, _),) = found.trainers.trained
    assert (recipe.steps, recipe.held) == (40 if work == 1 else 60, held) and recipe.batch in batches
    assert goals == ({} if held else {"digits": 0.9})


def test_a_short_recipe_is_left_whole_and_a_longer_training_sees_no_more_than_is_affordable() -> None:
    found = run(worker(), EXPORT, TRAIN, recipe={"steps": 5, "expected_seconds": 1.0}, work=1)
    assert found.trainers.trained[0][0] == Recipe(steps=5, longer=640 / (5 * 64))


def test_the_worker_is_told_how_to_build_and_nothing_to_score() -> None:
    (request,) = run(worker(), EXPORT).asked("export")
    assert set(request.params) == {"candidate", "seed", "inputs", "batch_sizes"} and not request.tensors
    assert request.params["candidate"] == {"file": "models/net.py", "name": "Net", "arguments": {}}
    assert request.params["inputs"] == [{"shape": [None, *IMAGE], "dtype": "float32"}]


def test_each_variant_is_built_with_its_arguments_and_its_shape() -> None:
    variants = [{"shape": [3, 8, 8]}, {"shape": [2, 6, 6], "arguments": {"given": 2}}]
    found = run(worker(lambda arguments: conv(arguments.get("given", 3), 4)), EXPORT, Need("export", "net#1"), variants=variants)
    second = found.asked("export")[1].params
    assert second["candidate"]["arguments"] == {"given": 2} and second["inputs"][0]["shape"] == [None, 2, 6, 6]
    facts = found.evidence.facts["net#1"]
    assert isinstance(facts, NetworkFacts) and facts.output_shapes[2] == (2, 4, 6, 6)


STATED = {
    "models/net.py": "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self, given=3):\n        super().__init__()\n",
    "submission.toml": '[roles.net]\ncandidate = "models/net.py:Net"\nshape = [3, 9, 9]\n',
}


@pytest.mark.parametrize(("argument", "asked"), [("given", True), ("width", False)])
def test_a_layer_that_states_its_shape_is_asked_for_the_rubrics_variants(tmp_path: Path, argument: str, asked: bool) -> None:
    submission = open_submission(write(tmp_path, STATED))
    variants = [{"shape": [3, 8, 8], "arguments": {argument: 3}}, {"shape": [2, 6, 6], "arguments": {argument: 2}}]
    build = worker(lambda arguments: conv(arguments.get("given", 3), 4))
    found = run(build, EXPORT, Need("export", "net#1"), variants=variants, submission=submission, kind="layer", shape=(3, 9, 9))
    given = [(each.params["candidate"]["arguments"], each.params["inputs"][0]["shape"][1:]) for each in found.asked("export")]
    assert given == ([({"given": 3}, [3, 8, 8]), ({"given": 2}, [2, 6, 6])] if asked else [({}, [3, 9, 9]), ({}, [3, 13, 11])])
    assert found.evidence.stated == {"net"} and found.evidence.unasked == (set() if asked else {"net"})
    assert found.evidence.shapes == ({} if asked else {"net": (3, 9, 9), "net#1": (3, 13, 11)})


def test_a_second_build_has_another_seed_in_a_fresh_worker() -> None:
    found = run(worker(), EXPORT, REBUILD)
    assert len(found.opened) == 2
    first, second = found.asked("build")
    assert first.params["seed"] == found.asked("export")[0].params["seed"]
    assert second.params["seed"] == found.asked("initial")[0].params["seed"] != first.params["seed"]


def test_both_workers_are_asked_the_same_until_everything_is_built() -> None:
    """A constructor that wants to ship weights only where they are trained cannot tell the two apart."""
    found = run(worker(), EXPORT, REBUILD)
    assert [request.verb for request in found.sandbox.requests] == ["build", "export", "build", "initial"]
    first, second = found.asked("build")
    assert {**first.params, "seed": 0} == {**second.params, "seed": 0} and first.tensors == second.tensors == {}


def test_nothing_to_build_again_opens_no_second_worker() -> None:
    assert len(run(worker(), EXPORT).opened) == 1


def _shipped(_: dict[str, Any]) -> nn.Module:
    module = network(_)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        module[4].weight.copy_(torch.randn(10, 256, generator=generator))
    return module


def test_a_matrix_that_is_equal_in_both_builds_is_named() -> None:
    assert run(worker(_shipped), EXPORT, REBUILD).evidence.rebuilds["net"] == ("4.weight",)


def _noisy(_: dict[str, Any]) -> nn.Module:
    """A backbone from elsewhere, with noise against comparison, under a fresh head."""
    module = network(_)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        shipped = torch.randn(4, 3, 3, 3, generator=generator)
        module[0].weight.copy_(shipped + 0.2 * torch.randn_like(shipped))
    return module


def _in_another_order(_: dict[str, Any]) -> nn.Module:
    module = network(_)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        module[0].weight.copy_(torch.randn(4, 3, 3, 3, generator=generator)[torch.randperm(4)])
    return module


@pytest.mark.parametrize("build", [_noisy, _in_another_order])
def test_a_matrix_that_is_nearly_the_same_in_both_builds_is_named(build: Build) -> None:
    assert run(worker(build), EXPORT, REBUILD).evidence.rebuilds["net"] == ("0.weight",)


class Pieces(nn.Module):
    """A linear layer whose weight comes in pieces of one dimension, ``size`` numbers each; a ``fresh`` one is drawn anew each time."""

    def __init__(self, size: int, *, fresh: bool) -> None:
        super().__init__()
        generator = None if fresh else torch.Generator().manual_seed(0)
        drawn = torch.randn(480, generator=generator) / 7
        pieces = [piece if size > 1 else piece[0] for piece in drawn.split(size)]
        self.pieces = nn.ParameterList([nn.Parameter(piece.clone()) for piece in pieces])
        self.norm = nn.BatchNorm1d(10)
        self.gain = nn.Parameter(torch.tensor(0.25))

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.cat([piece.reshape(-1) for piece in self.pieces]).reshape(48, 10)
        result: Tensor = self.norm(x.flatten(1)[:, ::4] @ weight) * self.gain
        return result


@pytest.mark.parametrize("size", [480, 48, 1])
def test_a_weight_in_another_form_is_named_all_the_same(size: int) -> None:
    assert run(worker(lambda _: Pieces(size, fresh=False)), EXPORT, REBUILD).evidence.rebuilds["net"] != ()
    assert run(worker(lambda _: Pieces(size, fresh=True)), EXPORT, REBUILD).evidence.rebuilds["net"] == ()


def test_a_second_build_that_hands_over_other_weights_is_a_fault() -> None:
    honest = worker()

    def answer(request: WorkerRequest) -> WorkerReply:
        reply = honest.run(request)
        if request.verb != "initial" or isinstance(reply, Fault):
            return reply
        return replace(reply, tensors={name: torch.randn_like(value) for name, value in reply.tensors.items()})

    rebuilt = run(FakeSandbox(answer), EXPORT, REBUILD).evidence.rebuilds["net"]
    assert isinstance(rebuilt, Fault) and rebuilt.kind == "tampered"


@pytest.mark.parametrize("init", [nn.init.kaiming_uniform_, nn.init.xavier_normal_, nn.init.orthogonal_, nn.init.trunc_normal_])
def test_matrices_that_were_drawn_are_not(init: Callable[[Tensor], Tensor]) -> None:
    def build(_: dict[str, Any]) -> nn.Module:
        module = nn.Sequential(conv(3, 64), nn.ReLU(), nn.Flatten(), nn.Linear(4096, 10))
        init(module[0].weight)
        init(module[3].weight)
        return module

    assert run(worker(build), EXPORT, REBUILD).evidence.rebuilds["net"] == ()


class Swapping(nn.Module):
    """Takes other weights after its second forward."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.runs = nn.Sequential(nn.Flatten(), nn.Linear(192, 10)), 0

    def forward(self, x: Tensor) -> Tensor:
        self.runs += 1
        if self.runs == 2:
            with torch.no_grad():
                self.body[1].weight.data = torch.ones(10, 192)
        result: Tensor = self.body(x)
        return result


def test_weights_that_change_after_the_build_are_not_taken() -> None:
    kept: list[nn.Module] = []

    def build(_: dict[str, Any]) -> nn.Module:  # as in a worker, the module that was built is the one that is exported
        kept.append(kept[-1] if kept else Swapping())
        return kept[-1]

    fault = run(worker(build), EXPORT, TRAIN).evidence.exports["net"]
    assert isinstance(fault, Fault) and fault.kind == "tampered" and "body.1.weight" in fault.message


def test_one_of_the_batch_sizes_is_not_in_the_rubric() -> None:
    drawn = [run(worker(), EXPORT, seed=seed).asked("export")[0].params["batch_sizes"] for seed in range(8)]
    assert all(sizes[:-1] == drawn[0][:-1] and sizes[-1] not in sizes[:-1] for sizes in drawn)
    assert len({sizes[-1] for sizes in drawn}) > 3


def test_a_fault_stands_where_something_could_not_be_had() -> None:
    fault = Fault("build", "Net() fails", "models/net.py", 4)
    found = run(worker(export=fault), EXPORT, TRAIN, REBUILD, GRADIENTS)
    assert found.evidence.exports == found.evidence.facts == found.evidence.gradients == {"net": fault}
    assert found.evidence.trainings == found.evidence.rebuilds == {} and len(found.opened) == 1
    assert run(worker(initial=fault), EXPORT, REBUILD).evidence.rebuilds == {"net": fault}


def test_a_role_that_nothing_fills_is_not_asked_for() -> None:
    fault = Fault("missing", "there is no file models/net.py")
    found = run(worker(), EXPORT, TRAIN, fault=fault)
    assert found.evidence.exports == {"net": fault} and found.sandbox.requests == []


class Conditional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(192, 10))

    def forward(self, x: Tensor) -> Tensor:
        if x.mean() > 100:
            x = -x
        result: Tensor = self.body(x)
        return result


def test_a_network_without_a_graph_leaves_its_shapes_as_a_claim_and_names_the_line() -> None:
    found = run(worker(lambda _: Conditional()), EXPORT, TRAIN)
    fault = found.evidence.exports["net"]
    assert isinstance(fault, Fault) and fault.kind == "export"
    assert fault.file == "test_gathering.py" and fault.line is not None and "torch.where" in str(fault.remedy)
    shapes = found.evidence.claimed_shapes["net"]
    assert {1, 2, 4} < shapes.keys() and all(shape == (size, 10) for size, shape in shapes.items())
    assert found.evidence.trainings == {}


@pytest.mark.parametrize("data", [{"form": "free"}, {}, {"form": "free", "training": {}, "evaluation": {}}])
def test_a_reply_that_holds_no_valid_network_is_refused(data: dict[str, Any]) -> None:
    fault = run(worker(export=Answer(data)), EXPORT, TRAIN).evidence.exports["net"]
    assert isinstance(fault, Fault) and fault.kind == "network" and "refused" in fault.message


def test_gradients_are_asked_for_at_a_point_drawn_after_the_export() -> None:
    found = run(worker(gradients=Answer({"functions": ["Own"]})), EXPORT, GRADIENTS)
    (request,) = found.asked("gradients")
    (point,) = found.trainers.points
    assert {name.partition("/")[0] for name in request.tensors} == {"inputs.0", "weights", "cotangent"}
    assert all(value.dtype == torch.float64 for value in request.tensors.values())
    assert (point.inputs[0] < 0).any() and (point.inputs[0] > 0).any()
    exported = found.evidence.exports["net"]
    assert isinstance(exported, Exported) and not torch.equal(point.inputs[0], exported.probe[0].double())
    drawn_again = run(worker(gradients=Answer({})), EXPORT, GRADIENTS).trainers.points[0]
    assert torch.equal(point.inputs[0], drawn_again.inputs[0])


EXPERIMENT = Experiment.model_validate(
    {
        "title": "a comparison", "part": "1", "file": "homework.py", "function": "compare", "results": "results.json", "roles": ["net"],
        "probe": {"arguments": {"epochs": 2}, "shape": list(IMAGE), "train_images": 6, "test_images": 3, "classes": 4},
    }
)  # fmt: skip


@pytest.mark.parametrize("document", [{"models": {}}, [1], None])
def test_an_experiment_is_run_on_random_images_and_gives_a_dictionary_or_a_fault(document: Any) -> None:
    found = run(worker(experiment=Answer({"document": document})), Need("experiment", "mnist"), experiment=EXPERIMENT)
    (request,) = found.asked("experiment")
    assert request.tensors["train.images"].shape == (6, *IMAGE) and request.tensors["test.labels"].shape == (3,)
    assert int(request.tensors["train.labels"].max()) < 4 and request.params["arguments"] == {"epochs": 2}
    outcome = found.evidence.experiments["mnist"]
    assert outcome == document if isinstance(document, dict) else isinstance(outcome, Fault) and "compare" in outcome.message


def test_every_purpose_has_a_seed_of_its_own() -> None:
    seeds = {derived_seed(seed, purpose) for seed in range(10) for purpose in ("build net", "train net", "build other")}
    assert len(seeds) == 30 and derived_seed(0, "build net") == derived_seed(0, "build net")


def test_the_worker_is_told_no_seed_of_the_grader() -> None:
    needs = (EXPORT, TRAIN, REBUILD, Need("experiment", "mnist"))
    runs = [run(worker(experiment=Answer({"document": {}})), *needs, experiment=EXPERIMENT, seed=seed) for seed in (7, 8)]
    told = [{request.params["seed"] for request in each.sandbox.requests if "seed" in request.params} for each in runs]
    assert not told[0] & told[1] and not {7, 8} & (told[0] | told[1])
    assert all(found.trainers.trained[0][2] not in seeds for found, seeds in zip(runs, told, strict=True))


def test_a_submission_that_has_used_up_its_time_is_asked_nothing_more() -> None:
    found = run(worker(), EXPORT, TRAIN, REBUILD, deadlines=Deadlines(submission=0))
    outcome = found.evidence.exports["net"]
    assert isinstance(outcome, Fault) and outcome.kind == "deadline" and outcome.remedy
    assert found.sandbox.requests == [] and found.evidence.trainings == {}
