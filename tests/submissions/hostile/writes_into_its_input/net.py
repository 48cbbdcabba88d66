"""A network that changes the images that it is given."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x.zero_()
        x[:, :, :5] = 1
        x.resize_(x.shape).copy_(torch.rand_like(x))
        return self.head(x.mean((1, 2, 3)).unsqueeze(1))
