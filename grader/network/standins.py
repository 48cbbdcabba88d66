"""What is called in the place of some of torch's operators: these would end the process, or read memory that is not theirs."""

from __future__ import annotations

from typing import Any

import torch


def _copy(self: torch.Tensor, source: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
    """What ``copy_`` leaves behind; torch's own functional form has no derivative."""
    return source.to(self.dtype, non_blocking=non_blocking).expand_as(self).clone()


def _empty(size: list[int], **options: Any) -> torch.Tensor:
    return torch.zeros(size, dtype=options.get("dtype"), device=options.get("device"))


def _divided(self: Any, other: Any, *, rounding_mode: str | None = None) -> torch.Tensor:
    """Integer division rounded towards 0: the smallest integer by -1 ends the process in torch's own."""
    result: torch.Tensor = torch.div(self, other, rounding_mode="floor" if rounding_mode == "trunc" else rounding_mode)
    if rounding_mode != "trunc":
        return result
    if result.is_floating_point():
        exact: torch.Tensor = torch.div(self, other, rounding_mode="trunc")
        return exact
    rounded: torch.Tensor = result + ((result < 0) & (result * other != self)).to(result.dtype)
    return rounded


def _weight_normed(v: torch.Tensor, g: torch.Tensor, dim: int = 0) -> torch.Tensor:
    """torch's own reads behind the end of a ``g`` that is too short."""
    normed: torch.Tensor = v * (g / torch.norm_except_dim(v, 2, dim))
    return normed


def _grid_sampled(input: torch.Tensor, grid: torch.Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> torch.Tensor:
    """With a mode that there is not, torch's own returns memory that nobody wrote."""
    if interpolation_mode not in (0, 1, 2) or padding_mode not in (0, 1, 2):
        raise ValueError("grid_sampler has the modes 0, 1 and 2")
    sampled: torch.Tensor = torch.ops.aten.grid_sampler.default(input, grid, interpolation_mode, padding_mode, align_corners)
    return sampled


# Memory that nobody wrote is zero here. A view of a channels_last tensor may be impossible where the worker's
# contiguous one was: reshape always works.
STAND_INS: dict[str, Any] = {
    "aten.view.default": torch.ops.aten.reshape.default,
    "aten._unsafe_view.default": torch.ops.aten.reshape.default,
    "aten.view_as.default": torch.ops.aten.reshape_as.default,
    "aten.copy.default": _copy,
    "aten.div.Tensor_mode": _divided,
    "aten.div.Scalar_mode": _divided,
    "aten._weight_norm.default": _weight_normed,
    "aten.grid_sampler.default": _grid_sampled,
    "aten.empty.memory_format": _empty,
    "aten.empty_like.default": torch.ops.aten.zeros_like.default,
    "aten.new_empty.default": torch.ops.aten.new_zeros.default,
}
