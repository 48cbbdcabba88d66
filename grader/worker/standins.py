"""What stands in for a third-party package that is not installed where a submission is graded.

A file of the student's that imports a progress bar or a plotting library still defines its networks. A stand-in gives a
stand-in for any attribute and any call, decorates without effect, and may be a base class. It never calculates: called with
a tensor it says which package is missing.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn


class StandIn:
    """Something of a package that is not there, by its full name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__") and attribute.endswith("__"):  # Python's own questions, and those of inspect
            raise AttributeError(attribute)
        return StandIn(f"{self._name}.{attribute}")

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """A decorator gives back what it decorates. Raises ModuleNotFoundError where something is to be calculated."""
        if any(isinstance(each, torch.Tensor) for each in (*arguments, *named.values())):
            raise ModuleNotFoundError(f"{self._name} is not installed where this is graded", name=self._name.split(".")[0])
        if len(arguments) == 1 and not named and (inspect.isfunction(arguments[0]) or inspect.isclass(arguments[0])):
            return arguments[0]
        return StandIn(f"{self._name}()")

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        """As a base class it adds nothing, but that a ``LightningModule`` and its like are modules of torch."""
        base = nn.Module if self._name.endswith("Module") else object
        others = [each for each in bases if isinstance(each, type)]
        return () if any(issubclass(each, base) for each in others) else (base,)

    def __instancecheck__(self, _: object) -> bool:
        return False  # nothing is made of what is not there

    def __subclasscheck__(self, _: type) -> bool:
        return False

    def __getitem__(self, _: Any) -> Any:
        return StandIn(f"{self._name}[]")

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __repr__(self) -> str:
        return f"<{self._name}, which is not installed>"
