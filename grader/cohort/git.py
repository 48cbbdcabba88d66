"""Clones a repository that a student keeps, as hostile data: Git alone runs, in a clean environment, within limits.

No hook, filter, LFS, submodule, credential helper or prompt; no configuration but what stands here; links arrive as text files.
Commit dates are the student's word: where it matters, attempts.csv states when work was pushed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import IO

from grader.submission.names import shown

SECONDS = 300.0  # for all calls of one clone together
MAX_BYTES = 2**30
MAX_ENTRIES = 200_000
MAX_OUT_BYTES = 2**26  # of what Git says: the table of contents of 200,000 files
_TOO_LARGE = f"it holds more than {MAX_BYTES // 2**20:,} MiB or {MAX_ENTRIES:,} files; take out data sets and weights"
_MAX_REASON = 4096
_POLLS_SECONDS = (0.005, 0.5)
_KEPT = (
    "PATH", "HOME", "USER", "TMPDIR", "SYSTEMROOT", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
)  # fmt: skip
_SET = {
    "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "GCM_INTERACTIVE": "never", "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_ATTR_NOSYSTEM": "1",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oConnectTimeout=20", "LC_ALL": "C",
}  # fmt: skip
_OPTIONS = (
    "core.hooksPath=/dev/null", "core.symlinks=false", "core.fsmonitor=false", "core.protectHFS=true", "core.protectNTFS=true",
    "core.attributesFile=/dev/null", "core.excludesFile=/dev/null", "credential.helper=", "gc.auto=0", "maintenance.auto=false",
    "submodule.recurse=false", "fetch.recurseSubmodules=false", "fetch.writeCommitGraph=false", "advice.detachedHead=false",
)  # fmt: skip
_REMOTE, _LOCAL = "https:http:ssh:git", "file"
_SECRET = re.compile(r"(?<=://)[^/@\s]*@")
_SAYS_NOTHING = re.compile(r"Please make sure you have the correct access|and the repository exists|^Cloning into|^$")


class CloneError(Exception):
    """A repository cannot be had; the text says why."""


@dataclass(frozen=True)
class Commit:
    """What of a repository is graded."""

    id: str
    made: datetime  # as the committer's clock said


def without_secrets(address: str) -> str:
    """An address as it may be shown: no user, no token."""
    return _SECRET.sub("", address)


def clone(address: str, folder: Path, *, before: datetime | None, stop: Event, seconds: float = SECONDS) -> Commit:
    """Put the last commit up to ``before`` (the newest where all are later, or there is no such time) into ``folder``.

    What was in ``folder`` is replaced once everything is there. Raises CloneError; ``stop`` ends it early.
    """
    scratch = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "tree").mkdir(parents=True)
    try:
        git = _Git(scratch, _LOCAL if address.startswith("file:") else _REMOTE, time.monotonic() + seconds, stop)
        commit = _fetch(git, address, before)
        _check_size(git, commit)
        git("--work-tree=tree", "checkout", "--force", "--quiet", "--detach", commit.id)
        shutil.rmtree(folder, ignore_errors=True)
        (scratch / "tree").rename(folder)
        return commit
    except OSError as error:
        raise CloneError(f"Git cannot be run, or its files not be written ({error.strerror})") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _fetch(git: _Git, address: str, before: datetime | None) -> Commit:
    git("clone", "--quiet", "--bare", "--depth=1", "--single-branch", "--no-tags", "--template=", "--", address, "git", has_folder=False)
    newest = _commit(git("rev-list", "-1", "--format=%ct", "HEAD", is_needed=False))
    if before is None or newest.made <= before:
        return newest
    moment = before.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    find = ("rev-list", "-1", "--first-parent", f"--before={moment}", "--format=%ct", "HEAD")
    # The commits since then and one more are mostly all that is needed; where dates do not ascend, the whole history is.
    for depths in ((f"--shallow-since={moment}", "--deepen=1"), ("--unshallow",)):
        for depth in depths:
            git(
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-auto-maintenance",
                "--no-recurse-submodules",
                depth,
                "origin",
                "HEAD",
                is_needed=False,
            )
        if found := git(*find):
            return _commit(found)
    return newest


def _check_size(git: _Git, commit: Commit) -> None:
    """Before anything is written: a few trees that hold each other many times are small to fetch and fill any disk."""
    git("ls-tree", "-r", "--long", "--full-tree", commit.id)
    size = entries = 0
    with (git.folder / "out").open("rb") as lines:
        for line in lines:
            told = line.split(maxsplit=4)[3:4]
            size += int(told[0]) if told and told[0].isdigit() else 0
            entries += 1
    if size > MAX_BYTES or entries > MAX_ENTRIES:
        raise CloneError(_TOO_LARGE)


def _commit(text: str) -> Commit:
    match = re.fullmatch(r"commit ([0-9a-f]{40,64})\n(\d{1,12})\n?", text)
    if not match:
        raise CloneError("the repository has no commit whose time can be read")
    try:
        return Commit(match[1], datetime.fromtimestamp(int(match[2]), UTC))
    except (OverflowError, ValueError, OSError) as error:
        raise CloneError("the last commit has a time that no calendar has") from error


@dataclass(frozen=True)
class _Git:
    """Calls of Git in one folder, which they may fill to a size, until one time."""

    folder: Path
    protocols: str
    until: float
    stop: Event

    def __call__(self, *arguments: str, has_folder: bool = True, is_needed: bool = True) -> str:
        """What Git writes. Raises CloneError where it fails, takes too long or grows too large."""
        options = [word for option in _OPTIONS for word in ("-c", option)]
        command = ["git", *options, *(["--git-dir=git"] if has_folder else []), *arguments]
        with (self.folder / "out").open("w+b") as out, (self.folder / "errors").open("w+b") as errors:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                start_new_session=True,
            )
            try:
                code = self._wait(process)
            finally:
                _end(process)
            if code and is_needed:
                raise CloneError(_reason(_head(errors)))
            return _head(out)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {**kept, **_SET, "GIT_ALLOW_PROTOCOL": self.protocols}

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        pause, longest = _POLLS_SECONDS
        while True:
            try:
                return process.wait(pause)
            except subprocess.TimeoutExpired:
                pause = min(longest, 2 * pause)
            if self.stop.is_set():
                raise CloneError("it was stopped")
            if time.monotonic() > self.until:
                raise CloneError("it took too long; try again, or clone it yourself and give the folder")
            if (self.folder / "out").stat().st_size > MAX_OUT_BYTES or (pause == longest and _is_outgrown(self.folder)):
                raise CloneError(_TOO_LARGE)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End Git and the helpers that it started."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def _is_outgrown(folder: Path) -> bool:
    size = entries = 0
    for path, _, names in os.walk(folder):
        entries += len(names) + 1
        for name in names:
            try:
                size += os.lstat(f"{path}/{name}").st_size
            except OSError:  # Git renames while we look
                continue
        if size > MAX_BYTES or entries > MAX_ENTRIES:
            return True
    return False


def _head(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read(_MAX_REASON).decode("utf-8", "replace")


def _reason(errors: str) -> str:
    """The line of Git's that says most, without secrets."""
    lines = [line.strip() for line in errors.splitlines() if not _SAYS_NOTHING.search(line.strip())]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    return shown(without_secrets(told[0])) if told else "Git says nothing more"
