"""Networks that do more in one mode than switch their layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)
        self.gain = nn.Parameter(torch.zeros(1))
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.features(x.flatten(1)))

    def features(self, x: Tensor) -> Tensor:
        raise NotImplementedError


class AlwaysDropout(_Net):
    def features(self, x: Tensor) -> Tensor:
        return F.dropout(x, 0.5)


class HiddenByZero(_Net):
    def features(self, x: Tensor) -> Tensor:
        return x + self.gain * (x.sin() if self.training else x.cos())


class NoiseInTraining(_Net):
    def features(self, x: Tensor) -> Tensor:
        return x + self.gain * torch.randn_like(x) if self.training else x


class BatchStatistics(_Net):
    def features(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, training=True)


class CountsInTraining(_Net):
    def features(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen.add_(1)
        return x * (1 + self.seen)


class OtherOutput(_Net):
    def features(self, x: Tensor) -> Tensor:
        return x if self.training else x.clamp(max=0.5)
