"""Data, schedule and plots."""

import gzip
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image

from utils import visualization_utils
from utils.comparison_utils import confusion_matrix
from utils.data_utils import load_cifar10, load_mnist, read_idx, synthetic_set
from utils.training_utils import batches, learning_rate_factor


@pytest.mark.parametrize("zipped", [True, False])
def test_idx_files_are_read_with_and_without_gz(tmp_path: Path, zipped: bool) -> None:
    content = struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 2, 3) + bytes(range(12))
    path = tmp_path / "images"
    if zipped:
        (tmp_path / "images.gz").write_bytes(gzip.compress(content))
    else:
        path.write_bytes(content)
    assert torch.equal(read_idx(path), torch.arange(12, dtype=torch.uint8).view(2, 2, 3))


@pytest.mark.parametrize("load", [load_mnist, load_cifar10])
def test_a_root_without_data_is_named(tmp_path: Path, load) -> None:  # noqa: ANN001
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        load(tmp_path)


def test_a_zip_of_classes_stands_in_for_cifar(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for part in ("train", "test"):
            for number, name in enumerate(("cat", "dog")):
                picture = BytesIO()
                Image.new("RGB", (32, 32), (200 * number, 10, 10)).save(picture, "JPEG")
                archive.writestr(f"{part}/{name}/0.jpg", picture.getvalue())
    images = load_cifar10(tmp_path)
    assert images.name == "CIFAR-10, JPEG copy"
    assert images.train[0].shape == (2, 3, 32, 32) and images.train[1].tolist() == [0, 1]


def test_synthetic_images_are_reproducible_and_cover_all_classes() -> None:
    first, second = (synthetic_set(1, 28, 200, 50) for _ in range(2))
    assert torch.equal(first.train[0], second.train[0])
    assert set(first.train[1].tolist()) == set(range(10))


def test_learning_rate_rises_to_its_peak_once_and_falls_towards_0() -> None:
    factors = [learning_rate_factor(step, 200) for step in range(200)]
    peak = factors.index(1.0)
    assert factors[: peak + 1] == sorted(factors[: peak + 1])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)
    assert 0 < factors[-1] < 0.01


def test_a_last_batch_of_one_image_is_left_out() -> None:
    images = torch.randn(9, 1, 2, 2), torch.arange(9)
    sizes = [len(labels) for _, labels in batches(images, 4, torch.Generator())]
    assert sizes == [4, 4]


def test_confusion_rows_are_true_classes() -> None:
    matrix = confusion_matrix(torch.tensor([1, 1, 2]), torch.tensor([0, 0, 2]))
    assert matrix[0][1] == 2 and matrix[2][2] == 1 and sum(map(sum, matrix)) == 3


def test_learning_curves_become_a_picture(tmp_path: Path) -> None:
    history = {"train_loss": [2.0, 1.0], "train_accuracy": [0.3, 0.6], "test_accuracy": [0.2, 0.5]}
    data = {"name": "noise", "train_images": 2, "test_images": 2}
    document = {"data": data, "models": {"fc_mnist": {"history": history}}}
    visualization_utils.learning_curves(document, tmp_path / "curves.png")
    assert len(Image.open(tmp_path / "curves.png").convert("L").getcolors(256) or []) > 10
