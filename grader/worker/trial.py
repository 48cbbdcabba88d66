"""Try ways to build a definition on samples of several shapes: what runs, and what comes out."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from .eager import flat_tensors
from .faults import StudentFault, from_error
from .loading import Submission

MAX_BUILDS = 40
MAX_ELEMENTS = 2**22  # of one sample
Document = dict[str, Any]


def trial(submission: Submission, params: Document, _: dict[str, Tensor]) -> tuple[Document, dict[str, Tensor]]:
    """The reply to "trial": one entry for each of the first builds. A build that fails is a fault in its entry."""
    return {"builds": [_tried(submission, params, arguments) for arguments in params["builds"][:MAX_BUILDS]]}, {}


def _tried(submission: Submission, params: Document, arguments: Document) -> Document:
    try:
        module = submission.build({**params["candidate"], "arguments": arguments}, params["seed"]).eval()
        parameters = sum(value.numel() for value in module.parameters() if not nn.parameter.is_lazy(value))
    except BaseException as error:
        fault = from_error("build", error, submission.root, what="the build failed")
        return {"fault": fault.document(), "parameters": 0, "runs": [None] * len(params["shapes"]), "refused": None}
    runs = [_run(module, tuple(shape), params) for shape in params["shapes"]]
    refused = next((run for run in runs if isinstance(run, BaseException)), None)
    return {
        "fault": None,
        "parameters": parameters,
        "runs": [None if isinstance(run, BaseException) else run for run in runs],
        "refused": from_error("forward", refused, submission.root, what="forward fails").document() if refused is not None else None,
    }


def _run(module: nn.Module, shape: tuple[int, ...], params: Document) -> Document | BaseException:
    """A batch of two samples, or of one where two fail; the first error where both do."""
    if math.prod(shape) > min(params.get("max_elements", MAX_ELEMENTS), MAX_ELEMENTS):
        return StudentFault("forward", f"samples of shape {shape} are too large to be tried")
    first: BaseException | None = None
    for batch in (2, 1):
        try:
            return _output(module, batch, shape, params["seed"])
        except BaseException as error:
            first = first or error
    assert first is not None
    return first


def _output(module: nn.Module, batch: int, shape: tuple[int, ...], seed: int) -> Document:
    samples = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(seed + batch))
    torch.manual_seed(seed)
    with torch.no_grad():
        output = flat_tensors(module(samples))[0]
    if output.shape[:1] != (batch,):
        raise ValueError(f"a batch of {batch} gives an output of shape {tuple(output.shape)}")
    return {"output": list(output.shape[1:]), "finite": bool(torch.isfinite(output).all())}
