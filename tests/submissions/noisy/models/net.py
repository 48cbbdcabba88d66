"""Prints while it is imported and run."""

import os
import sys

import torch
from torch import nn


print("hello")
sys.stdout.write("GRD1")
os.write(1, b"GRD1 and more")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.head = nn.Linear(4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        print('x' * 5000)
        y = torch.relu(self.conv(x)).mean((2, 3))
        return self.head(y)
