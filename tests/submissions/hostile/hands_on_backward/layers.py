"""The gate that is left to autograd, with a function at its end that only hands its gradient on."""

from typing import Any

import start
import torch
from torch import Tensor, nn


class GateFunction(torch.autograd.Function):
    """x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


class Gate(nn.Module):
    """Any shape in, the same shape out."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([1.7]))

    def forward(self, x: Tensor) -> Tensor:
        return GateFunction.apply(x * torch.sigmoid(self.scale * x))


class Block(nn.Module):
    """(N, channels, H, W) in and out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.only = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.only(x))
