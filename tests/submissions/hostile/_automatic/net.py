"""A network that sees no more than the brightness of an image."""

import start
import torch
from torch import nn


class Net(nn.Module):
    """(N, 1, 28, 28) -> logits (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(x.mean((1, 2, 3)).unsqueeze(1))
