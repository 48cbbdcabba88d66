"""Experiments that return what they should, and what they should not."""

import math
import os
import random
from typing import Any

import torch

Images = tuple[torch.Tensor, torch.Tensor]


def good(train: Images, *, epochs: int, seed: int) -> dict[str, Any]:
    images, labels = train
    draws = [random.random(), torch.rand(1).item()]
    return {"shape": tuple(images.shape), "labels": int(labels.sum()), "epochs": epochs, "draws": draws,
            "loss": torch.tensor(0.5), 3: math.nan, "files": os.listdir()}  # fmt: skip


def tensors(train: Images, *, epochs: int, seed: int) -> dict[str, Any]:
    return {"models": {"fc": [1.0, train[0]]}}


def endless_document(train: Images, *, epochs: int, seed: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    document["again"] = document
    return document


def unwritten(train: Images, *, epochs: int, seed: int) -> dict[str, Any]:
    raise NotImplementedError


def other_parameters(data: Images) -> dict[str, Any]:
    return {}


def interrupted(train: Images, *, epochs: int, seed: int) -> dict[str, Any]:
    raise KeyboardInterrupt
