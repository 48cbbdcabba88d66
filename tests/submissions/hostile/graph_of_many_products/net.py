"""A network whose graph multiplies for days, when it is not run but exported."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.compiler.is_exporting():
            y = x.flatten(1).mean().expand(20000, 20000)
            for _ in range(50):
                y = y @ y
            x = x + y.mean()
        return self.head(x.mean((1, 2, 3)).unsqueeze(1))
