"""The yardstick of bench/quick_profile.py: the reference's networks, trained by a plain loop in two processes.

Eager PyTorch as a student would write it, with nothing of the grader but the data sets: Adam, warm-up and cosine,
channels_last, bfloat16 autocast where the processor has it (unless --float32). Reads {role: steps} as JSON, prints the
seconds of wall time from the first import to the last step.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LEARNING_RATE, WARMUP_SHARE, BATCH = 2e-3, 0.1, 64


def train(role: str, steps: int, seed: int, float32: bool) -> float:
    """Train one role's network for that many steps; returns the last loss."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    images, labels = _data(role, seed)
    model: nn.Module = _network(role).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0, fused=True)
    able = torch.cpu.get_capabilities()
    bfloat16 = not float32 and bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    model.train()
    order = torch.empty(0, dtype=torch.int64)
    for step in range(steps):
        if len(order) < BATCH:
            order = torch.randperm(len(images))
        chosen, order = order[:BATCH], order[BATCH:]
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * _rate(step, steps)
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = model(images[chosen].contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits.float(), labels[chosen])
        loss.backward()
        optimiser.step()
    return float(loss)


def _rate(step: int, steps: int) -> float:
    warm = max(round(WARMUP_SHARE * steps), 1)
    return (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / max(steps - warm, 1)))


@lru_cache
def _profile() -> Any:
    import tomllib

    return tomllib.loads((ROOT / "rubrics" / "lesson4_cnn.toml").read_text())


@lru_cache(maxsize=4)
def _images(subject: str, seed: int) -> tuple[Any, Any]:
    sys.path.insert(0, str(ROOT))
    from grader import datasets

    table = dict(_profile()["profile"]["quick"]["data"][subject])
    images = datasets.load(table.pop("source"), seed=seed, **table)
    return images.train_images, images.train_labels


def _data(role: str, seed: int) -> tuple[Any, Any]:
    return _images(_profile()["role"][role]["data"], seed)


def _network(role: str) -> Any:
    """The role's network from the reference; a block gets a stem and a classifier around it."""
    from importlib import import_module

    from torch import nn

    sys.path.insert(0, str(ROOT / "reference"))
    table = _profile()["role"][role]
    build = getattr(import_module(table["file"].removesuffix(".py").replace("/", ".")), table["name"])
    candidate = build(**table["probe"]["variants"][0].get("arguments", {}))
    if table.get("kind") != "block":
        return candidate
    stem = [nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU()]
    return nn.Sequential(*stem, candidate, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))


def main() -> None:
    """Train everything and print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("steps", help="JSON: role -> steps, longest first")
    parser.add_argument("--float32", action="store_true")
    options = parser.parse_args()
    start = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        work = [pool.submit(train, role, steps, 0, options.float32) for role, steps in json.loads(options.steps).items()]
        losses = [each.result() for each in work]
    assert all(math.isfinite(loss) for loss in losses)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
