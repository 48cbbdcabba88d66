"""One request in, one reply out: whatever the student's code does becomes a fault."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any

import torch
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from .faults import StudentFault, from_error
from .integrity import Integrity
from .loading import Submission
from .probes import PROBES
from .wire import Frame


def answer(submission: Submission, integrity: Integrity, request: Frame) -> tuple[dict[str, Any], bytes]:
    """The reply's header without its id ("data" or "fault"), and its body."""
    try:
        data, tensors = _run(submission, integrity, request)
        return {"data": data}, _body(tensors)
    except StudentFault as fault:
        return {"fault": fault.document()}, b""
    except BaseException as error:  # SystemExit and KeyboardInterrupt of the student's too
        kind = {"load": "import", "initial": "build", "gradients": "backward"}.get(_verb(request), _verb(request))
        unforeseen = from_error(kind, error, submission.root, what=f"{_verb(request)} failed")
        return {"fault": unforeseen.document()}, b""
    finally:
        with contextlib.suppress(Exception):  # the student's code may have replaced or closed it
            sys.stdout.flush()


def _run(submission: Submission, integrity: Integrity, request: Frame) -> tuple[dict[str, Any], dict[str, Tensor]]:
    probe = PROBES.get(_verb(request))
    if probe is None:
        raise StudentFault("request", f"There is no verb {_verb(request)!r}; there are {', '.join(PROBES)}.")
    _restore(submission)
    tensors = read_tensors(bytes(request.body)) if request.body else {}
    try:
        return probe(submission, request.header["params"], tensors)
    finally:
        integrity.check(submission.root)


def _restore(submission: Submission) -> None:
    """What one file of the student's sets for the whole process is not there for the next request."""
    os.chdir(submission.root)
    torch.set_num_threads(1)
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    for name in ("stdout", "stderr"):
        if getattr(getattr(sys, name), "closed", True):
            setattr(sys, name, io.StringIO())  # torch prints its warnings there


def _body(tensors: dict[str, Tensor]) -> bytes:
    """A safetensors file of contiguous copies: it takes no tensors that share memory or have another layout."""
    return write_tensors({name: value.detach().clone().contiguous() for name, value in tensors.items()}) if tensors else b""


def _verb(request: Frame) -> str:
    return str(request.header.get("verb"))
