"""Experiments are run as functions; what they return comes as plain JSON, or a fault names the key."""

from __future__ import annotations

import pytest
import torch

from grader.sandbox.base import Sandbox, WorkerReply
from tests.worker.asking import answer, ask, fault

IMAGES = torch.zeros(3, 1, 8, 8)
LABELS = torch.tensor([1, 2, 3])


def experiment(sandbox: Sandbox, function: str, seed: int = 5) -> WorkerReply:
    params = {
        "file": "experiments/experiments.py",
        "function": function,
        "arguments": {"epochs": 1, "seed": seed},
        "data": [["train", "images", "labels"]],
    }
    return ask(sandbox, "experiment", params, {"images": IMAGES, "labels": LABELS})


def test_the_document_is_plain_json(sandbox: Sandbox) -> None:
    document = answer(experiment(sandbox, "good")).data["document"]
    assert document["shape"] == [3, 1, 8, 8] and document["labels"] == 6 and document["epochs"] == 1
    assert document["loss"] == 0.5 and document["3"] is None
    assert document["files"] == []  # an empty folder, not the submission


def test_the_seed_makes_it_repeatable(sandbox: Sandbox) -> None:
    def draws(seed: int) -> list[float]:
        found: list[float] = answer(experiment(sandbox, "good", seed)).data["document"]["draws"]
        return found

    assert draws(1) == draws(1)
    assert draws(1) != draws(2)


@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        ("tensors", "result", "result['models']['fc'][1] is a Tensor"),
        ("endless_document", "result", "nested more than"),
        ("unwritten", "experiment", "NotImplementedError"),
        ("other_parameters", "experiment", "epochs"),
        ("interrupted", "experiment", "KeyboardInterrupt"),
        ("absent", "missing", "absent"),
    ],
)
def test_what_goes_wrong_is_named(sandbox: Sandbox, function: str, kind: str, words: str) -> None:
    found = fault(experiment(sandbox, function))
    assert found.kind == kind
    assert words in found.message
    assert found.remedy


def test_other_parameters_than_asked_for_are_named_in_the_remedy(sandbox: Sandbox) -> None:
    assert fault(experiment(sandbox, "other_parameters")).remedy == "Give other_parameters the parameters epochs, seed, train."
