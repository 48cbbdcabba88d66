"""What a call of the command means: the rubric, the data, the device and the processes that one grading needs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch

from grader.asking import Listener
from grader.errors import InputError
from grader.examiner import examine, match
from grader.files import cache_folder
from grader.gathering import Setting, silent
from grader.records import PUBLIC_SEED, Report, RoleCard
from grader.rubric import DataTable, Profile, default_rubric, load_rubric
from grader.sandbox.base import Opener
from grader.sandbox.isolation import Isolation
from grader.sandbox.process import open_worker
from grader.trainers import DataRequest, Trainers

DATA_SEED = 20_000  # added to the seed: data and initial weights never share a stream


def grade_submission(submission: Path, setting: Setting, *, only: tuple[str, ...] = (), jobs: int = 1, cache: bool = True) -> Report:
    """Grade one submission with ``jobs`` trusted processes. Raises InputError for everything a user can mend."""
    torch.set_num_threads(1)
    with Trainers(jobs, setting.device, cache_folder() if cache else None) as trainers:
        return examine(submission, setting, trainers, only)


def match_submission(submission: Path, setting: Setting) -> tuple[RoleCard, ...]:
    """What of a submission fills each role. Raises InputError for everything a user can mend."""
    torch.set_num_threads(1)
    with Trainers(1, setting.device, None) as trainers:
        return match(submission, setting, trainers)


def make_setting(
    *, rubric: Path | None = None, profile: str = "quick", device: str = "auto", data_root: Path | None = None,
    download: bool = False, seed: int = PUBLIC_SEED, listen: Listener = silent,
    isolation: Isolation = "best", workers: Opener | None = None,
) -> Setting:  # fmt: skip
    """What the options of a call mean. Raises InputError for a wrong rubric, profile, device or data."""
    loaded, rubric_hash = load_rubric(rubric or default_rubric())
    if profile not in loaded.profile:
        raise InputError(f'The rubric has no profile "{profile}"; it has {", ".join(loaded.profile)}.')
    data = data_requests(loaded.profile[profile], profile, seed, data_root, download)
    opener = workers or partial(open_worker, isolation=isolation)
    return Setting(loaded, rubric_hash, profile, data, seed, choose_device(device), opener, isolation, listen)


def choose_device(name: str) -> str:
    """``auto`` takes a GPU where there is one; an absent device raises InputError."""
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if present[device])
    if not present[name]:
        there = ", ".join(device for device, here in present.items() if here)
        raise InputError(f"--device {name}: torch sees no such device here; there is {there}. Use --device auto.")
    return name


def data_requests(profile: Profile, name: str, seed: int, data_root: Path | None, download: bool) -> dict[str, DataRequest]:
    """Which images stand for each subject. Real sets are looked for first, so that missing data is told before any work."""
    real = data_root is not None or download
    if profile.needs_real_data and not real:
        raise InputError(
            f"The {name} profile trains on the real image sets: say where they are with --data-root FOLDER, or --download them."
        )
    if real and not profile.real_data:
        raise InputError(f"The {name} profile of this rubric names no real image sets: grade without --data-root and --download.")
    tables = profile.real_data if real else profile.data
    return {subject: _request(table, seed, data_root, download) for subject, table in tables.items()}


def _request(table: DataTable, seed: int, data_root: Path | None, download: bool) -> DataRequest:
    return DataRequest(table.source, seed + DATA_SEED, table.train, table.validation, table.held, data_root, download)
