"""Averages pixels by appending them to a list."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.head = nn.Linear(4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.conv(x))
        pixels = []
        for row in range(y.shape[2]):
            for column in range(y.shape[3]):
                pixels.append(y[:, :, row, column])
        return self.head(torch.stack(pixels).mean(0))
