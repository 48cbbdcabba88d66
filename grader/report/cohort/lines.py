"""A student as one line of the cohort's table: what is shown, what is sorted by, what is found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from urllib.parse import quote

from grader.cohort.records import Attempt, Cohort, Row
from grader.report.cohort.attention import open_criteria
from grader.report.cohort.words import STATUS_WORDS, by_part, counted, has_points, line, name_of, when
from grader.report.text import points, slug

MOST_PARTS = 8  # that have a column of their own; more do not fit a screen
RANKS = ("failed", "unreadable", "review", "waiting", "missing", "graded")  # what needs a person first stands first
ICONS = {"failed": "broken", "unreadable": "failed", "review": "review", "waiting": "skipped", "missing": "skipped"}


@dataclass(frozen=True)
class PartCell:
    """Points of one part; ``tone`` is "lost" below a fifth, "weak" below a half."""

    text: str
    tone: str


@dataclass(frozen=True)
class Line:
    """One student, ready for the template."""

    name: str
    about: str  # id and group
    link: str  # of the report; "" where there is none
    points: str
    parts: tuple[PartCell, ...]
    late_days: int
    late: str
    handed_in: str
    handed_in_key: str  # in one zone, so that it sorts
    attempts: tuple[str, ...]  # all of them where there are several, the one that counts first
    rank: int
    icon: str  # "" where nothing is to be said
    notes: str
    tags: str  # what the filter asks for


def lines(cohort: Cohort) -> tuple[Line, ...]:
    """A line per student, in the order of the rows."""
    return tuple(_line(row, cohort) for row in cohort.rows)


def _line(row: Row, cohort: Cohort) -> Line:
    tags = tags_of(row)
    state = "review" if "review" in tags and row.status == "graded" else row.status
    attempt = row.attempt
    return Line(
        name=name_of(row.student),
        about=" · ".join(filter(None, (line(row.student.id) if row.student.name else "", line(row.student.group)))),
        link=link(row),
        points=points(row.final) if has_points(row) else "",
        parts=_parts(row, cohort) if len(cohort.parts) <= MOST_PARTS else (),
        late_days=row.days_late,
        late=_late(row),
        handed_in=when(attempt.handed_in) if attempt and attempt.handed_in else "",
        handed_in_key=str(int(attempt.handed_in.timestamp())) if attempt and attempt.handed_in else "",
        attempts=_attempts(attempt, row.others),
        rank=RANKS.index(state),
        icon=ICONS.get(state, ""),
        notes=_notes(row, tags),
        tags=" ".join(tags),
    )


def link(row: Row, criterion: str = "") -> str:
    """The address of the report, relative to the page; a name that looks like a scheme stays a name."""
    return quote(row.report, safe="/") + (f"#c-{slug(criterion)}" if criterion else "") if row.report else ""


def tags_of(row: Row) -> tuple[str, ...]:
    """All kinds that a student is of: the status, and what a person may look for."""
    kinds = {
        "review": bool(open_criteria(row)),
        "changed": any(mark.override for mark in row.marks.values()),
        "commented": bool(row.comments),
        "late": row.days_late > 0,
    }
    return (row.status, *(kind for kind, applies in kinds.items() if applies))


def _parts(row: Row, cohort: Cohort) -> tuple[PartCell, ...]:
    if row.status != "graded":
        return tuple(PartCell("", "") for _ in cohort.parts)
    earned = zip(by_part(row, cohort), cohort.parts, strict=True)
    return tuple(PartCell(points(value), _tone(value, most)) for value, (_, _, most) in earned)


def _tone(value: Fraction, most: Fraction) -> str:
    if most <= 0 or 2 * value >= most:
        return ""
    return "weak" if 5 * value >= most else "lost"


def _late(row: Row) -> str:
    if row.days_late <= 0:
        return ""
    taken = f", −{points(row.points - row.final)}" if row.final < row.points else ""
    return f"{counted(row.days_late, 'day')}{taken}"


def _attempts(attempt: Attempt | None, others: tuple[Attempt, ...]) -> tuple[str, ...]:
    if attempt is None or not others:
        return ()
    return tuple(f"{when(one.handed_in)} {line(one.label, 120)}" for one in (attempt, *others))


def _notes(row: Row, tags: tuple[str, ...]) -> str:
    said = [] if row.status == "graded" else [STATUS_WORDS[row.status] + (f": {line(row.reason, 160)}" if row.reason else "")]
    if "review" in tags:
        between = f", {points(row.lowest)} to {points(row.highest)}" if row.lowest != row.highest else ""
        said.append(f"{len(open_criteria(row))} to review{between}")
    if "changed" in tags:
        said.append("changed" + (f", was {points(row.machine_points)}" if row.machine_points != row.points else ""))
    if "commented" in tags:
        said.append(counted(len(row.comments), "comment"))
    return " · ".join(said)
