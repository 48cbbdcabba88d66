"""The late policy: when work is due, and what coming after that costs. TOML in, `Late` out; see docs/intake.md.

Days are counted from the deadline, each begun one whole; work within the grace is on time.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from grader.cohort.moments import in_zone
from grader.errors import InputError

_DAY = timedelta(days=1)
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)  # which no sign, true, nan or 1e999 is
_MAX_GRACE_MINUTES = 60 * 24 * 365
_AMOUNT = 'points (a number from 0, as in 1.5) or a part of the maximum (as in "10%", at most "100%")'
_ALLOWED = {
    "deadline": "a date with a time, as in 2026-11-30T23:59:00+03:00 (without quotes)",
    "zone": 'a time zone, as in "Europe/Berlin"',
    "grace_minutes": f"a whole number from 0 to {_MAX_GRACE_MINUTES:,}",
    "per_day": _AMOUNT,
    "cap": _AMOUNT,
}  # fmt: skip


@dataclass(frozen=True)
class Amount:
    """So many points, or so much of the maximum."""

    value: Fraction
    is_share: bool = False  # of the maximum; else points

    def points(self, max_points: Fraction) -> Fraction:
        """The amount in points."""
        return self.value * max_points if self.is_share else self.value


@dataclass(frozen=True)
class Late:
    """When work is due, and what each day after it takes away."""

    deadline: datetime
    per_day: Amount
    grace: timedelta = timedelta()
    cap: Amount | None = None  # never more than this; the maximum where there is none
    zone: tzinfo | None = None  # of times that name none, in the roster and in attempts.csv

    def days_late(self, handed_in: datetime | None, deadline: datetime | None = None) -> int:
        """Days after the deadline (a student's own, or the policy's), begun ones whole; 0 within the grace, or at an unknown time."""
        due = deadline or self.deadline
        if handed_in is None or handed_in <= due + self.grace:
            return 0
        return -((due - handed_in) // _DAY)  # rounded up

    def taken_away(self, days: int, max_points: Fraction) -> Fraction:
        """Points that so many days cost: never more than the cap, nor than all there are."""
        most = self.cap.points(max_points) if self.cap else max_points
        return max(Fraction(0), min(days * self.per_day.points(max_points), most, max_points))


def read_late(path: Path) -> Late:
    """The late policy in a TOML file. Raises InputError that names file, line, key, what is allowed and what came."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"The late policy {path} cannot be read ({error.strerror}); give a TOML file with --late.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The late policy {path} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ArithmeticError) as error:
        raise InputError(f"The late policy {path} is not valid TOML: {error}.") from error
    return _Document(path, text, document).late()


@dataclass(frozen=True)
class _Document:
    """The file being read: knows where each key stands."""

    path: Path
    text: str
    values: dict[str, Any]

    def late(self) -> Late:
        for key in self.values:
            self._refuse_unknown(key)
        for key in ("deadline", "per_day"):
            if key not in self.values:
                raise InputError(f"The late policy {self.path} has no {key}; add a line {key} = ..., which is {_ALLOWED[key]}.")
        zone = self._zone()
        cap = self._amount("cap") if "cap" in self.values else None
        return Late(self._deadline(zone), self._amount("per_day"), self._grace(), cap, zone)

    def _refuse_unknown(self, key: str) -> None:
        if key in _ALLOWED:
            return
        near = difflib.get_close_matches(key, _ALLOWED, 1)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise InputError(f"{self._place(key)}: there is no key {key!r}. Allowed are {', '.join(_ALLOWED)}{hint}")

    def _zone(self) -> tzinfo | None:
        if "zone" not in self.values:
            return None
        try:
            return ZoneInfo(self.values["zone"])
        except (ValueError, TypeError, OSError, KeyError, AttributeError) as error:  # ZoneInfo refuses in each of these ways
            raise self._wrong("zone") from error

    def _deadline(self, zone: tzinfo | None) -> datetime:
        value = self.values["deadline"]
        if not isinstance(value, datetime):
            raise self._wrong("deadline")
        try:
            return in_zone(value, zone)
        except ValueError as error:
            raise InputError(
                f"{self._place('deadline')}: deadline = {value} does not say in which time zone; add an offset, as in "
                f'{value.isoformat()}+03:00, or a line such as zone = "Europe/Berlin".'
            ) from error

    def _grace(self) -> timedelta:
        value: object = self.values.get("grace_minutes", 0)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_GRACE_MINUTES:
            raise self._wrong("grace_minutes")
        return timedelta(minutes=value)

    def _amount(self, key: str) -> Amount:
        value = self.values[key]
        if isinstance(value, str) and (share := _NUMBER.fullmatch(value.strip().removesuffix("%").strip())):
            if value.strip().endswith("%") and Fraction(share[0]) <= 100:
                return Amount(Fraction(share[0]) / 100, is_share=True)
        elif isinstance(value, int | Decimal) and (points := _NUMBER.fullmatch(str(value))):
            return Amount(Fraction(points[0]))
        raise self._wrong(key)

    def _wrong(self, key: str) -> InputError:
        return InputError(f"{self._place(key)}: {key} has to be {_ALLOWED[key]}; it is {_as_written(self.values[key])}.")

    def _place(self, key: str) -> str:
        """The file and, where the key is written plainly, its line."""
        lines = (number for number, line in enumerate(self.text.splitlines(), 1) if re.match(rf"\s*\[*\s*\"?{re.escape(key)}\b", line))
        line = next(lines, None)
        return f"The late policy {self.path}, line {line}" if line else f"The late policy {self.path}"


def _as_written(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
