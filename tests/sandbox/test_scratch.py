"""What of a submission is copied for its worker, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import InputError
from grader.sandbox import scratch


def prepared(tmp_path: Path, submission: Path) -> scratch.Scratch:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return scratch.prepare(folder, submission)


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    root = tmp_path / "submission"
    for name in ("models/net.py", ".git/config", "__pycache__/net.pyc", "venv/lib/torch.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x = 1\n")
    return root


def test_the_work_is_copied_without_repositories_and_environments(tmp_path: Path, submission: Path) -> None:
    copied = prepared(tmp_path, submission).submission
    assert [path.relative_to(copied).as_posix() for path in copied.rglob("*") if path.is_file()] == ["models/net.py"]


def test_links_and_very_large_files_stay_out(tmp_path: Path, submission: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.txt").write_text("s")
    (submission / "link.txt").symlink_to(tmp_path / "secret.txt")
    (submission / "weights.bin").write_bytes(b"x" * 100)
    monkeypatch.setattr(scratch, "MAX_FILE_BYTES", 99)
    copied = prepared(tmp_path, submission).submission
    assert not (copied / "link.txt").exists() and not (copied / "weights.bin").exists()


def test_the_runtime_holds_the_worker_alone(tmp_path: Path, submission: Path) -> None:
    runtime = prepared(tmp_path, submission).runtime
    assert [path.name for path in runtime.iterdir()] == ["worker"]


def test_a_submission_that_is_too_large_is_named(tmp_path: Path, submission: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MAX_COPY_BYTES", 3)
    with pytest.raises(InputError, match=r"too large .*models/net\.py"):
        prepared(tmp_path, submission)


def test_a_submission_that_is_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere is not a folder"):
        prepared(tmp_path, tmp_path / "nowhere")
