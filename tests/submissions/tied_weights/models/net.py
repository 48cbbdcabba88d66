"""Uses one layer under two names."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.head = nn.Linear(4, 10)
        self.again = nn.Linear(4, 4)
        self.twin = nn.Linear(4, 4)
        self.twin.weight = self.again.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.twin(self.again(torch.relu(self.conv(x)).mean((2, 3)))))
