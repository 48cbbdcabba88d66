"""A worker in a process of its own: own session, clean environment, own scratch folder, the examiner's clock.

This keeps a submission's crash, loop or noise from the grader and its memory apart. It is no wall: the process can
read what its user can read.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from grader.errors import GraderFault
from grader.records import Fault
from grader.submission import Submission
from grader.worker.wire import Frame, WireError, read_frame, write_frame

from .base import Answer, WorkerReply, WorkerRequest
from .launch import DEFAULT, Limits, start
from .replies import parse_reply, printable
from .scratch import Scratch, prepare

START_SECONDS = 180.0
TAIL_BYTES = 4096


class ProcessSandbox:
    """One worker process for one submission; started on the first request, and again after it died.

    Use it in a ``with`` statement: leaving it ends the process and removes the scratch folder.
    """

    def __init__(self, submission: Path, limits: Limits = DEFAULT) -> None:
        self._submission = submission
        self._limits = limits
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._scratch: Scratch | None = None
        self._worker: _Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def preload(self) -> None:
        """Start the worker without waiting for it. Raises InputError when the submission cannot be copied."""
        if self._worker is None:
            self._worker = _Worker(self._prepared(), self._limits)

    def run(self, request: WorkerRequest) -> WorkerReply:
        """The reply; a dead, silent or lying worker is a fault. Raises InputError (submission), GraderFault (no start)."""
        self.preload()
        worker = self._worker
        assert worker is not None
        try:
            worker.wait_until_ready()
            return worker.ask(request)
        finally:
            if worker.ended:
                self._worker = None

    def close(self) -> None:
        """End the worker and all it started, and remove its folder."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None
        if self._folder is not None and self._scratch is not None:
            _end_strays(self._scratch)
            self._folder.cleanup()
            self._folder, self._scratch = None, None

    def stderr_tail(self) -> str:
        """The last that the submission's code printed (capped); for a log, not for a verdict: it may vary."""
        return _tail(self._scratch.stderr) if self._scratch is not None else ""

    def _prepared(self) -> Scratch:
        if self._scratch is None:
            folder = tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True)
            try:
                self._scratch = prepare(Path(folder.name).resolve(), self._submission)
            except BaseException:
                folder.cleanup()
                raise
            self._folder = folder
        return self._scratch


def open_worker(submission: Submission, exports: bool) -> ProcessSandbox:
    """A fresh worker for a submission; one that exports nothing starts 2 seconds sooner."""
    return ProcessSandbox(submission.root, Limits(warm=exports))


class _Worker:
    """One started process and the conversation with it."""

    def __init__(self, scratch: Scratch, limits: Limits) -> None:
        self._scratch = scratch
        self._asked = 0
        self._ready = False
        self.ended = False
        with scratch.stderr.open("wb") as errors:
            self._process = start(scratch, limits, errors)

    def wait_until_ready(self) -> None:
        """Raises GraderFault when the worker does not come up: no student code has run before that."""
        if self._ready:
            return
        try:
            frame = self._exchange(None, START_SECONDS)
            self._ready = frame is not None and parse_reply(frame, 0) == Answer({})
        except (WireError, queue.Empty):
            pass
        if not self._ready:
            self.kill()
            raise GraderFault(f"The worker process does not start: {_tail(self._scratch.stderr)[-500:] or 'it is silent'}")

    def ask(self, request: WorkerRequest) -> WorkerReply:
        """Send one request and wait for its reply; after a fault of the process itself ``ended`` is true."""
        from safetensors.torch import save  # imports torch, which the worker's start does not wait for

        self._asked += 1
        header = {"id": self._asked, "verb": request.verb, "params": dict(request.params)}
        body = save({name: value.detach().clone().contiguous() for name, value in request.tensors.items()})
        frame = Frame(header, body if request.tensors else b"")
        try:
            reply = self._exchange(frame, request.deadline_seconds)
            return parse_reply(reply, self._asked) if reply is not None else self._died()
        except queue.Empty:
            return self._end(Fault("deadline", f"No answer after {request.deadline_seconds:g} seconds.",
                                   remedy="Look for a loop that does not end, or for work that is far too slow."))  # fmt: skip
        except BrokenPipeError:
            return self._died()
        except WireError as error:
            return self._end(Fault("request", f"The worker broke the protocol: {error}.",
                                   remedy="Don't write to file descriptors that your code did not open."))  # fmt: skip

    def _exchange(self, request: Frame | None, seconds: float) -> Frame | None:
        """Write and read in a thread, so that neither can block for longer than the deadline (queue.Empty)."""
        results: queue.Queue[Frame | BaseException | None] = queue.Queue(1)
        threading.Thread(target=_converse, args=(self._process, request, results), daemon=True).start()
        result = results.get(timeout=seconds)
        if isinstance(result, BaseException):
            raise result
        return result

    def _died(self) -> Fault:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:  # it closed its end of the pipe and lives on
            return self._end(Fault("died", "The process stopped answering."))
        last = _tail(self._scratch.stderr).strip().rpartition("\n")[2][-200:]
        return self._end(Fault("died", f"The process {_ending(code)}{f': {last}' if last else ''}.",
                               remedy="Don't end the process (os._exit, a crash in native code, too much memory)."))  # fmt: skip

    def _end(self, fault: Fault) -> Fault:
        self.kill()
        return fault

    def kill(self) -> None:
        """End the process and everything it started."""
        self.ended = True
        family = _descendants(self._process.pid)
        if sys.platform != "win32":
            _quietly(lambda: os.killpg(self._process.pid, signal.SIGKILL))
        self._process.kill()
        for child in family:
            _quietly(child.kill)
        self._process.wait()
        threading.Thread(target=_close, args=(self._process,), daemon=True).start()


def _close(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes; this waits for a reader, and a stray child of the student's may keep one waiting."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            _quietly(pipe.close)


def _converse(process: subprocess.Popen[bytes], request: Frame | None, results: queue.Queue[Any]) -> None:
    assert process.stdin is not None and process.stdout is not None
    try:
        if request is not None:
            write_frame(process.stdin, request)  # type: ignore[arg-type]
        results.put(read_frame(process.stdout))  # type: ignore[arg-type]
    except (WireError, BrokenPipeError) as error:
        results.put(error)
    except (OSError, ValueError):  # the pipe was closed under it: the process was killed
        results.put(None)
    except Exception as error:  # the grader's own fault: it has to reach the caller, who waits for this thread
        results.put(error)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _end_strays(scratch: Scratch) -> None:
    """End processes that left the worker's family but carry its environment."""
    for process in psutil.process_iter():
        try:
            if process.environ().get("PYTHONPATH") == str(scratch.runtime):
                process.kill()
        except (psutil.Error, OSError):  # gone, or another user's
            continue


def _quietly(action: Any) -> None:
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        action()


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return printable(file.read().decode(errors="replace").replace(str(path.parent), ""))
    except OSError:
        return ""


def _ending(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"left with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
