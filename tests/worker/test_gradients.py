"""A student's own backward pass crosses as a claim: it is what autograd gives where the student is right."""

from __future__ import annotations

import torch
from torch import Tensor

from grader.sandbox.base import Answer, Sandbox
from tests.worker.asking import answer, ask, candidate, fault

X = torch.tensor([[-1.5, 0.5, 2.0]], dtype=torch.float64)
COTANGENT = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)


def gradients(sandbox: Sandbox, case: str, name: str, arguments: dict[str, int], weights: dict[str, Tensor]) -> Answer:
    tensors = {"inputs.0": X, "cotangent": COTANGENT} | weights
    return answer(ask(sandbox, "gradients", {"candidate": candidate(case, name, **arguments), "seed": 0}, tensors))


def test_inputs_and_weights_get_the_gradient_of_the_cotangent(sandbox: Sandbox) -> None:
    scale = torch.tensor([2.0], dtype=torch.float64)
    reply = gradients(sandbox, "own_function", "Net", {}, {"weights/scale": scale})
    assert reply.data == {"functions": ["Cube"], "idle": [], "others": []}
    torch.testing.assert_close(reply.tensors["outputs.0"], (2 * X) ** 3)
    torch.testing.assert_close(reply.tensors["grad_inputs.0"], COTANGENT * 24 * X**2)
    torch.testing.assert_close(reply.tensors["grad_weights/scale"], (COTANGENT * 12 * X**3).sum().reshape(1))


def test_a_function_and_a_bare_autograd_function_are_applied_to_the_inputs(sandbox: Sandbox) -> None:
    doubled = gradients(sandbox, "own_function", "double", {}, {})
    assert doubled.data == {"functions": [], "idle": [], "others": []}
    torch.testing.assert_close(doubled.tensors["grad_inputs.0"], 2 * COTANGENT)
    wrong = gradients(sandbox, "own_function", "Wrong", {"power": 2}, {})
    assert wrong.data == {"functions": ["Wrong"], "idle": ["Wrong"], "others": []}
    torch.testing.assert_close(wrong.tensors["outputs.0"], X**2)
    torch.testing.assert_close(wrong.tensors["grad_inputs.0"], 7 * COTANGENT)  # as the student wrote it


def test_weights_that_the_candidate_does_not_have_are_a_fault(sandbox: Sandbox) -> None:
    tensors = {"inputs.0": X, "cotangent": COTANGENT, "weights/other": X}
    reply = ask(sandbox, "gradients", {"candidate": candidate("own_function"), "seed": 0}, tensors)
    assert "other" in fault(reply).message


def test_a_backward_that_does_not_fit_is_a_fault(sandbox: Sandbox) -> None:
    tensors = {"inputs.0": X, "cotangent": COTANGENT[:, :2]}
    reply = ask(sandbox, "gradients", {"candidate": candidate("own_function", "double"), "seed": 0}, tensors)
    assert fault(reply).kind == "backward"
