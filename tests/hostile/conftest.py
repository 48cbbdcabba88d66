"""What all attacks share: one pool of trusted processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.hostile.grading import Grader
from tests.hostile.world import adopt_orphans


@pytest.fixture(scope="session")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    torch.set_num_threads(1)
    adopt_orphans()
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(tmp_path_factory.mktemp("inductor"))  # torch itself leaves an empty folder there
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "alone"
    shared.mkdir(exist_ok=True)
    with Grader.start(shared) as started:
        yield started


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for everything that a grading writes, home included."""
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.delenv("GRADER_CACHE", raising=False)
    os.environ.pop("XDG_CACHE_HOME", None)
    return tmp_path
