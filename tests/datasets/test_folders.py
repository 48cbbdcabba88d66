from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from grader import datasets
from grader.errors import InputError

SIZES = {"train": 40, "validation": 10, "held": 20}


def load(name: str, root: Path, cache: Path, **changed: object) -> datasets.ImageSet:
    return datasets.load(name, seed=0, data_root=root, cache=cache, **{**SIZES, **changed})


def levels_follow_labels(data: datasets.ImageSet) -> bool:
    level = data.train_images.mean((1, 2, 3))
    by_class = torch.stack([level[data.train_labels == label].mean() for label in range(10)])
    return bool((by_class.diff() > 0).all())


@pytest.mark.parametrize("place", ["", "cifar10"])
def test_a_folder_in_place_of_cifar10(folder_root: Callable[..., Path], cache: Path, place: str) -> None:
    data = load("cifar10", folder_root(place), cache)
    assert data.train_images.shape == (40, 3, 32, 32) and data.held_images.shape == (20, 3, 32, 32)
    assert data.classes == tuple(f"class{index}" for index in range(10))
    assert levels_follow_labels(data)
    assert data.kind == "folder" and "in place of CIFAR-10" in data.source and "lossless" in data.source


def test_a_folder_in_place_of_mnist_is_made_grey_and_of_the_right_size(folder_root: Callable[..., Path], cache: Path) -> None:
    data = load("mnist", folder_root("mnist", mode="RGB", side=40), cache)
    assert data.train_images.shape == (40, 1, 28, 28) and levels_follow_labels(data)


@pytest.mark.parametrize("prefix", ["", "cifar10/", "data/images/"])
def test_a_zip_is_read_where_it_is(zip_root: Callable[..., Path], cache: Path, prefix: str) -> None:
    root = zip_root("cifar10-png.zip", prefix)
    data = load("cifar10", root, cache)
    assert levels_follow_labels(data) and "cifar10-png.zip" in data.source
    assert [path.name for path in root.iterdir()] == ["cifar10-png.zip"]


def test_a_data_root_may_be_the_zip_itself(zip_root: Callable[..., Path], cache: Path) -> None:
    data = load("cifar10", zip_root("any name.zip") / "any name.zip", cache)
    assert levels_follow_labels(data) and "any name.zip" in data.source


def test_zip_and_folder_hold_the_same_set(zip_root: Callable[..., Path], tmp_path: Path, cache: Path) -> None:
    zipped = load("cifar10", zip_root("cifar10.zip"), cache)
    assert zipped.fingerprint == load("cifar10", tmp_path / "loose", cache).fingerprint


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "JPG"])
def test_jpeg_images_are_labelled_so(zip_root: Callable[..., Path], cache: Path, suffix: str) -> None:
    data = load("cifar10", zip_root("cifar10-jpeg.zip", suffix=suffix), cache)
    assert data.kind == "jpeg" and "JPEG" in data.source and "wider margin" in data.source


def test_images_are_decoded_once(zip_root: Callable[..., Path], cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = zip_root("cifar10.zip")
    first = load("cifar10", root, cache)
    assert sorted(path.suffix for path in cache.iterdir()) == [".npy", ".npy"]
    monkeypatch.setattr(Image, "open", None)
    assert load("cifar10", root, cache).fingerprint == first.fingerprint


def test_a_changed_folder_is_decoded_again(folder_root: Callable[..., Path], cache: Path) -> None:
    root = folder_root()
    first = load("cifar10", root, cache, train=50)
    Image.new("RGB", (32, 32), "white").save(root / "train/class0/0.png")
    assert load("cifar10", root, cache, train=50).fingerprint != first.fingerprint


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY cut short"], ids=["empty", "cut"])
def test_a_damaged_cache_is_written_anew(zip_root: Callable[..., Path], cache: Path, content: bytes) -> None:
    root = zip_root("cifar10.zip")
    first = load("cifar10", root, cache)
    for kept in cache.iterdir():
        kept.write_bytes(content)
    assert load("cifar10", root, cache).fingerprint == first.fingerprint
    assert all(kept.stat().st_size > 1000 for kept in cache.iterdir())


def test_a_cache_that_cannot_be_written_is_no_error(zip_root: Callable[..., Path], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert levels_follow_labels(load("cifar10", zip_root("cifar10.zip"), blocked / "cache"))


def test_a_file_that_is_no_image_is_named(folder_root: Callable[..., Path], cache: Path) -> None:
    root = folder_root()
    (root / "test/class4/1.png").write_text("not an image")
    with pytest.raises(InputError, match=r"image test/class4/1\.png in .* cannot be read .*: replace it"):
        load("cifar10", root, cache)


def test_other_files_beside_the_images_are_passed_over(folder_root: Callable[..., Path], cache: Path) -> None:
    root = folder_root()
    (root / "train/class0/notes.txt").write_text("hello")
    assert len(load("cifar10", root, cache).train_labels) == 40


def test_the_shadow_files_of_macos_are_passed_over(zip_root: Callable[..., Path], cache: Path) -> None:
    root = zip_root("cifar10.zip")
    with zipfile.ZipFile(root / "cifar10.zip", "a") as archive:
        archive.writestr("__MACOSX/train/class0/._0.png", b"no image")
    assert levels_follow_labels(load("cifar10", root, cache))


def test_fewer_than_ten_classes_are_named(folder_root: Callable[..., Path], cache: Path) -> None:
    root = folder_root(classes=("cat", "dog"))
    with pytest.raises(InputError, match=r"same 10 classes in train/ and test/ \(found 2 and 2\)"):
        load("cifar10", root, cache)


def test_parts_with_different_classes_are_an_error(folder_root: Callable[..., Path], cache: Path) -> None:
    root = folder_root()
    (root / "test/class9").rename(root / "test/other")
    with pytest.raises(InputError, match="same 10 classes"):
        load("cifar10", root, cache)


def test_a_broken_zip_is_not_taken_for_data(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "cifar10.zip").write_text("not a zip")
    with pytest.raises(InputError, match="holds no CIFAR-10"):
        load("cifar10", tmp_path, cache)
