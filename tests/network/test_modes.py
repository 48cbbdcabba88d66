"""Training and evaluation: one network with its norms and dropout at rest, a part of it, or another network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.network import analyse
from grader.network.modes import Modes, compare_modes
from tests.network.exporting import export


class Modal(nn.Module):
    """Two heads and a body; ``train`` and ``test`` are what it does in the two modes."""

    def __init__(self, train: Callable[..., Tensor], test: Callable[..., Tensor]) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.branch, self.head, self.other = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 5), nn.Linear(4, 5)
        self.gain = nn.Parameter(torch.zeros(1))
        self.train_form, self.test_form = train, test

    def forward(self, x: Tensor) -> Tensor:
        return (self.train_form if self.training else self.test_form)(self, x)


def _plain(m: Modal, x: Tensor) -> Tensor:
    return m.head(m.body(x).mean((2, 3)))


def _residual(m: Modal, x: Tensor) -> Tensor:
    y = m.body(x)
    return m.head((y + m.branch(y)).mean((2, 3)))


def _stochastic_depth(m: Modal, x: Tensor) -> Tensor:
    y = m.body(x)
    kept = torch.rand(x.shape[0], 1, 1, 1) < 0.8
    return m.head((y + m.branch(y) * kept / 0.8).mean((2, 3)))


def _noisy(m: Modal, x: Tensor) -> Tensor:
    return _plain(m, x + 0.1 * torch.randn_like(x))


def _dropped(m: Modal, x: Tensor) -> Tensor:
    return m.head(F.dropout(m.body(x).mean((2, 3)), 0.5, m.training))


def _two_heads(m: Modal, x: Tensor) -> Tensor:
    y = m.body(x).mean((2, 3))
    return m.head(y) + 0.3 * m.other(y)


def _hidden(m: Modal, x: Tensor) -> Tensor:
    """A branch that does nothing at the initial weights."""
    y = m.body(x)
    return m.head((y + m.gain * m.branch(y)).mean((2, 3)))


def _deeper(m: Modal, x: Tensor) -> Tensor:
    return m.head(m.branch(m.body(x)).mean((2, 3)))


def _averaged(m: Modal, x: Tensor) -> Tensor:
    return (_plain(m, x) + _plain(m, x.flip(3))) / 2


def modes(train: Callable[..., Tensor], test: Callable[..., Tensor]) -> tuple[Modes, str, bool]:
    torch.manual_seed(0)
    exported = export(Modal(train, test), 3, 8, 8)
    facts = analyse(exported, seed=0)
    return compare_modes(exported), facts.modes, facts.evaluation_agrees


@pytest.mark.parametrize("form", [_plain, _residual, _dropped])
def test_norms_and_dropout_at_rest_are_the_same_network(form: Callable[..., Tensor]) -> None:
    found, kind, agrees = modes(form, form)
    assert found.same and found.evaluation_only == found.training_only == () and kind == "same" and agrees


@pytest.mark.parametrize(("train", "test"), [(_stochastic_depth, _residual), (_two_heads, _plain)])
def test_what_only_training_has_makes_evaluation_simpler(train: Callable[..., Tensor], test: Callable[..., Tensor]) -> None:
    found, kind, agrees = modes(train, test)
    assert not found.same and found.is_simpler and found.training_only and kind == "simpler" and not agrees


def test_a_second_output_that_only_training_has_is_left_out() -> None:
    def both(m: Modal, x: Tensor) -> tuple[Tensor, Tensor]:
        y = m.body(x).mean((2, 3))
        return m.head(y), m.other(y)

    found, kind, agrees = modes(both, _plain)  # type: ignore[arg-type]
    assert found.same and "other.weight" in found.training_only
    assert kind == "same" and agrees and found.is_simpler


def test_noise_of_mean_0_is_the_same_network() -> None:
    found, kind, _ = modes(_noisy, _plain)
    assert found.is_simpler and kind == "same"


@pytest.mark.parametrize(
    ("train", "test", "own"),
    [
        (_plain, _residual, "branch.weight"),
        (_plain, _hidden, "branch.weight"),
        (_plain, _averaged, "body.0.weight"),
        (_deeper, _residual, "add"),
    ],
)
def test_what_only_evaluation_has_makes_another_network(train: Callable[..., Tensor], test: Callable[..., Tensor], own: str) -> None:
    found, kind, agrees = modes(train, test)
    assert kind == "other" and not agrees and any(own in each for each in found.evaluation_only)


def test_the_share_of_the_parameters_of_one_mode_alone() -> None:
    found, _, _ = modes(_plain, _residual)
    branch, common = 4 * 4 * 9 + 4, 3 * 4 * 9 + 4 + 8 + 25
    assert found.evaluation_share == pytest.approx(branch / (branch + common)) and found.training_share == 0


def test_another_network_while_it_is_exported() -> None:
    def two_faced(m: Modal, x: Tensor) -> Tensor:
        return _residual(m, x) if torch.compiler.is_exporting() else _plain(m, x)

    torch.manual_seed(0)
    assert not analyse(export(Modal(two_faced, two_faced), 3, 8, 8), seed=0).eager_agrees


def test_random_evaluation_hides_no_other_network() -> None:
    def noisy(m: Modal, x: Tensor) -> Tensor:
        return _plain(m, x) + 0.01 * torch.randn(x.shape[0], 5)

    def two_faced(m: Modal, x: Tensor) -> Tensor:
        return noisy(m, x) if torch.compiler.is_exporting() else 3 * noisy(m, x) + 1

    torch.manual_seed(0)
    assert analyse(export(Modal(noisy, noisy), 3, 8, 8), seed=0).eager_agrees
    assert not analyse(export(Modal(two_faced, two_faced), 3, 8, 8), seed=0).eager_agrees


class ForThree(nn.Module):
    """Another network for a batch of one, two or three."""

    def __init__(self, same: bool) -> None:
        super().__init__()
        self.few = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
        self.many = self.few if same else nn.Sequential(nn.Flatten(), nn.Linear(12, 4))

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.few(x) if len(x) in (1, 2, 3) else self.many(x)
        return result


@pytest.mark.parametrize("same", [True, False])
def test_a_network_that_is_another_one_for_other_batch_sizes_is_noticed(same: bool) -> None:
    exported = export(ForThree(same), 3, 2, 2)
    assert exported.form == "fixed"
    assert analyse(exported, seed=0).eager_agrees is same
