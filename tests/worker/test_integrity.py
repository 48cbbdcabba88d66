"""A submission that replaces what its answers are computed with is not believed; one that adds names of its own is."""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

from grader.sandbox.process import ProcessSandbox
from grader.worker import probes
from grader.worker.faults import StudentFault
from grader.worker.integrity import Integrity
from tests.worker.asking import SUBMISSIONS, ask, ask_export, candidate, fault, marked_line


def wrong(*_: Any, **__: Any) -> None:
    """What a submission might put in the place of a function."""


REPLACED: list[tuple[Any, str]] = [
    (torch, "equal"),
    (torch, "manual_seed"),
    (torch.Tensor, "argmax"),  # of a base in C: it is hidden, not replaced
    (torch.Tensor, "__eq__"),
    (torch.Tensor, "grad"),
    (torch.nn.Parameter, "numel"),
    (torch.nn.Module, "__call__"),
    (torch.nn.Module, "named_parameters"),
    (torch.nn.functional, "cross_entropy"),
    (torch.autograd, "backward"),
    (torch.autograd.Function, "apply"),
    (torch.export, "export"),
    (probes, "own_functions"),
    (builtins, "pow"),
]


@pytest.mark.parametrize(("owner", "name"), REPLACED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_replaced_is_named(owner: Any, name: str) -> None:
    integrity = Integrity()
    with pytest.raises(StudentFault, match=rf"replaces .*\b{name}\b") as caught, pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, wrong, raising=False)
        integrity.check(Path(__file__).parent)
    assert (caught.value.kind, caught.value.file, caught.value.line) == ("tampered", Path(__file__).name, wrong.__code__.co_firstlineno)
    integrity.check(Path(__file__).parent)


def test_a_replaced_probe_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    integrity = Integrity()
    monkeypatch.setitem(probes.PROBES, "gradients", wrong)
    with pytest.raises(StudentFault, match="gradients"):
        integrity.check(Path(__file__).parent)


def test_a_function_with_other_code_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    integrity = Integrity()
    monkeypatch.setattr(probes.digests, "__code__", wrong.__code__)
    with pytest.raises(StudentFault, match="digests"):
        integrity.check(Path())


def test_a_method_of_the_worker_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    integrity = Integrity()
    monkeypatch.setattr(Integrity, "_modes", wrong, raising=False)  # a new name is no replacement
    integrity.check(Path())
    monkeypatch.setattr(probes.Submission, "build", wrong)
    with pytest.raises(StudentFault, match="build"):
        integrity.check(Path())


def test_a_mode_that_is_never_left_is_noticed() -> None:
    integrity = Integrity()
    with TorchFunctionMode(), pytest.raises(StudentFault, match="TorchFunctionMode"):
        integrity.check(Path(__file__).parent)
    integrity.check(Path(__file__).parent)


def _subclass() -> None:
    type("Own", (torch.nn.Module,), {"forward": wrong, "named_parameters": wrong})


def _hook() -> None:
    torch.nn.Linear(1, 1).register_forward_hook(lambda *_: None)


HONEST: list[Callable[[], Any]] = [
    _subclass,
    _hook,
    lambda: importlib.import_module("torch._dynamo"),  # wraps torch.manual_seed
    lambda: torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))]).step(),
    lambda: torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(2, 2),), strict=False),
    lambda: torch.func.vmap(torch.sin)(torch.zeros(3)),
    lambda: torch.set_default_dtype(torch.float64),
    lambda: torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 2)),
]


@pytest.mark.parametrize("act", HONEST)
def test_ordinary_work_replaces_nothing(act: Callable[[], Any]) -> None:
    integrity = Integrity()
    try:
        act()
    finally:
        torch.set_default_dtype(torch.float32)
    integrity.check(Path(__file__).parent)


@pytest.mark.parametrize(
    ("owner", "name"), [(torch.Tensor, "__repr__"), (torch, "load"), (torch.nn.Module, "count_parameters"), (builtins, "print")]
)
def test_what_bears_on_no_answer_may_be_replaced_or_added(owner: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    integrity = Integrity()
    monkeypatch.setattr(owner, name, wrong, raising=False)
    integrity.check(Path(__file__).parent)


def test_nothing_that_the_process_says_afterwards_is_believed() -> None:
    with ProcessSandbox(SUBMISSIONS) as sandbox:
        found = fault(ask_export(sandbox, candidate("replaces_functions")))
        assert (found.kind, found.file) == ("tampered", "replaces_functions/models/net.py")
        assert found.line == marked_line("replaces_functions")
        assert "Tensor.argmax" in found.message
        assert fault(ask(sandbox, "load", {"file": "ok/models/net.py"})).kind == "tampered"
