"""Tables that learning platforms import as they are. Pure.

Only those who have points are in them: a cell that is empty in an import may wipe what the platform has.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from grader.cohort.records import Cohort, Row
from grader.report.cohort.cells import harmless, to_csv
from grader.report.cohort.words import has_points, line, when
from grader.report.text import points

CANVAS_HEAD = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE_HEAD = (
    "Identifier",
    "Full name",
    "ID number",
    "Status",
    "Grade",
    "Maximum grade",
    "Grade can be changed",
    "Last modified (submission)",
    "Last modified (grade)",
    "Feedback comments",
)


def to_canvas_csv(cohort: Cohort) -> str:
    """What Canvas's *Grades > Import* takes: five columns about the student and one for the assignment, with a row of its points.

    Canvas looks for its own number of the student first (``ID``), then for the school's (``SIS User ID``).
    """
    possible = ["    Points Possible", "", "", "", "", points(cohort.max_points)]
    rows = [_canvas(row) for row in cohort.rows if has_points(row)]
    return to_csv((*CANVAS_HEAD, harmless(line(cohort.assignment, 160))), [possible, *rows])


def _canvas(row: Row) -> list[str]:
    student = row.student
    known = (line(student.name or student.id, 300), line(student.lms_id), line(student.id, 300), "", line(student.group, 300))
    return [*map(harmless, known), points(row.final)]


def to_moodle_csv(cohort: Cohort, mails: Mapping[str, str]) -> str:
    """Moodle's offline grading worksheet: it finds the student by ``Identifier`` and reads the feedback (``mails``, by id) as HTML."""
    return to_csv(MOODLE_HEAD, [_moodle(row, cohort, mails[row.student.id]) for row in cohort.rows if has_points(row)])


def _moodle(row: Row, cohort: Cohort, mail: str) -> list[str]:
    student = row.student
    identifier = f"Participant {line(student.lms_id)}" if student.lms_id else ""
    known = (identifier, line(student.name or student.id, 300), line(student.id, 300), "Submitted for grading")
    numbers = [f"{float(round(row.final, 2)):.2f}", f"{float(round(cohort.max_points, 2)):.2f}", "Yes"]
    handed_in = when(row.attempt.handed_in) if row.attempt and row.attempt.handed_in else "-"
    feedback = escape(mail.strip()).replace("\n", "<br>")
    return [*map(harmless, known), *numbers, handed_in, "-", harmless(feedback)]
