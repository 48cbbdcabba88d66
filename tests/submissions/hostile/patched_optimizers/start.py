"""Each step of an optimiser is a hundred."""

import torch


def attack():
    for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):

        def step(self, closure=None, one=kind.step):
            for _ in range(100):
                one(self, closure)

        kind.step = step


class Attack:
    attack()
