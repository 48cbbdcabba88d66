"""An error whose text is ten million characters long, or raises an error itself."""

from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    class Endless(Exception):
        def __str__(self) -> str:
            return "y" * 10**7

        def __repr__(self) -> str:
            raise self


    raise Endless from Endless()
