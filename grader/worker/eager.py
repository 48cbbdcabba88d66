"""Run a candidate as the student wrote it: probe inputs and outputs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .faults import StudentFault

OTHER_BATCHES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 25, 32, 50, 64, 100, 128, 256)
DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "int64": torch.int64,
    "bool": torch.bool,
}


@dataclass(frozen=True)
class InputSpec:
    """One input: its shape, with None for the free batch size, and its dtype."""

    shape: tuple[int | None, ...]
    dtype: torch.dtype

    def sized(self, batch: int) -> tuple[int, ...]:
        """The shape for a number of samples."""
        return tuple(batch if size is None else size for size in self.shape)


def parse_specs(documents: Sequence[dict[str, Any]]) -> tuple[InputSpec, ...]:
    """The "inputs" of an export request."""
    return tuple(InputSpec(tuple(item["shape"]), DTYPES[item.get("dtype", "float32")]) for item in documents)


def probe_inputs(specs: Sequence[InputSpec], batch: int, seed: int) -> list[Tensor]:
    """Random inputs for a number of samples; they depend on nothing but the arguments."""
    generator = torch.Generator().manual_seed(seed + batch)
    return [_draw(spec, batch, generator) for spec in specs]


def _draw(spec: InputSpec, batch: int, generator: torch.Generator) -> Tensor:
    if spec.dtype.is_floating_point:
        return torch.randn(spec.sized(batch), generator=generator, dtype=spec.dtype)
    return torch.randint(0, 2, spec.sized(batch), generator=generator).to(spec.dtype)


def forward(module: nn.Module, inputs: Sequence[Tensor], seed: int) -> list[Tensor]:
    """The output tensors, with their backward graph where the student's code allows one.

    Raises whatever the student's code raises without gradients.
    """
    try:
        leaves = [value.clone().requires_grad_(value.is_floating_point()) for value in inputs]
        torch.manual_seed(seed)
        return flat_tensors(module(*(leaf.clone() for leaf in leaves)))  # a clone may be changed in place, a leaf not
    except Exception:
        torch.manual_seed(seed)
        with torch.no_grad():
            return flat_tensors(module(*(value.clone() for value in inputs)))


def run_once(module: nn.Module, specs: Sequence[InputSpec], batch_sizes: Sequence[int], seed: int) -> None:
    """One forward in evaluation mode at the first batch size that works: it makes what a lazy layer leaves open."""
    for batch in (*batch_sizes, *OTHER_BATCHES):
        with contextlib.suppress(BaseException):  # what goes wrong is told by the request that hands the network over
            forward(module.eval(), probe_inputs(specs, batch, seed), seed)
            break
    module.train()


def flat_tensors(value: Any) -> list[Tensor]:
    """The tensors in nested tuples, lists and dicts, in order. Raises StudentFault when there is none."""
    found = list(_tensors(value))
    if not found:
        raise StudentFault("forward", f"forward returns a {type(value).__name__}, no tensor.", construct="return",
                           remedy="Return the output tensor from forward.")  # fmt: skip
    return found


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _tensors(item)
