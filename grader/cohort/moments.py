"""Points in time as instructors write them: ``2026-11-30 23:59`` in a zone that is known, or with an offset of its own."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

ALLOWED = "a date with a time, as in 2026-11-30 23:59 or 2026-11-30T23:59:00+03:00"
NO_ZONE = "an offset from UTC, as in 2026-11-30T23:59:00+03:00, or a zone in the late policy"
_DAY_ALONE = re.compile(r"\d{4}-\d\d-\d\d|\d{8}|\d{4}-?W\d\d(-?\d)?")


def parse_moment(text: str, zone: tzinfo | None) -> datetime:
    """The moment that a text names. Raises ValueError whose text says what is allowed; a day alone is no moment."""
    if _DAY_ALONE.fullmatch(text.strip()):
        raise ValueError(ALLOWED)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(ALLOWED) from error
    return in_zone(moment, zone)


def in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """A moment that knows its zone. Raises ValueError where nothing says it: this machine's zone is no one's deadline."""
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        raise ValueError(NO_ZONE)
    return moment.replace(tzinfo=zone)
