"""Intakes for tests: submissions, rosters, archives and repositories, written below a temporary path."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zipfile import ZipFile

from grader.cohort.intake import read_intake
from grader.cohort.late import Amount, Late
from grader.cohort.records import Intake

DEADLINE = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
LATE = Late(DEADLINE, Amount(Fraction(1)), grace=timedelta(minutes=10), zone=UTC)


def fill(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below a folder; a name that ends in / is a folder."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = root / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def pack(path: Path, files: dict[str, str | bytes]) -> Path:
    """A .zip with files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def packed(files: dict[str, str | bytes], folder: Path) -> bytes:
    """The bytes of a .zip."""
    return pack(folder / "packed.zip", files).read_bytes()


def take(source: Path, roster: str | None = None, late: Late | None = None, work: Path | None = None) -> Intake:
    """The intake of what lies at ``source``; the roster is given as text."""
    table = None
    if roster is not None:
        table = source.parent / "the roster.csv"
        table.write_text(roster, encoding="utf-8")
    return read_intake(source, roster=table, late=late, work=work or source.parent / "work")


def counting(intake: Intake) -> dict[str, str]:
    """Student > label of the attempt that counts."""
    counts = [attempt for attempt in intake.attempts if attempt.counts]
    assert len({attempt.student for attempt in counts}) == len(counts) == len({attempt.student for attempt in intake.attempts})
    return {attempt.student: attempt.label for attempt in counts}


def reasons(intake: Intake) -> dict[str, str]:
    """Label > reason of what is unmatched; each a sentence on one line."""
    assert all("\n" not in one.label + one.reason and "\x1b" not in one.label + one.reason for one in intake.unmatched)
    return {one.label: one.reason for one in intake.unmatched}


def texts(source: Path) -> dict[str, str]:
    """The files of a source that is a folder."""
    return {path.relative_to(source).as_posix(): path.read_text() for path in source.rglob("*") if path.is_file()}


def git(folder: Path, *arguments: str, when: datetime = DEADLINE) -> str:
    """Git as a student runs it."""
    date = when.isoformat()
    environment = {**os.environ, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_CONFIG_GLOBAL": os.devnull}
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(folder: Path, commits: dict[datetime, dict[str, str | bytes]]) -> Path:
    """A repository with a commit for each time, in the order given."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    for when, files in commits.items():
        fill(folder, files)
        git(folder, "add", "-A", when=when)
        git(folder, "commit", "-q", "--allow-empty", "-m", "work", when=when)
    return folder
