"""A module whose repr and name are ten million characters long."""

import torch
from torch import nn


class GateFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x, scale)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, gradient):
        x, scale = ctx.saved_tensors
        return gradient * x, gradient.sum().reshape(scale.shape)


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([1.7]))
        type(self).__repr__ = lambda self: "<script>hostile()</script>" * 400000
        type(self).__name__ = type(self).__qualname__ = "x" * 10**7
        type(self).__doc__ = "<b>" * 10**6
        self.register_parameter("p" * 10**6 + "<script>hostile()", None)

    def forward(self, x):
        return GateFunction.apply(x, self.scale)


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.only = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return torch.relu(self.only(x))
