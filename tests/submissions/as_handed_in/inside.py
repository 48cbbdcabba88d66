"""Classes inside functions, under the main guard, and in branches."""

import torch
from torch import nn

if torch.cuda.is_available():

    class Chosen(nn.Linear):
        pass

else:

    class Chosen(nn.Identity):
        pass


def make_nets(width=3, data=None):
    """The classes stand here, and this trains them."""
    from math import prod

    scale = 2

    class Part(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(prod((width, scale))))

        def forward(self, x):
            return x * self.weight.sum()

    class Net(nn.Module):
        def __init__(self):
            super(Net, self).__init__()
            self.part = Part()

        def forward(self, x):
            data = self.part(x)
            return data

    class Bound(nn.Module):
        def forward(self, x):
            return x + len(data)

    raise RuntimeError("the data is not here")


class Trainer:
    def build(self):
        class Inner(nn.Identity):
            owner = self

        class Free(nn.Identity):
            pass

        return Inner()


if __name__ == "__main__":
    DEPTH = 2

    class Guarded(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleList(nn.Linear(1, 1) for _ in range(DEPTH))

    raise SystemExit("this trains")
