"""A network whose outputs are no numbers: a comparison with them may go either way."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nan * self.head(x.mean((1, 2, 3)).unsqueeze(1))
