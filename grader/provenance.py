"""All that is needed to grade again: versions, data, seed, machine."""

from __future__ import annotations

import platform
from importlib.metadata import version

import torch

import grader
from grader.device import computes_bfloat16
from grader.gathering import Setting
from grader.records import PUBLIC_SEED, Protection, Provenance
from grader.submission import Submission
from grader.trainers import LoadedData


def provenance(
    submission: Submission,
    setting: Setting,
    data: dict[str, LoadedData],
    protections: tuple[Protection, ...],
    only: tuple[str, ...],
) -> Provenance:
    """Where and with what a submission was graded."""
    return Provenance(
        grader_version=grader.__version__,
        rubric=setting.rubric.assignment.id,
        rubric_hash=setting.rubric_hash,
        profile=setting.profile_name,
        seed=setting.seed,
        submission=submission.root.name,
        submission_hash=submission.content_hash(),
        data={subject: each.source for subject, each in data.items()},
        data_fingerprints={subject: each.fingerprint for subject, each in data.items()},
        device=setting.device,
        cpu_capability=torch.backends.cpu.get_cpu_capability(),
        precision="bfloat16" if computes_bfloat16(setting.device) else "float32",
        torch_version=torch.__version__,
        torchvision_version=version("torchvision"),
        python_version=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        self_check=setting.seed == PUBLIC_SEED,
        isolation=setting.isolation,
        protections=protections,
        only=only,
    )
