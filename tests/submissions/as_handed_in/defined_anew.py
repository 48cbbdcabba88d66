"""A script that defines a class a second time, with another constructor, when it is done with the first."""

from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Linear(width, SIZE)


class One(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block(3)


SIZE = 2
print(sum(each.numel() for each in One().parameters()), open("results.txt", "w"))


class Block(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.second = nn.Linear(before, after)


class Two(One):
    def __init__(self):
        nn.Module.__init__(self)
        self.block = Block(5, SIZE)
