"""Why a cohort lost points: the same reason of many students counted as one. Pure.

A verdict's words name the student's own files, counts and networks; without them the words of many students are the same. What was
skipped because of another criterion repeats that one's words, and is counted with it: the cause is one.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from grader.cohort.records import Cohort, Head, Mark, Row
from grader.records import Outcome
from grader.report.cohort.words import line

LONGEST = 1000  # characters of a reason that are looked at
TOLD = 240  # of them that are shown

_OWN = re.compile(r"\([^()]*(?:\)|$)|[-+]?\d+(?:\.\d+)?(?: ?%)?|[\w./-]++(?::\d+)?")  # brackets, a number, a word or path


@dataclass(frozen=True)
class Reason:
    """One reason over the whole cohort, told in the words of the student whose words are the most frequent."""

    head: Head
    words: str
    students: int
    lost: Fraction  # points, of all students together
    others: tuple[str, ...]  # criteria that were lost with it


@dataclass
class _Group:
    """What is counted while the rows are read."""

    students: set[int] = field(default_factory=set)
    lost: Fraction = Fraction(0)
    words: Counter[str] = field(default_factory=Counter)
    others: dict[str, None] = field(default_factory=dict)


def reasons(cohort: Cohort) -> tuple[Reason, ...]:
    """All reasons, the one that cost the most points first, then in the order of the rubric."""
    groups: dict[tuple[str, str], _Group] = {}
    for number, row in enumerate(cohort.rows):
        if row.status == "graded":
            _count(number, row, groups)
    heads = {head.criterion: head for head in cohort.heads}
    order = {head.criterion: place for place, head in enumerate(cohort.heads)}
    found = [_reason(heads[criterion], group) for (criterion, _), group in groups.items() if criterion in heads]
    return tuple(sorted(found, key=lambda one: (-one.lost, order[one.head.criterion], one.words)))


def _count(number: int, row: Row, groups: dict[tuple[str, str], _Group]) -> None:
    """Adds the lost points of one student."""
    losing = {criterion: mark for criterion, mark in row.marks.items() if mark.final < mark.max_points}
    causes = {mark.why: criterion for criterion, mark in reversed(losing.items()) if mark.outcome is not Outcome.SKIPPED}
    for criterion, mark in losing.items():
        cause = causes.get(mark.why, criterion) if mark.outcome is Outcome.SKIPPED else criterion
        words = _words(mark)
        group = groups.setdefault((cause, common(words)), _Group())
        group.students.add(number)
        group.lost += mark.max_points - mark.final
        group.words[words] += 1
        if criterion != cause:
            group.others[criterion] = None


def _words(mark: Mark) -> str:
    return (mark.override.reason if mark.override else mark.why)[:LONGEST]


@lru_cache(maxsize=4096)
def common(words: str) -> str:
    """The beginning of a reason without what is one student's own: names in brackets, files, numbers.

    >>> common("models/cnn.py:31: 2 counted (conv1, conv2)") == common("net.py:7: 3 counted (a)")
    True
    """
    return " ".join(_OWN.sub(_blank, words).split())[:TOLD]


def _blank(found: re.Match[str]) -> str:
    is_word = found[0][0] not in "(+-0123456789" and "." not in found[0].rstrip(".")
    return found[0] if is_word else "#"


def _reason(head: Head, group: _Group) -> Reason:
    words = max(group.words.items(), key=lambda item: (item[1], item[0]))[0]
    told = words if len(words) <= TOLD else f"{words[:TOLD].rstrip()} …"
    return Reason(head, line(told, TOLD + 2), len(group.students), group.lost, tuple(group.others))
