"""Import in advance what workers import: torch, and all that torch loads only when something is exported or optimised."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from pathlib import Path

_early: set[str] = set()  # top-level names that a worker which starts alone would not have yet


def warm_up() -> None:
    """Import everything, and export a tiny network once; of the export nothing is kept but what was imported for it.

    Nothing runs backward: a process in which torch has done so starts threads and cannot be forked.
    """
    import torch

    torch.set_num_threads(1)
    from . import service  # noqa: F401 - all that a worker imports at its start

    before, variables, state = set(sys.modules), set(os.environ), torch.get_rng_state()
    with warnings.catch_warnings():
        _export_once()
        torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # the first optimiser of a process imports more
    torch.set_rng_state(state)
    for name in os.environ.keys() - variables:
        del os.environ[name]
    _early.update(name.partition(".")[0] for name in sys.modules.keys() - before)
    _early.difference_update(name.partition(".")[0] for name in before)
    gc.collect()
    gc.freeze()  # a collection in a forked process would touch, and so copy, all that they share


def make_way(root: Path) -> None:
    """Where a submission has a file or folder of a name that was imported in advance, Python has to look for the name again."""
    own = _early & {path.stem for path in root.rglob("*")} if _early else set()
    for name in [name for name in sys.modules if name.partition(".")[0] in own]:
        del sys.modules[name]


def part_ways() -> None:
    """Random numbers that are drawn without a seed differ between forked processes, as between those that start alone."""
    numpy = sys.modules.get("numpy")  # torch and random have seen to it themselves, or are always the same
    if numpy is not None:
        numpy.random.seed()


def _export_once() -> None:
    from torch import nn

    from .eager import parse_specs
    from .export import export_module

    layers = (nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.1), nn.Flatten(), nn.Linear(8, 2))
    specs = parse_specs([{"shape": [None, 1, 4, 4], "dtype": "float32"}])
    export_module(nn.Sequential(*layers), specs, [2], root=Path("/nowhere"), seed=0)
