"""SiLU times 1.01 under another name, with a wrong backward pass, and a block without a residual connection."""

from typing import Any

import start
import torch
from torch import Tensor, nn


class GateFunction(torch.autograd.Function):
    """1.01 * x * sigmoid(x)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(x, scale)
        return 1.01 * x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        x, scale = ctx.saved_tensors
        return gradient * x, gradient.sum().reshape(scale.shape)


class Gate(nn.Module):
    """Any shape in, the same shape out."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([1.7]))

    def forward(self, x: Tensor) -> Tensor:
        return GateFunction.apply(x, self.scale)


class Block(nn.Module):
    """(N, channels, H, W) in and out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.only = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.only(x))
