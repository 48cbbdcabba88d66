"""A network that counts how often it was asked, and remembers the images."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 10)
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("seen", torch.zeros(1, 1, 28, 28))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.seen.copy_(x[:1].detach())
        return self.calls * 0 + self.seen.mean() * 0 + self.head(x.mean((1, 2, 3)).unsqueeze(1))
