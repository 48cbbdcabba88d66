"""The seam between a batch and where it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, Self

from grader.cohort.records import Done, Task

Heard = Callable[[str, str, str], None]
"""Told what a running submission does: student, kind and subject (the words of ``grader.gathering``'s listeners).

A kind ``start`` (subject: the host) comes first, nothing comes after its Done.
"""


class Executor(AbstractContextManager["Executor"], Protocol):
    """Grades tasks. Leaving the context ends everything within 5 seconds, finished or not."""

    def __enter__(self) -> Self: ...

    def run(self, tasks: Sequence[Task], heard: Heard) -> Iterator[Done]:
        """One Done for each task, in the order in which they end; begun in the order given.

        A task never raises: a process that dies gives ``failed`` with the reason. Raises InputError for what makes all
        tasks impossible (no isolation, no data, no cluster).
        """
        ...
