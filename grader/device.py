"""What a device can do, and how to make it compute the same numbers every time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def computes_bfloat16(device: str) -> bool:
    """Whether the device multiplies in bfloat16 (a CPU by AVX-512 BF16 or AMX)."""
    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    if device != "cpu":
        return False
    able = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


@contextmanager
def fixed(seed: int, device: str) -> Iterator[None]:
    """One seed, deterministic algorithms, one thread; as it was before on the way out."""
    threads, strictness = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    devices = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of operators without a deterministic form on a GPU
        torch.manual_seed(seed)
        # use_deterministic_algorithms does the same and imports the compiler, which takes three seconds.
        torch.set_deterministic_debug_mode("warn")
        torch.set_num_threads(1 if device == "cpu" else threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.set_deterministic_debug_mode(strictness)
