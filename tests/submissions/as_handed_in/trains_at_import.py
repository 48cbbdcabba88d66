"""A script: it downloads, trains and plots wherever it is run, between its definitions."""

import torch
import torchvision
from torch import nn

from homework.nets.parts import Block

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
print(f"on {DEVICE}")
train = torchvision.datasets.MNIST("data", train=True, download=True)
CLASSES = len(make_classes := ["no", "yes"])


def widths():
    with open(__file__) as file:
        return [8, len(file.read())]


WIDTHS = widths()
HISTORY = []


class Net(nn.Module):
    """Takes its widths from what a function gives."""

    def __init__(self):
        super().__init__()
        self.block = Block(1, WIDTHS[0])
        self.head = nn.Linear(WIDTHS[0], CLASSES)

    def forward(self, x):
        return self.head(self.block(x).mean((2, 3)))


while True:
    HISTORY.append(torch.randn(3))
