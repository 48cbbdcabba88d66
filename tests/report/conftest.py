"""Made-up reports: a whole one, the starter's, hostile ones, broken ones. Nothing is graded and nothing is random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from grader import records as r
from grader.records import message

PARTS = (
    ("1.1", "MNIST: fully connected, CNN, residual CNN", 20),
    ("1.2", "CIFAR-10: depth, residuals, regularisation", 20),
    ("2.1", "Kernel size", 15),
    ("2.2", "Depth", 15),
    ("3.1", "Custom layers", 15),
    ("3.2", "Residual blocks", 15),
)
ROLES = {
    "1.1": ("fc_mnist", "cnn_mnist", "rescnn_mnist"),
    "1.2": ("fc_cifar", "rescnn_cifar", "regrescnn_cifar"),
    "2.1": ("k3", "k5", "k7", "kmix"),
    "2.2": ("shallow", "medium", "deep", "depth_residual"),
    "3.1": ("custom_conv", "attention", "activation", "pooling"),
    "3.2": ("basic_block", "bottleneck_block", "wide_block"),
}
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
WORDS = (
    ("The network takes 1×28×28 images and gives 10 logits", "shape"),
    ("It has 3 or 4 fully connected layers", "layers"),
    ("It learns: 92 % of the held-out images are right", "accuracy"),
    ("A residual connection goes around at least two convolutions", "residual"),
    ("Train and test accuracy, times and parameter counts are in `results/`", "results"),
    ("Learning curves are drawn", "plots"),
    ("Every parameter gets a gradient", "gradients"),
    ("Hyperparameters are the same for all networks", "hyperparameters"),
    ("The README says what the numbers show", "readme"),
    ("The experiment runs and gives what the network gives", "experiment"),
)
HOSTILE = (
    "</title></style><script>alert(1)</script>",
    '"><img src=http://evil.example/x onerror=alert(1)>',
    "[bold red]not markup[/bold red] [link=http://evil.example]x[/link]",
    "\x1b[31mred\x1b[0m\x07\x00 \u202eesrever \ud800 end",
    "{0.__class__} {{ 7 * 7 }} {% raw %} ${x} `unpaired",
    "x" * 10_000,
)


def layer(index: int, channels: int) -> r.LayerFact:
    return r.LayerFact(
        "conv", "aten.conv2d.default", f"block{index}.conv.weight", f"models/cnn_models.py:{20 + index}",
        kernel=(3, 3), stride=(1, 1), in_channels=channels, out_channels=channels, parameters=9 * channels * channels,
        multiply_adds=9 * channels * channels * 256, output_shape=(channels, 16, 16),
    )  # fmt: skip


def facts(index: int) -> r.NetworkFacts:
    layers = tuple(layer(number, 8 * (index + 1)) for number in range(3 + 2 * index))
    shortcut = r.ResidualFact("add_1", "models/cnn_models.py:44", "relu", "identity", ("block1.conv.weight",))
    return r.NetworkFacts(
        output_shapes={1: (1, 10), 7: (7, 10)}, batch_independent=True, evaluation_agrees=True, eager_agrees=True,
        finite=True, layers=layers, residuals=(shortcut,) if index else (), dropouts=(),
        parameters=sum(one.parameters for one in layers), frozen_parameters=0, unused_parameters=(),
        constant_weights=(), receptive_field=(5 + 8 * index, 5 + 8 * index) if index else None,
        multiply_adds=sum(one.multiply_adds for one in layers),
        weight_gradients={one.path or "": 0.5 / 3**number for number, one in enumerate(layers)},
        input_shape=(3, 32, 32),
    )  # fmt: skip


def training(index: int) -> r.TrainingResult:
    right = 60 + 10 * index
    rows = tuple(tuple(right if x == y else (100 - right) * (abs(x - y) <= 2) // 4 for x in range(10)) for y in range(10))
    correct = sum(rows[y][y] for y in range(10))
    return r.TrainingResult(
        steps=300, images=19200, stopped_early=index == 2, diverged=False, precision="bfloat16",
        losses=tuple(2.3 * (0.9 - 0.08 * index) ** tenth for tenth in range(10)),
        validation=tuple((75 * k, min(0.97, 0.2 + 0.15 * k + 0.05 * index)) for k in range(1, 5)),
        initial_correct=103, initial_seen=1000, correct=correct, held=1000, train_correct=correct + 40, train_seen=1000, confusion=rows,
        gradient_norms={f"block{n}.conv.weight": (0.9, 0.4, 0.3 / 4 ** (n * (3 - index))) for n in range(3 + 2 * index)},
        dead_parameters=(),
    )  # fmt: skip


def card(part: str, role: str, index: int, **changes: Any) -> r.RoleCard:
    made = r.RoleCard(
        role=role, title=role.replace("_", " ").capitalize(), part=part, candidate=f"models/cnn_models.py:{role}",
        arguments={"num_layers": 4, "residual": True} if index else {}, confidence=1.0 - 0.03 * index,
        reason=message("has the name of the starter’s contract"), facts=facts(index),
        training=training(index) if part < "3" else None, classes=CLASSES,
    )  # fmt: skip
    return replace(made, **changes)


OUTCOMES = (r.Outcome.PASSED,) * 5 + (r.Outcome.PARTIAL, r.Outcome.PASSED, r.Outcome.FAILED, r.Outcome.SKIPPED)


def verdict(part: str, number: int, maximum: Fraction, outcome: r.Outcome, **changes: Any) -> r.Verdict:
    title, name = WORDS[number]
    share = {r.Outcome.PASSED: Fraction(1), r.Outcome.PARTIAL: Fraction(1, 3)}.get(outcome, Fraction(0))
    open_ = outcome in (r.Outcome.PARTIAL, r.Outcome.FAILED)
    made = r.Verdict(
        criterion=f"{part}.{name}", part=part, title=title, outcome=outcome, points=share * maximum, max_points=maximum,
        basis=r.Basis.MEASURED, review=r.Review.NONE,
        expected=message("{layers} fully connected layers, counted once per weight", layers="3 or 4"),
        found=message("{count} layers: `fc1.weight`, `fc2.weight`", count=2),
        why=message("The output depends on 2 of the 3 layers that `__init__` makes; `fc3` is never called."),
        hint=message("Call `self.fc3` in `forward` (models/fc_models.py:31).") if open_ else None,
        roles=(ROLES[part][0],), depends_on=f"{part}.{WORDS[number - 1][1]}" if outcome is r.Outcome.SKIPPED else None,
    )  # fmt: skip
    return replace(made, **changes)


def scored(verdicts: tuple[r.Verdict, ...]) -> r.Score:
    parts = []
    for part, title, maximum in PARTS:
        points = sum((v.points for v in verdicts if v.part == part), Fraction(0))
        parts.append(r.PartScore(part, title, points, Fraction(maximum)))
    total = sum((part.points for part in parts), Fraction(0))
    waiting = sum((v.max_points - v.points for v in verdicts if v.review is not r.Review.NONE), Fraction(0))
    return r.Score(total, Fraction(100), total, total + waiting, tuple(parts))


PROVENANCE = r.Provenance(
    grader_version="0.1.0", rubric="lesson4_cnn", rubric_hash="sha256:5d0c…9a", profile="quick", seed=0, self_check=True,
    submission="homework", submission_hash="sha256:77aa…01",
    data={"digits": "Built-in set “digits” (1×28×28, ten classes, made from seed 0), in place of MNIST.",
          "objects": "Built-in set “objects” (3×32×32, ten classes, made from seed 0), in place of CIFAR-10."},
    data_fingerprints={"digits": "sha256:12ab", "objects": "sha256:34cd"}, device="cpu", cpu_capability="AVX512",
    precision="bfloat16", torch_version="2.15.0", torchvision_version="0.30.0", python_version="3.11.7",
    platform="Linux x86_64", isolation="best",
    protections=(r.Protection("network", True, "no network"), r.Protection("memory", False, "bubblewrap is not installed")),
)  # fmt: skip


def report_of(verdicts: tuple[r.Verdict, ...], roles: tuple[r.RoleCard, ...], **changes: Any) -> r.Report:
    made = r.Report(
        assignment="Lesson 4: convolutional networks", score=scored(verdicts), verdicts=verdicts,
        advice=(), roles=roles, provenance=PROVENANCE, timing={"total": 41.52, "export": 3.2, "training": 30.07},
    )  # fmt: skip
    return replace(made, **changes)


def all_cards() -> tuple[r.RoleCard, ...]:
    return tuple(card(part, role, index) for part, roles in ROLES.items() for index, role in enumerate(roles))


def all_verdicts(outcome: Callable[[int, int], r.Outcome]) -> tuple[r.Verdict, ...]:
    return tuple(
        verdict(part, number, Fraction(maximum, 10), outcome(row, number))
        for row, (part, _, maximum) in enumerate(PARTS)
        for number in range(10)
    )


def full_report() -> r.Report:
    """60 verdicts of all outcomes, 21 roles, two of them odd: one without a network, one of values only."""
    verdicts = list(all_verdicts(lambda row, number: OUTCOMES[(5 * row + number) % len(OUTCOMES)]))
    verdicts[2] = replace(verdicts[2], review=r.Review.REQUIRED, look_at="models/fc_models.py:31")
    verdicts[7] = replace(verdicts[7], review=r.Review.RECOMMENDED, look_at="results/mnist_comparison/results.json")
    verdicts[27] = replace(verdicts[27], outcome=r.Outcome.BROKEN, points=Fraction(0), basis=None)
    cards = list(all_cards())
    cards[3] = replace(cards[3], facts=None, training=None, notes=("values come from the worker: `.numpy()` in forward",))
    fault = r.Fault("error", "__init__() needs 'depth'", "models/cnn_models.py", 88, None, "Give it a default.")
    cards[8] = replace(cards[8], facts=None, training=None, candidate=None, fault=fault)
    advice = (
        verdict("1.1", 7, Fraction(0), r.Outcome.PASSED, criterion="advice.modular", title="One class per kind of model"),
        verdict("1.1", 8, Fraction(0), r.Outcome.FAILED, criterion="advice.logging", title="`logging` follows the runs"),
    )
    log = ("homework_old.py did not import: No module named 'tensorflow'",)
    return report_of(tuple(verdicts), tuple(cards), advice=advice, log=log)


def starter_report() -> r.Report:
    """Nothing written yet: every criterion failed, no network."""
    fault = r.Fault("not written", "NotImplementedError: build three or four linear layers", "models/fc_models.py", 12)
    cards = tuple(replace(one, facts=None, training=None, fault=fault) for one in all_cards())
    return report_of(all_verdicts(lambda *_: r.Outcome.FAILED), cards)


def perfect_report() -> r.Report:
    return report_of(all_verdicts(lambda *_: r.Outcome.PASSED), all_cards())


def empty_report() -> r.Report:
    return replace(report_of((), ()), score=r.Score(*[Fraction(0)] * 4, ()), timing={})


def hostile_report() -> r.Report:
    """Every text that a student can influence is hostile."""
    verdicts = tuple(
        replace(
            one, found=message("{text}", text=HOSTILE[i % 6]), why=message(HOSTILE[i % 6]),
            hint=message("{text}", text=HOSTILE[(i + 1) % 6]), look_at=HOSTILE[i % 6], review=r.Review.RECOMMENDED,
        )
        for i, one in enumerate(all_verdicts(lambda *_: r.Outcome.FAILED))
    )  # fmt: skip
    cards = tuple(
        replace(
            one, candidate=HOSTILE[i % 6], arguments={HOSTILE[i % 5]: HOSTILE[(i + 2) % 6]}, notes=HOSTILE, title=HOSTILE[i % 6],
            classes=tuple(HOSTILE[n % 6] for n in range(10)), fault=r.Fault("x", HOSTILE[i % 6], HOSTILE[0], 1, None, HOSTILE[3]),
            facts=replace(facts(1), unused_parameters=HOSTILE, layers=(replace(layer(0, 4), path=HOSTILE[0], at=HOSTILE[3]),)),
        )
        for i, one in enumerate(all_cards())
    )  # fmt: skip
    named = replace(PROVENANCE, submission=HOSTILE[1] + HOSTILE[3])
    return report_of(verdicts, cards, log=HOSTILE, provenance=named)


def broken_numbers_report() -> r.Report:
    """Numbers that are not finite, counts that do not fit, templates that do not match their values."""
    nan, inf = float("nan"), float("inf")
    norms = {"a.weight": (nan, 0.0, inf), "b.weight": (), "c.weight": (1e-320, 1e300, 1e-300)}
    odd = replace(
        training(0), losses=(nan, inf, -inf, 1e308), validation=((1, nan), (2, inf)), gradient_norms=norms, held=0,
        train_seen=0, confusion=((1, 2), (3,)), diverged=True,
    )  # fmt: skip
    bare = replace(facts(0), weight_gradients={"w": nan, "v": 0.0}, receptive_field=(0, 900), input_shape=(), multiply_adds=0)
    dropped = replace(bare, dropouts=(r.DropoutFact("dropout", None, nan, True),), receptive_field=(10**6, 3))
    cards = tuple(
        replace(one, confidence=nan, arguments={"p": nan, "n": 10**5000}, training=odd, facts=(bare, dropped)[i % 2])
        for i, one in enumerate(all_cards())
    )
    wrong = replace(verdict("1.1", 0, Fraction(2), r.Outcome.FAILED), found=message("{value:d}", value=nan), why=message("{gone}", x=1))
    return report_of((wrong,), cards, timing={"total": nan, "other": inf})


MADE = {
    "full": full_report,
    "starter": starter_report,
    "perfect": perfect_report,
    "empty": empty_report,
    "hostile": hostile_report,
    "broken_numbers": broken_numbers_report,
}


@pytest.fixture(params=list(MADE))
def any_report(request: pytest.FixtureRequest) -> r.Report:
    return MADE[request.param]()


@pytest.fixture
def full() -> r.Report:
    return full_report()


@pytest.fixture
def hostile() -> r.Report:
    return hostile_report()


@pytest.fixture
def perfect() -> r.Report:
    return perfect_report()


@pytest.fixture
def hostile_texts() -> tuple[str, ...]:
    return HOSTILE
