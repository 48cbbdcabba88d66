"""A network that takes one batch size only, made to take any: chunk by chunk."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FixedBatch(nn.Module):
    """Runs ``network``, whose graph is for ``batch`` samples, on (N, ...): in chunks, the last one filled up with repeats.

    The outputs of the repeats are dropped, so they get no gradient; a batch norm in training counts them.
    """

    def __init__(self, network: nn.Module, batch: int) -> None:
        super().__init__()
        self.network = network
        self.batch = batch

    def forward(self, images: Tensor) -> Tensor:
        """(N, ...) -> (N, ...)."""
        missing = -len(images) % self.batch
        filled = torch.cat([images, images[:1].expand(missing, *images.shape[1:])]) if missing else images
        outputs = [self.network(chunk) for chunk in torch.split(filled, self.batch)]
        return torch.cat(outputs)[: len(images)]
