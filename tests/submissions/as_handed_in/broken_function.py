"""One function does not parse, and one method: the rest does."""
import torch
from torch import nn


class Before(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(x.flatten(1)[:, :4])

    def describe(self):
        return f"{self.head" has {self.weights[}"


def show(model:
    print(f"{model")


TEXT = """
class Decoy:
import nothing
"""


class After(Before):
    pass
