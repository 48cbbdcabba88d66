"""The real sets, where GRADER_DATA (or ../shared/data beside the project) holds them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader import datasets

ROOT = Path(os.environ.get("GRADER_DATA") or Path(__file__).parents[3] / "shared" / "data")
SIZES = {"train": 1000, "validation": 200, "held": 500}


@pytest.mark.skipif(not (ROOT / "MNIST").is_dir(), reason="GRADER_DATA names no folder with MNIST")
def test_real_mnist() -> None:
    data = datasets.load("mnist", seed=0, data_root=ROOT, **SIZES)
    assert data.train_images.shape == (1000, 1, 28, 28) and data.kind == "original"
    assert data.train_labels.bincount().tolist() == [100] * 10
    ink = [data.train_images[data.train_labels == label].mean() for label in (0, 1)]
    assert ink[0] > ink[1], "a nought takes more ink than a one"


@pytest.mark.slow
@pytest.mark.skipif(not list(ROOT.glob("cifar10*.zip")), reason="GRADER_DATA names no folder with a zip of CIFAR-10")
def test_real_cifar10_as_jpeg(tmp_path: Path) -> None:
    data = datasets.load("cifar10", seed=0, data_root=ROOT, cache=tmp_path, **SIZES)
    assert data.train_images.shape == (1000, 3, 32, 32) and data.kind == "jpeg"
    assert data.classes[0] == "airplane" and data.classes[9] == "truck"
    assert data.held_labels.bincount().tolist() == [50] * 10
