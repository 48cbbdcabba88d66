from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torchvision

from grader import datasets
from grader.errors import InputError

SIZES = {"train": 40, "validation": 10, "held": 20}


def load(name: str, root: Path | None, seed: int = 0, **changed: object) -> datasets.ImageSet:
    return datasets.load(name, seed=seed, data_root=root, **{**SIZES, **changed})


@pytest.mark.parametrize("place", ["MNIST/raw", "raw", "."])
@pytest.mark.parametrize("zipped", [True, False], ids=["gz", "raw"])
def test_mnist_is_read_raw_and_gzipped(idx_root: Callable[..., Path], zipped: bool, place: str) -> None:
    data = load("mnist", idx_root(zipped=zipped, place=place))
    assert data.train_images.shape == (40, 1, 28, 28) and data.held_images.shape == (20, 1, 28, 28)
    assert data.kind == "original" and "original MNIST" in data.source
    level = data.held_images.mean((1, 2, 3))
    assert torch.equal(level.argsort(stable=True).sort().values, torch.arange(20))
    by_class = torch.stack([level[data.held_labels == label].mean() for label in range(10)])
    assert (by_class.diff() > 0).all(), "images and labels belong together"


def test_mnist_is_read_from_a_root_that_cannot_be_written(idx_root: Callable[..., Path]) -> None:
    root = idx_root(zipped=True)
    before = sorted(path.name for path in root.rglob("*"))
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert len(load("mnist", root).train_labels) == 40
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert sorted(path.name for path in root.rglob("*")) == before


def test_real_images_are_balanced_and_held_out_ones_come_from_the_test_part(idx_root: Callable[..., Path]) -> None:
    data = load("mnist", idx_root(zipped=True))
    for labels, each in ((data.train_labels, 4), (data.validation_labels, 1), (data.held_labels, 2)):
        assert labels.bincount(minlength=10).tolist() == [each] * 10
    fitted = torch.cat([data.train_images, data.validation_images])
    parts = [{image.numpy().tobytes() for image in images} for images in (fitted, data.held_images)]
    assert len(parts[0]) == 50 and not parts[0] & parts[1]


def test_the_seed_chooses_the_images(idx_root: Callable[..., Path]) -> None:
    root = idx_root(zipped=False)
    first, again, other = (load("mnist", root, seed=seed).fingerprint for seed in (0, 0, 1))
    assert first == again and first != other


def test_more_images_than_there_are_is_an_error_with_both_counts(idx_root: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match=r"test part of the data has 30 images and 31 are asked for"):
        load("mnist", idx_root(zipped=True), held=31)


def test_a_truncated_idx_file_is_named(idx_root: Callable[..., Path]) -> None:
    root = idx_root(zipped=False)
    path = root / "MNIST/raw/train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match="train-images-idx3-ubyte is no whole IDX file"):
        load("mnist", root)


@pytest.mark.parametrize("content", [b"", b"not gzip at all", gzip.compress(b"x" * 500)[:-9]], ids=["empty", "text", "cut"])
def test_a_damaged_gzip_is_named(idx_root: Callable[..., Path], content: bytes) -> None:
    root = idx_root(zipped=True)
    (root / "MNIST/raw/t10k-labels-idx1-ubyte.gz").write_bytes(content)
    with pytest.raises(InputError, match="t10k-labels-idx1-ubyte"):
        load("mnist", root)


def test_a_data_root_that_may_not_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError("not allowed")

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(InputError, match=r"cannot be read \(not allowed\)"):
        load("mnist", tmp_path)


def test_labels_that_do_not_fit_the_images_are_an_error(idx_root: Callable[..., Path]) -> None:
    root = idx_root(zipped=False)
    labels = root / "MNIST/raw/train-labels-idx1-ubyte"
    labels.write_bytes((root / "MNIST/raw/t10k-labels-idx1-ubyte").read_bytes())
    with pytest.raises(InputError, match="do not hold MNIST"):
        load("mnist", root)


def test_an_incomplete_mnist_is_not_taken_for_mnist(idx_root: Callable[..., Path]) -> None:
    root = idx_root(zipped=True)
    (root / "MNIST/raw/t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError, match="holds no MNIST"):
        load("mnist", root, cache=root / "cache")


def fake_cifar10(root: Path, train: bool = True, download: bool = False) -> SimpleNamespace:
    """What torchvision's CIFAR10 offers, with pictures that tell their class; a download leaves the folder behind."""
    if download:
        (Path(root) / "cifar-10-batches-py").mkdir(parents=True)
    labels = np.arange(60 if train else 30) % 10
    pixels = np.broadcast_to(20 * labels[:, None, None, None], (len(labels), 32, 32, 3)).astype(np.uint8).copy()
    pixels[:, 0, 0, 0] = np.arange(len(labels))
    return SimpleNamespace(data=pixels, targets=labels.tolist(), classes=[f"c{label}" for label in range(10)])


def test_cifar10_files_are_read_by_torchvision(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torchvision.datasets, "CIFAR10", fake_cifar10)
    (tmp_path / "cifar-10-batches-py").mkdir()
    data = load("cifar10", tmp_path)
    assert data.train_images.shape == (40, 3, 32, 32) and data.kind == "original"
    assert data.classes[3] == "c3"
    level = data.held_images[:, 2, 5, 5]
    assert torch.equal(level.unique(return_inverse=True)[1], data.held_labels)


def test_damaged_cifar10_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "cifar-10-batches-py").mkdir()
    with pytest.raises(InputError, match=r"cifar-10-batches-py are damaged or incomplete .* --download"):
        load("cifar10", tmp_path)


def test_a_download_goes_into_the_data_root_and_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torchvision.datasets, "CIFAR10", fake_cifar10)
    root = tmp_path / "not there yet"
    assert load("cifar10", root, download=True, cache=tmp_path / "cache").kind == "original"
    assert (root / "cifar-10-batches-py").is_dir()


def test_a_download_without_a_data_root_is_found_again_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torchvision.datasets, "CIFAR10", fake_cifar10)
    first = load("cifar10", None, download=True, cache=tmp_path)
    assert load("cifar10", None, cache=tmp_path).fingerprint == first.fingerprint


def test_nothing_is_downloaded_when_the_data_are_there(monkeypatch: pytest.MonkeyPatch, idx_root: Callable[..., Path]) -> None:
    monkeypatch.setattr(torchvision.datasets, "MNIST", None)
    assert load("mnist", idx_root(zipped=True), download=True).kind == "original"


@pytest.mark.parametrize("error", [RuntimeError("no route"), OSError("no route"), ValueError("no route")])
def test_a_failed_download_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(torchvision.datasets, "MNIST", fail)
    with pytest.raises(InputError, match=r"MNIST could not be downloaded into .*no route.*--data-root"):
        load("mnist", tmp_path, download=True, cache=tmp_path / "cache")
