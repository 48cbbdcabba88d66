"""A residual connection is what the design defines, and nothing that only looks like one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.network import analyse
from grader.records import NetworkFacts
from tests.network.exporting import export

Body = Callable[["Block", Tensor], Tensor]


class Block(nn.Module):
    """A stem, a body out of the usual parts, and a head; the body is the thing under test."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.first = nn.Conv2d(8, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.narrow = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.point = nn.Conv2d(8, 8, 1)
        self.point_half = nn.Conv2d(8, 8, 1, stride=2)
        self.norm, self.norm2 = nn.BatchNorm2d(8), nn.BatchNorm2d(8)
        self.squeeze, self.excite = nn.Linear(8, 2), nn.Linear(2, 8)
        self.gain = nn.Parameter(torch.zeros(1))
        self.query, self.key = nn.Conv2d(8, 4, 1), nn.Conv2d(8, 4, 1)
        self.head = nn.Linear(8, 10)
        self.body = body

    def branch(self, x: Tensor) -> Tensor:
        return self.norm2(self.second(F.relu(self.norm(self.first(x)))))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self, F.relu(self.stem(x))).mean(dim=(2, 3)))


def facts(body: Body) -> NetworkFacts:
    torch.manual_seed(0)
    return analyse(export(Block(body), 3, 8, 8), seed=1)


def _inplace_post(m: Block, x: Tensor) -> Tensor:
    y = F.relu_(m.norm(m.first(x)))
    y = m.norm2(m.second(y))
    y += x
    return F.relu_(y)


def _preactivation(m: Block, x: Tensor) -> Tensor:
    return x + m.second(F.relu(m.norm2(m.first(F.relu(m.norm(x))))))


def _squeezed(m: Block, x: Tensor) -> Tensor:
    y = m.branch(x)
    gate = torch.sigmoid(m.excite(F.relu(m.squeeze(y.mean(dim=(2, 3))))))
    return F.relu(y * gate[:, :, None, None] + x)


def _padded(m: Block, x: Tensor) -> Tensor:
    y = m.second(F.relu(m.narrow(x)))
    return y + F.pad(x[:, :4, ::2, ::2], (0, 0, 0, 0, 2, 2))


REAL: dict[str, tuple[Body, str]] = {
    "post-activation in place": (_inplace_post, "identity"),
    "pre-activation": (_preactivation, "identity"),
    "gain that starts at 0": (lambda m, x: x + m.gain * m.branch(x), "identity"),
    "one convolution": (lambda m, x: F.relu(m.first(x) + x), "identity"),
    "projection": (lambda m, x: m.norm2(m.second(F.relu(m.narrow(x)))) + m.norm(m.point_half(x)), "projection"),
    "pooled": (lambda m, x: m.second(F.relu(m.narrow(x))) + F.avg_pool2d(x, 2), "pooling"),
    "padded": (_padded, "padding"),
    "norm on the shortcut": (lambda m, x: m.second(F.relu(m.first(x))) + m.norm(x), "norm"),
    "stack and sum": (lambda m, x: torch.stack([m.branch(x), x]).sum(0), "identity"),
    "subtraction": (lambda m, x: F.relu(x - m.branch(x)), "identity"),
    "addcmul": (lambda m, x: torch.addcmul(x, m.branch(x), torch.full((1,), 0.5)), "identity"),
    "lerp": (lambda m, x: torch.lerp(x, m.branch(x), 0.5), "identity"),
    "squeeze and excite in the branch": (_squeezed, "identity"),
}


@pytest.mark.parametrize("name", REAL)
def test_a_residual_connection_is_found(name: str) -> None:
    body, shortcut = REAL[name]
    found = facts(body).residuals
    assert [fact.shortcut for fact in found] == [shortcut]
    assert found[0].branch_convs


def _attention(m: Block, x: Tensor) -> Tensor:
    scores = torch.softmax(m.query(x).flatten(2).transpose(1, 2) @ m.key(x).flatten(2), dim=-1)
    return x + (m.point(x).flatten(2) @ scores.transpose(1, 2)).view_as(x)


def _dead(m: Block, x: Tensor) -> Tensor:
    y = m.branch(x)
    return y + 0 * (y + x)


FAKE: dict[str, Body] = {
    "no skip": lambda m, x: m.branch(x),
    "taken off again": lambda m, x: (m.branch(x) + x) - x,
    "times zero": lambda m, x: m.branch(x) + 0 * x,
    "dead addition": _dead,
    "broadcast": lambda m, x: m.branch(x) + x.mean(dim=(2, 3), keepdim=True),
    "broadcast and expanded": lambda m, x: m.branch(x) + x.mean(dim=(2, 3), keepdim=True).expand_as(x),
    "side by side": lambda m, x: F.relu(m.point(x) + m.first(x)),
    "side by side with norms": lambda m, x: F.relu(m.norm(m.point(x)) + m.norm2(m.first(x))),
    "non-linear shortcut": lambda m, x: m.branch(x) + torch.tanh(x),
    "concatenation": lambda m, x: m.second(torch.cat([m.branch(x)[:, :4], x[:, :4]], dim=1)),
    "no convolution in the branch": lambda m, x: x + m.norm(x),
    "added twice": lambda m, x: m.first(x + x),
    "around attention": _attention,
    "gate beside the skip": lambda m, x: x + x * torch.sigmoid(m.point(x)),
    "cut off by detach": lambda m, x: m.branch(x) + x.detach() * 0,
}


@pytest.mark.parametrize("name", FAKE)
def test_what_only_looks_like_one_is_not(name: str) -> None:
    assert facts(FAKE[name]).residuals == ()


def test_a_chain_of_blocks_counts_each_addition_once() -> None:
    def chain(m: Block, x: Tensor) -> Tensor:
        x = x + m.first(F.relu(x))
        return x + m.second(F.relu(x))

    assert len(facts(chain).residuals) == 2


def test_the_projection_is_off_the_main_path() -> None:
    body, _ = REAL["projection"]
    aside = [layer.path for layer in facts(body).convs if not layer.in_main_path]
    assert aside == ["point_half.weight"]


def test_the_fact_names_branch_and_place() -> None:
    (fact,) = facts(REAL["pre-activation"][0]).residuals
    assert fact.branch_convs == ("first.weight", "second.weight")
    assert fact.at is not None and fact.at.startswith("network/test_residual.py:")
