"""Grading many copies of one submission in a fraction of the time: what was asked before is answered as before.

What a worker replies depends on the request and on the code that its class or function reaches; what a trusted process
finds out about a network depends on the network. Both are kept by content, in a folder that several processes share.
"""

from __future__ import annotations

import ast
import hashlib
import pickle
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from grader.files import write_atomically
from grader.network.exported import Exported
from grader.records import Fault, NetworkFacts, Protection
from grader.sandbox.base import Sandbox, WorkerReply, WorkerRequest
from grader.sandbox.process import ProcessSandbox
from grader.sandbox.template import Template
from grader.submission import Submission
from grader.trainers import Trainers


class Memory:
    """Answers by the content of their questions, one file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def recall(self, key: str) -> Any:
        """The answer kept under a key, None where there is none."""
        path = self._folder / key
        return pickle.loads(path.read_bytes()) if path.exists() else None

    def keep(self, key: str, answer: object) -> None:
        """Keep an answer."""
        write_atomically(self._folder / key, pickle.dumps(answer))


def key_of(*parts: object) -> str:
    """SHA-256 of texts, numbers, tensors, and lists and tables of them."""
    digest = hashlib.sha256()
    for part in parts:
        _add(digest, part)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, part: object) -> None:
    if isinstance(part, Tensor):
        flat = part.detach().contiguous().reshape(-1)
        digest.update(f"{part.dtype} {tuple(part.shape)}".encode())
        digest.update(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
    elif isinstance(part, Mapping):
        for name in sorted(part, key=str):
            digest.update(f"{name}:".encode())
            _add(digest, part[name])
    elif isinstance(part, list | tuple):
        for each in part:
            _add(digest, each)
    else:
        digest.update(repr(part).encode())


Place = tuple[str, str]  # file, name
Definitions = Mapping[str, tuple[tuple[str, tuple[Place, ...]], ...]]  # name -> its code, and the places that this names


class Reach:
    """Which code of a submission a name reaches: its own definition, and what that names, and so on.

    Follows `from module import name` between the submission's own modules; other imports are taken as outside.
    """

    def __init__(self, submission: Submission) -> None:
        texts = {path: submission.text(path) or "" for path in submission.paths() if path.endswith(".py")}
        self._files = {path: definitions(path, text, tuple(texts)) for path, text in texts.items()}

    def code(self, file: str, name: str) -> list[str]:
        """The definitions that are reached, sorted."""
        pending, seen = [(file, name)], {}
        while pending:
            place = pending.pop()
            if place not in seen:
                seen[place] = self._files[place[0]].get(place[1], ())
                pending += [named for _, names in seen[place] for named in names]
        return sorted({text for found in seen.values() for text, _ in found})


@lru_cache(maxsize=200)
def definitions(path: str, text: str, files: tuple[str, ...]) -> Definitions:
    """The names that a module defines or imports from others of the submission's files."""
    tree = ast.parse(text)
    found: dict[str, tuple[tuple[str, tuple[Place, ...]], ...]] = {}
    for node in tree.body:
        names = tuple(sorted({(path, each.id) for each in ast.walk(node) if isinstance(each, ast.Name)}))
        for bound in _bound(node):
            found[bound] = (*found.get(bound, ()), (ast.dump(node), names))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (source := f"{node.module}".replace(".", "/") + ".py") in files:
            for each in node.names:
                name = each.asname or each.name
                found[name] = (*found.get(name, ()), ("", ((source, each.name),)))
    return found


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    for target in node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []:
        yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))


class RememberingWorker:
    """A worker that is asked only what was not asked before about the same code; started when that comes."""

    def __init__(self, submission: Submission, memory: Memory, template: Template) -> None:
        self._submission, self._memory, self._template = submission, memory, template
        self._reach = Reach(submission)
        self._worker: ProcessSandbox | None = None

    def run(self, request: WorkerRequest) -> WorkerReply:
        """The reply, new or remembered."""
        subject = request.params.get("candidate") or request.params
        code = self._reach.code(subject["file"], subject.get("name") or subject["function"])
        key = key_of(request.verb, request.params, request.tensors, code)
        reply: WorkerReply | None = self._memory.recall(key)
        if reply is None:
            reply = self._started().run(request)
            self._memory.keep(key, reply)
        return reply

    def protections(self) -> tuple[Protection, ...]:
        """Not asked for: that would start a worker for nothing."""
        return ()

    def _started(self) -> ProcessSandbox:
        if self._worker is None:
            self._worker = self._template.open(self._submission)
        return self._worker

    def close(self) -> None:
        """End the worker, if it was needed."""
        if self._worker is not None:
            self._worker.close()


def remembering(memory: Memory, template: Template) -> Callable[[Submission], Any]:
    """What `Setting.open_worker` wants."""

    @contextmanager
    def open_worker(submission: Submission) -> Iterator[Sandbox]:
        worker = RememberingWorker(submission, memory, template)
        try:
            yield worker
        finally:
            worker.close()

    return open_worker


class RememberingTrainers(Trainers):
    """Trusted processes that also remember what they found out about a network; trainings are cached as always."""

    def __init__(self, folder: Path, memory: Memory) -> None:
        super().__init__(1, "cpu", folder)
        self._memory = memory

    def analyse(self, exported: Exported, seed: int) -> Future[NetworkFacts | Fault]:
        """The facts, new or remembered."""
        key = key_of("facts", vars(exported), seed)
        future: Future[NetworkFacts | Fault] = Future()
        if (kept := self._memory.recall(key)) is not None:
            future.set_result(kept)
            return future
        future = super().analyse(exported, seed)
        future.add_done_callback(lambda done: self._memory.keep(key, done.result()))
        return future
