"""The weakest way to show a piece of work: the code does it, as far as reading can tell. A person should look."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatch
from fractions import Fraction

from pydantic import Field, field_validator

from grader.checks.base import Case, Evidence, Need, Requirements, combine, joined
from grader.checks.experiment import unavailable
from grader.checks.live_code import Region, regions
from grader.records import Item, Judgement, Review, message


class Trace(Requirements):
    """What one function of the submission does: each regex is found in one of the names it uses."""

    what: str = Field(description='What the code does then, after "code that": "measures the time of a training".')
    together: list[str] = Field(min_length=1, description="Regexes; all of them have to match in the same function.")

    @field_validator("together")
    @classmethod
    def _compile(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns


class Require(Requirements):
    """Traces to find, equal in weight. Comments, strings, imports and functions without a body are not searched."""

    traces: list[Trace] = Field(min_length=1)
    files: list[str] = Field([], description="Where to look, as patterns (models/*.py); everywhere if none is given.")


def needs(case: Case) -> frozenset[Need]:
    """Nothing: code is read from disk."""
    return frozenset()


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """The share of traces that are found, with the reason why nothing stronger could be used."""
    require: Require = case.require
    found = [region for region in regions(evidence.submission) if _is_in(region.path, require.files)]
    hits = [(trace, find(trace, found)) for trace in require.traces]
    judgement = combine((_item(trace, place, require.files) for trace, place in hits), case.criterion.hint)
    look_at = next((place for _, place in hits if place), None)
    return replace(
        judgement,
        why=joined([judgement.why, *unavailable(case, evidence)]),
        review=Review.RECOMMENDED if look_at else Review.NONE,
        look_at=look_at,
    )


def _is_in(path: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatch(path, pattern) for pattern in patterns)


def find(trace: Trace, found: Iterable[Region]) -> str | None:
    """The place (file:line) where a function does what the trace says, or None."""
    for region in found:
        lines = [_line(pattern, region) for pattern in trace.together]
        if None not in lines:
            return f"{region.path}:{lines[0]}"
    return None


def _line(pattern: str, region: Region) -> int | None:
    return next((line for word, line in region.words if re.search(pattern, word)), None)


def _item(trace: Trace, place: str | None, files: list[str]) -> Item:
    where = ", ".join(files) or "any file"
    expected = message("code that {what} ({where})", what=trace.what, where=where)
    found = message("{place}", place=place) if place else message("no code that {what}", what=trace.what)
    why = message("read from the code, not run") if place else message("comments, strings and functions without a body do not count")
    return Item(Fraction(bool(place)), expected, found, why)
