"""A batch as it goes on: a live table in a terminal, a line for each submission elsewhere."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from grader.cohort.records import Done
from grader.report.text import clean

PHASES = {
    "start": "reading it",
    "search": "reading the code of {subject} for candidates",
    "trial": "trying {subject}",
    "build": "building {subject}",
    "export": "exporting {subject}",
    "experiment": "running the experiment {subject} at a tiny budget",
    "gradients": "asking for the gradients of {subject}",
    "train": "training {subject}",
}


@dataclass
class _Running:
    since: float
    doing: str = "waiting for its process"


@dataclass
class BatchView:
    """Hears of submissions that run and end, and shows them. Use it as a context manager."""

    total: int
    console: Console
    quiet: bool = False
    _start: float = field(default_factory=time.monotonic)
    _running: dict[str, _Running] = field(default_factory=dict)
    _seconds: list[float] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=lambda: {"graded": 0, "unreadable": 0, "failed": 0})
    _most: int = 1  # running at the same time so far
    _live: Live | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal and not self.quiet:
            self._live = Live(get_renderable=self._shown, console=self.console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def heard(self, student: str, kind: str, subject: str) -> None:
        """A running submission went on."""
        running = self._running.setdefault(student, _Running(time.monotonic()))
        self._most = max(self._most, len(self._running))
        running.doing = PHASES.get(kind, kind).format(subject=subject)

    def ended(self, done: Done) -> None:
        """A submission is at its end and kept."""
        self._running.pop(done.student, None)
        self._counts[done.status] += 1
        self._seconds.append(done.seconds)
        if not self.quiet:
            self.console.print(self._line(done), markup=False, highlight=False, soft_wrap=True)

    def summary(self) -> str:
        """How many came out how."""
        counted = [f"{count} {word}" for word, count in self._counts.items() if count or word == "graded"]
        return f"{', '.join(counted)} in {duration(time.monotonic() - self._start)}"

    def _line(self, done: Done) -> str:
        count = f"[{sum(self._counts.values())}/{self.total}]"
        what = points(done) if done.status == "graded" else f"{done.status}: {done.reason}"
        return clean(f"{count} {done.student}: {what} ({done.seconds:.0f} s)")

    def _shown(self) -> RenderableType:
        ended, elapsed = sum(self._counts.values()), time.monotonic() - self._start
        left = f", about {duration(self._left())} left" if self._seconds else ""
        head = Text(
            f"{ended} of {self.total} submissions · {duration(elapsed)}{left} · {self.summary().partition(' in ')[0]}", style="bold"
        )
        table = Table.grid(padding=(0, 2))
        for student, running in list(self._running.items()):
            table.add_row(Text(clean(student)), Text(duration(time.monotonic() - running.since)), Text(clean(running.doing), style="dim"))
        return Group(head, table)

    def _left(self) -> float:
        mean = sum(self._seconds) / len(self._seconds)
        going = sum(min(time.monotonic() - running.since, mean) for running in self._running.values())
        return max((self.total - len(self._seconds)) * mean - going, 0) / self._most


def points(done: Done) -> str:
    """``87.5/100``, and how many criteria a person has to look at."""
    document = json.loads(done.document)
    score, open_reviews = document["score"], sum(each["review"] == "required" for each in document["criteria"])
    person = f", {open_reviews} for a person to look at" if open_reviews else ""
    return f"{score['points']:g}/{score['max']:g}{person}"


def duration(seconds: float) -> str:
    """``45 s``, ``3 min 20 s``, ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60:02} min"
