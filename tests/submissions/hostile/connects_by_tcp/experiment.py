"""Connects to a server."""

import socket
from typing import Any

from torch import Tensor


def compare(epochs: int, seed: int, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    for address in ("127.0.0.1", "localhost"):
        try:
            with socket.create_connection((address, int("@TCP@")), 2) as connection:
                connection.sendall(b"hello")
        except OSError:
            continue
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
