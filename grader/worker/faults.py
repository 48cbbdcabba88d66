"""What a student's code did wrong, as data: where it happened, in the student's own file, and what helps."""

from __future__ import annotations

import linecache
import re
import traceback
from pathlib import Path
from typing import Any

MAX_MESSAGE = 2000
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")


class StudentFault(Exception):
    """A fault in the student's work; its fields are those of a ``fault`` reply."""

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        construct: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message
        self.file, self.line, self.construct, self.remedy = file, line, construct, remedy

    def document(self) -> dict[str, Any]:
        """The ``fault`` object of a reply."""
        return {
            "kind": self.kind,
            "message": self.message[:MAX_MESSAGE],
            "file": self.file,
            "line": self.line,
            "construct": self.construct,
            "remedy": self.remedy,
        }


class Place:
    """The innermost line of the submission that an error passed through, or nothing."""

    def __init__(self, file: str | None = None, line: int | None = None, source: str = "", segment: str = "") -> None:
        self.file, self.line, self.source, self.segment = file, line, source, segment


def locate(error: BaseException, root: Path) -> Place:
    """Where in the submission an error arose; a syntax error's own place counts."""
    if isinstance(error, SyntaxError) and error.filename and (inside := relative(error.filename, root)):
        return Place(inside, error.lineno, (error.text or "").strip())
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        inside = relative(frame.filename, root)
        if inside is not None:
            return Place(inside, frame.lineno, (frame.line or "").strip(), _segment(frame))
    return Place()


def _segment(frame: traceback.FrameSummary) -> str:
    """The part of the line that was running, where it is known and does not go over several lines."""
    if frame.colno is None or frame.end_colno is None or frame.end_lineno != frame.lineno or frame.lineno is None:
        return ""
    line = linecache.getline(frame.filename, frame.lineno)
    return line.encode()[frame.colno : frame.end_colno].decode(errors="ignore")


def relative(file: str, root: Path) -> str | None:
    """The path inside the submission with forward slashes; None outside."""
    try:
        return Path(file).resolve().relative_to(root).as_posix()
    except (ValueError, OSError):
        return None


def sentence(error: BaseException, root: Path) -> str:
    """The error as text that is the same on every run: no scratch folder, no addresses in memory."""
    try:
        text = " ".join(str(error).split())
    except BaseException:  # an exception class of the student's may itself raise
        text = "(the error cannot be printed)"
    text = text.replace(f"{root.as_posix()}/", "").replace(str(root), ".")
    name = type(error).__name__
    return (f"{name}: {_ADDRESS.sub('0x...', text)}" if text else name)[:MAX_MESSAGE]


def from_error(kind: str, error: BaseException, root: Path, *, what: str, remedy: str | None = None) -> StudentFault:
    """A fault that says ``what`` failed, and where in the submission."""
    if isinstance(error, StudentFault):
        return error
    place = locate(error, root)
    text = f"{what}: {sentence(error, root)}"
    return StudentFault(kind, text, file=place.file, line=place.line, construct=place.source[:200] or None, remedy=remedy)
