"""What a student is told: a plain text each, and a table from which a mail program sends them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import PurePosixPath

from grader.cohort.records import Cohort, Comment, Head, Mark, Row
from grader.records import Outcome
from grader.report.cohort.attention import open_criteria
from grader.report.cohort.cells import harmless, to_csv
from grader.report.cohort.words import by_part, counted, has_points, line, name_of, when
from grader.report.text import count_points, cut, points

MOST_LOST = 5  # criteria that the mail names; the report has all
HEAD = ("id", "name", "group", "status", "points", "max_points", "subject", "body", "attachment")

_BULLET = re.compile(r"^(\s*)-", re.M)  # a dash in its place: a line of a cell must not look like a formula
_NOT_GRADED = {
    "failed": "Your work has not been graded yet: the grader failed on it, which is not your fault. It will be tried again.",
    "waiting": "Your work has not been graded yet.",
    "missing": "Nothing from you has been found. If you did hand something in, please answer and say where.",
}


def to_mail(row: Row, cohort: Cohort) -> str:
    """The text for one student, ending in a newline."""
    said = _graded(row, cohort) if has_points(row) else [[_NOT_GRADED[row.status]]]
    paragraphs = [[f"Hello {name_of(row.student)},"], *said, _comments(row), _where(row)]
    return "\n\n".join("\n".join(paragraph) for paragraph in paragraphs if paragraph) + "\n"


def subject(cohort: Cohort) -> str:
    """One subject for all: without points, which do not belong where they are seen in passing."""
    return f"{line(cohort.assignment, 160)}: your result"


def to_mails(cohort: Cohort) -> dict[str, str]:
    """The text for each student, by id."""
    return {row.student.id: to_mail(row, cohort) for row in cohort.rows}


def to_mail_csv(cohort: Cohort, mails: Mapping[str, str]) -> str:
    """A row per student, with the text and the file to attach, for a mail merge."""
    return to_csv(HEAD, (_record(row, cohort, mails[row.student.id]) for row in cohort.rows))


def _record(row: Row, cohort: Cohort, mail: str) -> list[str]:
    student = row.student
    texts = [line(student.id, 300), line(student.name, 300), line(student.group, 300), row.status]
    numbers = [points(row.final) if has_points(row) else "", points(cohort.max_points)]
    return [*map(harmless, texts), *numbers, *map(harmless, (subject(cohort), mail, row.report))]


def _graded(row: Row, cohort: Cohort) -> list[list[str]]:
    unread = [f"Your work could not be read: {line(row.reason, 400)}"] if row.status == "unreadable" else []
    return [
        [f"{line(cohort.assignment, 160)}: {points(row.final)} of {count_points(cohort.max_points)}."],
        unread,
        _parts(row, cohort) if row.marks else [],
        _lost(row, cohort),
        _people(row, cohort),
        _late(row),
        _open(row),
    ]


def _parts(row: Row, cohort: Cohort) -> list[str]:
    earned = zip(cohort.parts, by_part(row, cohort), strict=True)
    lines = [f"  {points(value)} / {points(most)}  {line(part)} {line(title, 160)}" for (part, title, most), value in earned]
    return ["Points by part:", *lines]


def _lost(row: Row, cohort: Cohort) -> list[str]:
    """The criteria that cost the most, each with its reason. What was skipped for want of another is left to the report."""
    losing = [(head, mark) for head in cohort.heads if (mark := row.marks.get(head.criterion)) and mark.final < mark.max_points]
    told = sorted((one for one in losing if one[1].outcome is not Outcome.SKIPPED), key=lambda one: one[1].final - one[1].max_points)
    texts = [_lost_one(head, mark) for head, mark in told[:MOST_LOST]]
    return ["What lost the most points:", *texts] if texts else []


def _lost_one(head: Head, mark: Mark) -> str:
    why = line(mark.override.reason if mark.override else mark.why, 300)
    lost = f"  {points(mark.max_points - mark.final)} of {points(mark.max_points)}: {line(head.title, 160)} ({line(head.part)})"
    return f"{lost}\n      {why}" if why else lost


def _people(row: Row, cohort: Cohort) -> list[str]:
    titles = {head.criterion: head.title for head in cohort.heads}
    changed = [
        f"  {line(titles.get(criterion, criterion), 160)}: {points(mark.final)} of {count_points(mark.max_points)}; "
        f"the grader gave {points(mark.points)}\n      {line(mark.override.reason, 600)} ({line(mark.override.author)})"
        for criterion, mark in row.marks.items()
        if mark.override
    ]
    return ["Decided by a person:", *changed] if changed else []


def _late(row: Row) -> list[str]:
    taken = row.points - row.final
    return (
        [f"Handed in {counted(row.days_late, 'day')} late: {points(taken)} of {count_points(row.points)} taken away."] if taken > 0 else []
    )


def _open(row: Row) -> list[str]:
    count = len(open_criteria(row))
    if not count:
        return []
    taken = row.points - row.final
    ends = (max(Fraction(0), end - taken) for end in (row.lowest, row.highest))
    between = f"; it may end between {' and '.join(map(points, ends))} points" if row.lowest != row.highest else ""
    return [f"A person still has to look at {counted(count, 'criterion', 'criteria')}{between}."]


def _comments(row: Row) -> list[str]:
    return ["Comments:", *map(_comment, row.comments)] if row.comments else []


def _comment(comment: Comment) -> str:
    about = f"{line(comment.criterion)}: " if comment.criterion else ""
    said = _BULLET.sub(r"\1–", cut(comment.text, 4000).strip()).replace("\n", "\n  ")
    return f"  {about}{said}\n      {line(comment.author)}, {when(comment.made)}"


def _where(row: Row) -> list[str]:
    name = PurePosixPath(row.report).name
    return [f"The whole report, with a reason for each lost point, is the file {name}. It opens in any browser."] if name else []
