"""The conversation with one started worker, by the examiner's clock."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import stat
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

from grader.errors import GraderFault
from grader.records import Fault
from grader.worker.wire import Frame, WireError, read_frame, write_frame

from .base import Answer, WorkerReply, WorkerRequest
from .isolation import Facts
from .launch import Limits, Process, Start
from .replies import parse_reply, printable
from .scratch import Scratch
from .watch import Watch

START_SECONDS = 180.0
TAIL_BYTES = 4096


class Worker:
    """One started process and the conversation with it; ``missing`` says why it is not shut in by bubblewrap."""

    def __init__(self, scratch: Scratch, limits: Limits, missing: str | None, start: Start) -> None:
        self._scratch = scratch
        self._missing = missing
        self._asked = 0
        self._facts: Facts | None = None
        self.ended = False
        self._watch = Watch(partial(start, scratch, limits), limits, shut_in=missing is None)

    def wait_until_ready(self) -> Facts:
        """What is known of it. Raises GraderFault when it does not come up: no student code has run before that."""
        if self._facts is None:
            confined = self._greeting()
            if confined is None:
                self.kill()
                raise GraderFault(f"The worker process does not start: {tail(self._scratch.stderr)[-500:] or 'it is silent'}")
            self._watch.enclose()
            self._facts = Facts(self._missing, confined, self._watch.group is not None)
        return self._facts

    def _greeting(self) -> bool | None:
        """Whether the worker is confined; None when it did not come up."""
        try:
            frame = self._exchange(None, START_SECONDS)
            reply = parse_reply(frame, 0) if frame is not None else None
        except (WireError, queue.Empty):
            return None
        confined = reply.data.get("confined") if isinstance(reply, Answer) else None
        return confined if isinstance(confined, bool) else None

    def ask(self, request: WorkerRequest) -> WorkerReply:
        """Send one request and wait for its reply; after a fault of the process itself ``ended`` is true."""
        from safetensors.torch import save  # imports torch, which the worker's start does not wait for

        self._asked += 1
        header = {"id": self._asked, "verb": request.verb, "params": dict(request.params), "seconds": request.deadline_seconds}
        body = save({name: value.detach().clone().contiguous() for name, value in request.tensors.items()})
        frame = Frame(header, body if request.tensors else b"")
        try:
            reply = self._exchange(frame, request.deadline_seconds)
            return parse_reply(reply, self._asked) if reply is not None else self._died()
        except queue.Empty:
            where = where_it_was(tail(self._scratch.stderr), self._scratch.submission)
            return self._end(Fault("deadline", f"No answer after {request.deadline_seconds:g} seconds{where}.",
                                   remedy="Look for a loop that does not end, or for work that is far too slow."))  # fmt: skip
        except BrokenPipeError:
            return self._died()
        except WireError as error:
            return self._end(Fault("request", f"The worker broke the protocol: {error}.",
                                   remedy="Don't write to file descriptors that your code did not open."))  # fmt: skip

    def _exchange(self, request: Frame | None, seconds: float) -> Frame | None:
        """Write and read in a thread, so that neither can block for longer than the deadline (queue.Empty)."""
        results: queue.Queue[Frame | BaseException | None] = queue.Queue(1)
        threading.Thread(target=_converse, args=(self._watch.process, request, results), daemon=True).start()
        result = results.get(timeout=seconds)
        if isinstance(result, BaseException):
            raise result
        return result

    def _died(self) -> Fault:
        try:
            code = self._watch.process.wait(5)
        except subprocess.TimeoutExpired:  # it closed its end of the pipe and lives on
            return self._end(Fault("died", "The process stopped answering."))
        last = tail(self._scratch.stderr).strip().rpartition("\n")[2][-200:]
        return self._end(Fault("died", f"The process {_ending(code, self._missing is None)}{f': {last}' if last else ''}.",
                               remedy="Don't end the process (os._exit, a crash in native code, too much memory)."))  # fmt: skip

    def _end(self, fault: Fault) -> Fault:
        """The fault, or the limit that was hit: it is the reason for what came after."""
        self.kill()
        return self._watch.excess() or fault

    def kill(self) -> None:
        """End the process and everything it started."""
        self.ended = True
        self._watch.kill()
        threading.Thread(target=_close, args=(self._watch,), daemon=True).start()


def tail(path: Path) -> str:
    """The end of what was printed, safe to show. Without namespaces the code could have put a pipe or a link in the file's place."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return ""
            file.seek(max(0, status.st_size - TAIL_BYTES))
            return printable(file.read().decode(errors="replace").replace(str(path.parent), ""))
    except OSError:
        return ""


def where_it_was(printed: str, submission: Path) -> str:
    """What the worker printed of its stack shortly before the deadline: the innermost function of the submission's own files.

    No line: in a loop it would be another one each time.
    """
    stack = printed.rpartition("Timeout (")[2]
    for path, function in re.findall(r'File "([^"\n]{1,300})", line \d+ in (\S{1,100})', stack):
        parts = path.split("/")
        own = next((name for start in range(len(parts)) if (name := "/".join(parts[start:])) and (submission / name).is_file()), None)
        if own is not None:
            return f"; it was in {own}, " + ("at its top level" if function == "<module>" else function)
    return ""


def _close(watch: Watch) -> None:
    """Close the pipes; this waits for a reader, and a stray child of the student's may keep one waiting."""
    try:
        process = watch.process
    except Exception:  # it never started
        return
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError, ValueError):
                pipe.close()


def _converse(process: Process, request: Frame | None, results: queue.Queue[Any]) -> None:
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


def _ending(code: int, shut_in: bool) -> str:
    """How a process ended, in words; bubblewrap reports a signal as a shell does, 128 and its number."""
    number = code - 128 if shut_in and code > 128 else -code
    if number < 0 or code == 0:
        return f"left with exit code {code}"
    if sys.platform != "win32" and number in set(signal.Signals):
        return f"was ended by {signal.Signals(number).name}"
    return f"left with exit code {code}" if code > 0 else f"was ended by signal {number}"
