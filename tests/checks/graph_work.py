"""Real small networks as evidence for checks: exported in-process, validated and measured, and a rubric around them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import BoundCase, verdict_on
from grader.checks.base import Case, Evidence
from grader.network import Exported, analyse
from grader.records import Basis, Fault, Judgement, NetworkFacts, TrainingResult, Verdict
from grader.rubric import Rubric
from grader.submission import Submission
from tests.network.exporting import export

NO_FILES = Submission(Path("nowhere"))
NO_GRAPH = Fault("export", "a condition on values", "models/net.py", 12, "if x.mean() > 0", "Use torch.where.")
IMAGE = (3, 8, 8)


class Around(nn.Module):
    """A function of (self, x) around named parts."""

    def __init__(self, function: Any, **parts: Any) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.function(self, x)
        return result


def conv(given: int, out: int, side: int = 3, **rest: Any) -> nn.Conv2d:
    return nn.Conv2d(given, out, side, padding=side // 2, **rest)


def around(*middle: nn.Module, channels: int = 4) -> nn.Sequential:
    """A classifier with the layers in its middle, which give ``channels`` channels."""
    return nn.Sequential(*middle, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


class Residual(nn.Module):
    """relu(branch(x) + shortcut(x))."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.branch, self.shortcut = branch, shortcut or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.branch(x) + self.shortcut(x))


@functools.cache
def measured(module: nn.Module, *shape: int) -> tuple[Exported, NetworkFacts]:
    """A network as data and its facts; the same module is exported once."""
    torch.manual_seed(0)
    exported = export(module, *shape, batch=2)
    return exported, analyse(exported, seed=1)


def evidence(work: Mapping[str, nn.Module | Fault], shapes: Mapping[str, Sequence[int]] | None = None, **found: Any) -> Evidence:
    """What is found out about networks by subject: graphs and facts, and what else is given."""
    pairs = {
        subject: (each, each) if isinstance(each, Fault) else measured(each, *(shapes or {}).get(subject, IMAGE))
        for subject, each in work.items()
    }
    exports = {subject: pair[0] for subject, pair in pairs.items()}
    facts = {subject: pair[1] for subject, pair in pairs.items()}
    return Evidence(**{"submission": NO_FILES, "exports": exports, "facts": facts, **found})


def rubric(roles: Sequence[str], variants: Sequence[dict[str, Any]] | None = None) -> Rubric:
    """Roles; a criterion about each of them alone ("has NAME") and one about all of them ("asked")."""
    probe = {"variants": list(variants or [{"shape": list(IMAGE)}]), "batch_sizes": [2, 1, 4]}
    role = {"title": "a network", "part": "1", "file": "models/net.py", "name": "Net", "hint": "write it", "probe": probe}
    criterion = {"part": "1", "points": 2, "hint": "do it", "alternatives": [{"check": "network", "basis": "measured"}]}
    alone = [{**criterion, "id": f"has {name}", "title": f"There is {name}", "roles": [name]} for name in roles]
    points = 2 * len(alone) + 2
    return Rubric.model_validate(
        {
            "assignment": {"id": "a", "title": "An assignment", "points": points},
            "part": [{"id": "1", "title": "A part", "points": points, "file": "homework.py"}],
            "role": dict.fromkeys(roles, role),
            "criterion": [*alone, {**criterion, "id": "asked", "title": "It is done", "roles": list(roles)}],
            "profile": {"quick": PROFILE},
        }
    )


THRESHOLD = {"value": 0.9, "seeds": [0, 1, 2], "mean": 0.95, "std": 0.01, "lowest": 0.94}
PROFILE = {
    "title": "quick",
    "data": {},
    "recipes": {},
    "thresholds": {"digits": dict.fromkeys(("net", "other"), THRESHOLD)},
}


def case(check: ModuleType, *roles: str, variants: Sequence[dict[str, Any]] | None = None, **require: Any) -> Case:
    """The case of a criterion about all of these roles."""
    whole = rubric(roles or ("net",), variants)
    asked = check.Require.model_validate(require)
    return Case(whole.criterion[-1], asked, whole, whole.profile["quick"], {"mnist": "digits"})


def word(judgement: Judgement | None) -> Judgement:
    """A judgement that has to be there."""
    assert judgement is not None
    return judgement


def verdict(given: Case, check: str, found: Evidence, share: Fraction = Fraction(1)) -> Verdict:
    return verdict_on(given.criterion, (BoundCase(check, Basis.MEASURED, share, given),), found)


def training(**changes: Any) -> TrainingResult:
    """A training that went well: 95 % of 1000 held-out images."""
    result = TrainingResult(
        steps=100, images=6400, stopped_early=False, diverged=False, precision="float32", losses=(2.3, 1.0, 0.3), validation=(),
        initial_correct=110, initial_seen=1000, correct=950, held=1000, train_correct=960, train_seen=1000, confusion=(),
        gradient_norms={}, dead_parameters=(),
    )  # fmt: skip
    return replace(result, **changes)
