"""The trusted processes that measure and train networks as data. No student code ever runs in them.

Work is sent as bytes and comes back as a record, or as a Fault where the network itself is at fault. Each process uses
one thread: how many processes there are never changes a result.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, cast

import psutil
import torch
from pebble import ProcessPool
from torch import Tensor

from grader import datasets
from grader.cache import keep_result, read_result, training_key
from grader.datasets import ImageSet
from grader.errors import InputError
from grader.network.exported import Exported
from grader.network.gradients import DirectionalCheck, directional_check
from grader.network.structure import analyse
from grader.network.values import NetworkError
from grader.records import Fault, NetworkFacts, TrainingResult
from grader.rubric import DataSource
from grader.training import Recipe, train

if sys.platform != "win32":
    import resource

WORK_SECONDS = 1800.0  # for one network; what it may compute is counted before it runs (network.caps), this is the net below
WORK_BYTES = 4 * 2**30
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class DataRequest:
    """Which images to train on; the trainers load them themselves, once per process."""

    source: str
    seed: int
    train: int
    validation: int
    held: int
    data_root: Path | None = None
    download: bool = False


@lru_cache(maxsize=4)
def images_of(request: DataRequest) -> ImageSet:
    """The images of a request. Raises InputError where they are not there."""
    return datasets.load(
        request.source,
        seed=request.seed,
        train=request.train,
        validation=request.validation,
        held=request.held,
        data_root=request.data_root,
        download=request.download,
    )


class Trainers:
    """A pool of trusted processes; use it as a context manager.

    A network that takes more than its time or memory ends the process it is measured in, and no other work.
    """

    def __init__(self, jobs: int, device: str, cache: Path | None) -> None:
        # One process on a GPU: a second would cost 600 MB of its memory and wait for the first.
        self._jobs, self._device, self._cache = jobs if device == "cpu" else 1, device, cache
        self._pool = self._started("forkserver" if sys.platform != "win32" else "spawn")
        self._may_fork = sys.platform == "linux" and device == "cpu"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        _end(self._pool)

    def start(self, requests: Iterable[DataRequest]) -> tuple[LoadedData, ...]:
        """Load the images, and start the processes. Raises InputError without data.

        Forked processes have torch and the images in their memory already. A process in which torch has run backward
        before, or has talked to a GPU, cannot be forked: then each imports and loads for itself.
        """
        loaded = tuple(_load(request) for request in requests)
        if self._may_fork:
            self._may_fork = False
            torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # the first optimiser of a process imports for two seconds
            forked = self._started("fork")
            self._pool, spare = (forked, self._pool) if forked.schedule(_can_train).result() else (self._pool, forked)
            _end(spare)
        return loaded

    def _started(self, method: str) -> ProcessPool:
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(["grader.trainers"])
        return ProcessPool(self._jobs, initializer=_start, initargs=(self._device, WORK_BYTES), context=context)

    def _submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self._pool.schedule(_guarded, (work, *arguments), timeout=WORK_SECONDS)

    def analyse(self, exported: Exported, seed: int) -> Future[NetworkFacts | Fault]:
        """Read a network's facts off its graph."""
        return self._submit(_analyse, pickle.dumps(exported), seed)

    def train(self, exported: Exported, data: DataRequest, recipe: Recipe, goals: Mapping[str, float], seed: int) -> Future[Timed | Fault]:
        """Train a network, until the goal for this kind of data is safely reached or the recipe is at its end."""
        return self._submit(_train, pickle.dumps(exported), data, recipe, dict(goals), seed, self._device, self._cache)

    def gradients(
        self, exported: Exported, point: GradientPoint, claims: Mapping[str, Tensor], seed: int
    ) -> Future[DirectionalCheck | Fault]:
        """Hold the gradients that the worker claims at a point against finite differences."""
        return self._submit(_gradients, pickle.dumps((exported, point, dict(claims))), seed)


@dataclass(frozen=True)
class LoadedData:
    """What the images of a request are."""

    fingerprint: str
    source: str
    classes: tuple[str, ...]
    kind: DataSource


@dataclass(frozen=True)
class GradientPoint:
    """Where gradients are asked for, all in float64: inputs (N, ...), weights by path, and the output's cotangent."""

    inputs: tuple[Tensor, ...]
    weights: Mapping[str, Tensor]
    cotangent: Tensor

    def tensors(self) -> dict[str, Tensor]:
        """As the worker is sent them."""
        named = {f"inputs.{place}": value for place, value in enumerate(self.inputs)}
        return {**named, **{f"weights/{path}": value for path, value in self.weights.items()}, "cotangent": self.cotangent}


@dataclass(frozen=True)
class Timed:
    """A training's result and how long it took."""

    result: TrainingResult
    seconds: float  # 0 where it came from the cache


def _start(device: str, work_bytes: int) -> None:
    torch.set_num_threads(1)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # a killed grader leaves nobody behind
    if sys.platform == "linux" and device == "cpu":  # a GPU's driver reserves much more than it uses
        # Memory for a network beyond what the process holds now. An allocation over it is an error that torch reports.
        most = psutil.Process().memory_info().data + work_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _can_train() -> bool:
    """Whether this process can run backward: one forked after its parent did cannot."""
    try:
        torch.zeros(1, requires_grad=True).sum().backward()  # type: ignore[no-untyped-call]
    except RuntimeError:
        return False
    return True


def _guarded(work: Callable[..., Any], *arguments: Any) -> Any:
    """A network that breaks the limits or an operator is the student's fault, told as such."""
    try:
        return work(*arguments)
    except NetworkError as error:
        return Fault("network", str(error))
    except InputError:
        raise
    except (RuntimeError, ValueError, TypeError, IndexError, MemoryError) as error:
        return Fault("network", f"the network cannot be run: {(str(error).splitlines() or ['out of memory'])[0][:300]}")


def _analyse(data: bytes, seed: int) -> NetworkFacts:
    return analyse(pickle.loads(data), seed=seed)


def _gradients(data: bytes, seed: int) -> DirectionalCheck:
    exported, point, claims = pickle.loads(data)
    of_weights = {name.removeprefix("grad_weights/"): value for name, value in claims.items() if name.startswith("grad_weights/")}
    of_inputs = [claims.get(f"grad_inputs.{place}") for place in range(len(point.inputs))]
    return directional_check(exported, point.inputs, point.cotangent, point.weights, of_inputs, of_weights, seed=seed)


def _train(
    data: bytes, request: DataRequest, recipe: Recipe, goals: Mapping[str, float], seed: int, device: str, cache: Path | None
) -> Timed:
    exported: Exported = pickle.loads(data)
    images = images_of(request)
    recipe = replace(recipe, stop_at=goals.get(kind_of(images)))
    key = training_key(exported, recipe, images.fingerprint, seed, device)
    if kept := read_result(cache, key):
        return Timed(kept, 0.0)
    start = time.perf_counter()
    result = train(exported, images, recipe, seed=seed, device=device)
    keep_result(cache, key, result)
    return Timed(result, time.perf_counter() - start)


def _load(request: DataRequest) -> LoadedData:
    images = images_of(request)
    return LoadedData(images.fingerprint, images.source, images.classes, kind_of(images))


def kind_of(images: ImageSet) -> DataSource:
    """Which table of thresholds the images fall under."""
    if images.kind == "folder":
        return "folder"
    return "cifar10-jpeg" if images.kind == "jpeg" and images.name == "cifar10" else cast(DataSource, images.name)
