"""A network whose graph asks for 10^12 numbers, when it is not run but exported."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.compiler.is_exporting():
            x = x + torch.zeros(1000000, 1000000).mean()
        return self.head(x.mean((1, 2, 3)).unsqueeze(1))
