"""A network of a hundred thousand operators, when it is not run but exported."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(100000 if torch.compiler.is_exporting() else 1):
            x = x + 1
        return self.head(x.mean((1, 2, 3)).unsqueeze(1))
