"""A network whose weights are no numbers."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 10)
        nn.init.constant_(self.head.weight, torch.nan)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(x.mean((1, 2, 3)).unsqueeze(1))
