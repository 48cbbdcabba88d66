"""Export an nn.Module in-process to a reply of the export verb, and on to a validated ``Exported``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from grader.network.exported import Exported, from_reply
from grader.network.graph import Limits
from grader.worker.eager import InputSpec
from grader.worker.export import export_module

DEFAULT = Limits()
HERE = Path(__file__).resolve().parents[1]


def export(module: nn.Module, *shape: int, batch: int = 4, limits: Limits = DEFAULT) -> Exported:
    """Export ``module`` for inputs (N, *shape) with a free batch size where it can be had."""
    return from_reply(*reply(module, *shape, batch=batch), limits)


def reply(module: nn.Module, *shape: int, batch: int = 4) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The data and tensors of an export reply."""
    specs = (InputSpec((None, *shape), torch.float32),)
    data, tensors = export_module(module, specs, (batch, 1, 2), root=HERE, seed=0)
    return data, {name: value.detach() for name, value in tensors.items()}  # the wire carries no history
