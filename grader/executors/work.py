"""What is done to one task, wherever it runs: grade, and render. Only trusted code runs in this process."""

from __future__ import annotations

import json
import platform
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from grader.cohort.records import Done, Task, Terms
from grader.errors import InputError
from grader.executors.base import Heard
from grader.gathering import Setting
from grader.records import Report
from grader.report.html import to_html
from grader.report.json_report import to_json
from grader.sandbox.base import Opener
from grader.session import grade_submission, make_setting
from grader.submission import open_submission, unpacked
from grader.trainers import images_of


def prepare(terms: Terms, workers: Opener) -> None:
    """Load what every submission needs, and try whether a worker can be shut in as far as was asked.

    Raises InputError where none can be graded under these terms.
    """
    torch.set_num_threads(1)
    with _setting(terms, workers) as setting:
        for request in setting.data.values():
            images_of(request)
        torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # the first optimiser of a process imports for two seconds
        with tempfile.TemporaryDirectory(prefix="grade-try-") as nothing:
            (Path(nothing) / "empty.py").touch()
            with setting.open_worker(open_submission(Path(nothing))) as worker:
                worker.protections()


def grade_task(task: Task, heard: Heard, workers: Opener) -> Done:
    """Grade one submission. Never raises: what goes wrong is told in the Done."""
    start = time.perf_counter()
    done = Done(task.student, task.content_hash, "failed", host=platform.node())
    heard(task.student, "start", done.host)
    try:
        report = _graded(task, heard, workers)
        done = replace(done, status="graded", document=_document(report), page=to_html(report).encode())
    except InputError as error:
        done = replace(done, status="unreadable", reason=str(error).replace(str(task.source), task.source.name))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        done = replace(done, reason=f"The grader itself failed ({type(error).__name__} in {where}: {error}).")
    return replace(done, seconds=time.perf_counter() - start)


def _graded(task: Task, heard: Heard, workers: Opener) -> Report:
    notes: list[str] = []
    with unpacked(task.source, notes.append) as folder, _setting(task.terms, workers) as setting:
        setting = replace(setting, listen=partial(heard, task.student))
        report = grade_submission(folder, setting, jobs=task.jobs, cache=task.cache)
    return replace(report, log=(*notes, *report.log))


@contextmanager
def _setting(terms: Terms, opener: Opener) -> Iterator[Setting]:
    """The terms as a setting; the rubric is written where it can be read from."""
    with tempfile.TemporaryDirectory(prefix="grade-rubric-") as folder:
        rubric = Path(folder) / "rubric.toml"
        rubric.write_text(terms.rubric, encoding="utf-8")
        yield make_setting(
            rubric=rubric, profile=terms.profile, device=terms.device, data_root=Path(terms.data_root) if terms.data_root else None,
            seed=terms.seed, isolation=terms.isolation, workers=opener,
        )  # fmt: skip


def _document(report: Report) -> bytes:
    """The JSON report without its durations: the same on every run."""
    document = json.loads(to_json(report))
    del document["timing"]
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
