"""Mutants that the grader is known to miss, each with the reason; an entry goes when the grader catches the mutant."""

from __future__ import annotations

KNOWN_MISSES = {
    "layers/with-itself": "differences of 0 count: a layer whose own logic is switched off in the comparison honestly has none",
    "kernels/own-learning-rate": "the assignment asks for the same hyperparameters in part 1 alone; no criterion of part 2 looks at them",
}
