"""Names for tensors that go over the wire: once per storage, under generated names."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

SMALL_CONSTANT_BYTES = 64 * 2**10


class Storages:
    """Gives tied tensors one name. Safetensors refuses tied and channels_last ones; the ties live in the graph."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[Hashable, str] = {}
        self._alive: list[Tensor] = []  # an address is unique only while its tensor lives

    def name(self, tensor: Tensor) -> str:
        """The storage name of a parameter or buffer."""
        view = (tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
        return self._named((tensor.untyped_storage().data_ptr() or id(tensor), *view), tensor)

    def constant(self, tensor: Tensor) -> str:
        """The storage name of a constant: equal small ones of the two graphs share it."""
        if tensor.nbytes > SMALL_CONSTANT_BYTES:
            return self.name(tensor)
        flat = tensor.detach().contiguous().flatten()
        return self._named(("constant", tensor.dtype, tuple(tensor.shape), str(flat.tolist())), tensor)

    def _named(self, key: Hashable, tensor: Tensor) -> str:
        if key not in self._names:
            self._names[key] = f"s{len(self._names)}"
            self._alive.append(tensor)
            self.tensors[self._names[key]] = tensor
        return self._names[key]


def parameter_documents(module: nn.Module) -> list[dict[str, object]]:
    """Path, shape and trainability of each parameter; ties once; those a lazy layer has not made yet are left out."""
    return [
        {"path": path, "shape": list(value.shape), "trainable": value.requires_grad}
        for path, value in module.named_parameters()
        if not is_lazy(value)
    ]


def weights(module: nn.Module) -> dict[str, Tensor]:
    """ "weights/PATH" for each parameter; ties once."""
    return {f"weights/{path}": value for path, value in module.named_parameters() if not is_lazy(value)}


def digests(module: nn.Module) -> dict[str, str]:
    """SHA-256 of the numbers of each parameter, under every path that it has."""
    return {path: digest(value) for path, value in module.named_parameters(remove_duplicate=False) if not is_lazy(value)}


def digest(value: Tensor) -> str:
    """SHA-256 of a tensor's numbers. The examiner's side calls it too: what it compares is made in one way."""
    flat = value.detach().contiguous().flatten()
    return hashlib.sha256(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"").hexdigest()


def made_parameters(module: nn.Module) -> set[str]:
    """The paths of the parameters that have a shape."""
    return {path for path, value in module.named_parameters() if not is_lazy(value)}
