"""Right solutions in other styles than the reference: each has to get full points on the criteria that it serves."""

from __future__ import annotations

from tests.validity import (
    solutions_blocks,
    solutions_cnn,
    solutions_depth,
    solutions_fc,
    solutions_kernels,
    solutions_layers,
    solutions_residual,
)
from tests.validity.solutions_base import Solution

SOLUTIONS: tuple[Solution, ...] = (
    *solutions_fc.SOLUTIONS,
    *solutions_cnn.SOLUTIONS,
    *solutions_residual.SOLUTIONS,
    *solutions_kernels.SOLUTIONS,
    *solutions_depth.SOLUTIONS,
    *solutions_layers.SOLUTIONS,
    *solutions_blocks.SOLUTIONS,
)
