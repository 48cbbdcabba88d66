"""Uses what could not be had."""

from torch import nn

SIZES = [4, 10]
LAST = SIZES[2]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, LAST)


class Late(nn.Module):
    """Cannot even be defined."""
    widths = [1, 2, LAST]
