"""What people decided, put into a student's own report. Pure.

The report's template has two markers with nothing between them. A student's text cannot forge one: everything on the page is escaped.
"""

from __future__ import annotations

from fractions import Fraction

from grader.cohort.records import Row
from grader.report.cohort.pages import environment

BEGIN, END = "<!--people-->", "<!--/people-->"


def with_people(page: str, row: Row) -> str:
    """The page with the section on what people decided, in place of an earlier one; a page without markers comes back as it is."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}{_section(row)}{end}{after}" if begin and end else page


def _section(row: Row) -> str:
    """The section; empty where nobody said anything and nothing was taken away."""
    changed = {criterion: mark for criterion, mark in row.marks.items() if mark.override}
    if not changed and not row.comments and row.final >= row.points:
        return ""
    most = sum((mark.max_points for mark in row.marks.values()), Fraction(0))
    return environment().get_template("people.html.jinja").render(row=row, changed=changed, most=most, taken=row.points - row.final)
