"""Claimed gradients against finite differences of the graph."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.network import DirectionalCheck, directional_check
from tests.network.exporting import export


class Leaky(nn.Module):
    """A smooth and a piecewise part, with a parameter each."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor([0.2]))
        self.scale = nn.Parameter(torch.tensor([1.5]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, self.slope * x) * torch.sigmoid(self.scale * x)


class Step(nn.Module):
    """A sign whose backward is claimed to be 1."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sign(x)


def _claims(module: nn.Module) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(3, 2, 4, 4, generator=generator, dtype=torch.float64).requires_grad_()
    cotangent = torch.randn(3, 2, 4, 4, generator=generator, dtype=torch.float64)
    weights = {name: value.detach() for name, value in module.double().named_parameters()}
    (module(inputs) * cotangent).sum().backward()
    return {
        "inputs": [inputs.detach()], "cotangent": cotangent, "weights": weights, "claimed_inputs": [inputs.grad],
        "claimed_weights": {name: value.grad.clone() for name, value in module.named_parameters() if value.grad is not None},
    }  # fmt: skip


def check(module: nn.Module, **changed: Any) -> DirectionalCheck:
    exported = export(module, 2, 4, 4)
    return directional_check(exported, **(_claims(module) | changed), seed=4)


def test_an_honest_backward_agrees() -> None:
    found = check(Leaky())
    assert found.agrees() and not found.step_like and found.missing == ()
    assert {one.name for one in found.checks} == {"inputs.0", "slope", "scale"}


@pytest.mark.parametrize("factor", [0.0, 0.99, -1.0, 2.0])
def test_a_wrong_gradient_of_the_input_is_found(factor: float) -> None:
    module = Leaky()
    exact = _claims(module)["claimed_inputs"][0]
    found = check(Leaky(), claimed_inputs=[exact * factor])
    assert not found.agrees()
    assert [one.name for one in found.checks if one.relative_error is None or one.relative_error > 1e-4] == ["inputs.0"]


def test_a_wrong_gradient_of_one_parameter_is_found() -> None:
    claims = _claims(Leaky())["claimed_weights"]
    found = check(Leaky(), claimed_weights=claims | {"slope": claims["slope"] * 1.01})
    assert [one.name for one in found.checks if (one.relative_error or 0) > 1e-4] == ["slope"]


def test_a_missing_or_misshapen_claim_is_listed() -> None:
    found = check(Leaky(), claimed_weights={"scale": torch.zeros(2)})
    assert found.missing == ("slope", "scale") and not found.agrees()


def test_a_claim_that_is_not_finite_is_missing() -> None:
    assert check(Leaky(), claimed_inputs=[torch.full((3, 2, 4, 4), float("nan"))]).missing == ("inputs.0",)


def test_a_step_with_a_claimed_slope_is_told() -> None:
    straight_through = _claims(Leaky())["cotangent"]
    claims = {"claimed_inputs": [straight_through], "cotangent": straight_through, "weights": {}, "claimed_weights": {}}
    found = check_step(claims)
    assert found.step_like and not found.agrees()
    assert not check_step(claims | {"claimed_inputs": [torch.zeros_like(straight_through)]}).step_like


def check_step(claims: dict[str, Any]) -> DirectionalCheck:
    inputs = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return directional_check(export(Step(), 2, 4, 4), [inputs], **claims, seed=0)


def test_points_on_an_edge_are_discarded() -> None:
    zero = torch.zeros(3, 2, 4, 4, dtype=torch.float64)
    found = check(nn.ReLU(), inputs=[zero], claimed_inputs=[zero])
    assert found.discarded == 8 and found.checks[0].relative_error is None and not found.agrees()


def test_a_cotangent_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="cotangent"):
        check(Leaky(), cotangent=torch.ones(2, dtype=torch.float64))
