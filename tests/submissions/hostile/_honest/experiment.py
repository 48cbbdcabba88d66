"""Train the network and say what came of it."""

import time
from typing import Any

import start
import torch
from net import Net
from torch import Tensor
from torch.nn import functional as F


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    start = time.perf_counter()
    for _ in range(epochs):
        optimizer.zero_grad()
        F.cross_entropy(model(train[0]), train[1]).backward()
        optimizer.step()
    seconds = time.perf_counter() - start
    accuracy = (model(test[0]).argmax(1) == test[1]).float().mean().item()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return {"models": {"net": {"parameters": parameters, "test_accuracy": accuracy, "train_seconds": seconds}}}
