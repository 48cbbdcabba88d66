"""Made-up cohorts, small enough to work out every number by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from grader.cohort.records import Attempt, Cohort, Comment, Head, Mark, Override, Row, Student, Terms, Unmatched
from grader.records import Outcome, Review

ZONE = timezone(timedelta(hours=3))
DEADLINE = datetime(2026, 3, 1, 23, 59, tzinfo=ZONE)
HEADS = (
    Head("1.network", "1", "The network has 3 layers", Fraction(4)),
    Head("1.learns", "1", "The network learns", Fraction(2)),
    Head("2.readme", "2", "The README says what the numbers show", Fraction(4)),
)
PARTS = (("1", "Networks", Fraction(6)), ("2", "Report", Fraction(4)))
TERMS = Terms("text of the rubric", "sha256:5d0c", "quick", "cpu", "", 987654321, "full", "0.1", "2.15", "a kind of machine")
LONG = "Ωmega " * 50  # 300 characters
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example","click")',
    "+1;=cmd|' /C calc'!A0",
    "\x1b[31mred\x07\x00\u202eesrever\ud800",
    "</title></style><!--/people--><img src=x onerror=alert(1)>",
    LONG,
    "-2+3\r\n@SUM(1)",
)


def mark(points: Any, most: Any, outcome: Outcome, **changes: Any) -> Mark:
    return replace(Mark(Fraction(points), Fraction(most), outcome, Review.NONE, ""), **changes)


def passed(most: Any) -> Mark:
    return mark(most, most, Outcome.PASSED)


def failed(most: Any, why: str = "2 counted (fc1, fc2)", **changes: Any) -> Mark:
    return mark(0, most, Outcome.FAILED, why=why, **changes)


def marks(*three: Mark) -> dict[str, Mark]:
    return {head.criterion: one for head, one in zip(HEADS, three, strict=True)}


def attempt(id: str, hours: int, **changes: Any) -> Attempt:
    """Handed in so many hours after the deadline."""
    return replace(Attempt(id, Path(f"/in/{id}.zip"), f"{id}.zip", DEADLINE + timedelta(hours=hours)), **changes)


def graded(id: str, name: str, three: dict[str, Mark], **changes: Any) -> Row:
    """A row whose sums follow from its marks."""
    machine = sum((one.points for one in three.values()), Fraction(0))
    points = sum((one.final for one in three.values()), Fraction(0))
    undecided = [one for one in three.values() if one.review is Review.REQUIRED and not one.override]
    late = changes.get("late_points", Fraction(0))
    made = Row(
        Student(id, name, lms_id=f"90{id[1:]}"), "graded", attempt=attempt(id, -5), marks=three, machine_points=machine, points=points,
        lowest=points - sum((one.points for one in undecided), Fraction(0)),
        highest=points + sum((one.max_points - one.points for one in undecided), Fraction(0)),
        final=max(Fraction(0), points - late), report=f"reports/{id}.html", graded=DEADLINE,
    )  # fmt: skip
    return replace(made, **changes)


def cohort_of(*rows: Row, **changes: Any) -> Cohort:
    return replace(Cohort("Lesson 4", Fraction(10), HEADS, PARTS, rows, terms=TERMS, made=DEADLINE), **changes)


OVERRIDE = Override("2.readme", Fraction(4), "It is in <docs>, page 2", "M. Weber", DEADLINE)
COMMENT = Comment("", "Well done.\n- See plot 2 & 3", "M. Weber", DEADLINE)


GIVEN = replace(failed(4), override=OVERRIDE)  # nothing by the grader, all of it by a person


def class_of_seven() -> Cohort:
    """Points 10, 6, 5 less 2 for lateness, and four who have none of the grader's."""
    doubtful = mark(1, 2, Outcome.PARTIAL, why="71.5 % of the images", review=Review.REQUIRED, look_at="net.py:31")
    return cohort_of(
        graded("s1", "Anna Kim", marks(passed(4), passed(2), passed(4)), others=(attempt("s1", -30, counts=False),)),
        graded("s2", "Boris Петров", marks(mark(1, 4, Outcome.PARTIAL, why="3 counted (a, b)"), doubtful, GIVEN)),
        graded(
            "s3", "Chiara Żuk", marks(mark(1, 4, Outcome.PARTIAL, why="2 counted (x)"), failed(2, "no training"), GIVEN),
            days_late=1, late_points=Fraction(2), comments=(COMMENT,), attempt=attempt("s3", 7),
        ),
        Row(Student("s4", "Deepa Rao"), "unreadable", "the zip is damaged", attempt("s4", -1)),
        Row(Student("s5", "Émile Roy"), "failed", "the grader ran out of memory", attempt("s5", -1)),
        Row(Student("s6", "Farid Ali"), "waiting", "", attempt("s6", -1)),
        Row(Student("s7", "Greta Holm"), "missing"),
        unmatched=(Unmatched("final (2).zip", "nobody has this name"),),
    )  # fmt: skip


def hostile_row(number: int, text: str) -> Row:
    """A student all of whose texts are the same hostile one."""
    return graded(
        text, text, {head.criterion: failed(head.max_points, text, look_at=text, review=Review.REQUIRED) for head in HEADS},
        student=Student(text, text, text, None, text), attempt=attempt("x", 1, label=text), others=(attempt("x", 0, label=text),),
        reason=text, comments=(Comment("2.readme", text, text, DEADLINE),), report=f"reports/{number}.html", days_late=1,
        late_points=Fraction(1),
    )  # fmt: skip


def hostile_cohort() -> Cohort:
    """Every text that a stranger can influence is hostile."""
    first, *rows = (hostile_row(number, text) for number, text in enumerate(HOSTILE))
    spoken = replace(failed(4, HOSTILE[0]), override=Override("2.readme", Fraction(1), HOSTILE[4], HOSTILE[1], DEADLINE))
    first = replace(first, marks={**first.marks, "2.readme": spoken})
    others = [Row(Student(f"{text}{status}", text), status, text) for text in HOSTILE for status in ("unreadable", "missing", "failed")]
    return cohort_of(first, *rows, *others, assignment=HOSTILE[1], unmatched=tuple(Unmatched(text, text) for text in HOSTILE))


def equal_marks() -> Cohort:
    return cohort_of(*(graded(f"s{n}", "Same Name", marks(passed(4), failed(2), failed(4))) for n in range(5)))


def undated(row: Row) -> Row:
    attempt = replace(row.attempt, handed_in=None) if row.attempt else None
    return replace(row, attempt=attempt, days_late=0, late_points=Fraction(0), final=row.points)


def without_deadlines() -> Cohort:
    return cohort_of(*map(undated, class_of_seven().rows), made=None, terms=None)


COHORTS = {
    "seven": class_of_seven(),
    "hostile": hostile_cohort(),
    "one": cohort_of(graded("s1", "Anna Kim", marks(passed(4), failed(2), failed(4)))),
    "equal marks": equal_marks(),
    "no deadlines": without_deadlines(),
    "nothing graded": cohort_of(*class_of_seven().rows[5:], heads=(), parts=(), max_points=Fraction(0), assignment=""),
    "nobody": cohort_of(),
}


@pytest.fixture(params=COHORTS.values(), ids=COHORTS)
def any_cohort(request: pytest.FixtureRequest) -> Cohort:
    made: Cohort = request.param
    return made


@pytest.fixture
def seven() -> Cohort:
    return COHORTS["seven"]


@pytest.fixture
def hostile() -> Cohort:
    return COHORTS["hostile"]


VOID = {"meta", "link", "input", "br", "path", "rect", "use", "circle"}


class Page(HTMLParser):
    """Elements with attributes; the text of each element of a table's row; whether all that was opened is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.rows: list[tuple[str, list[str]]] = []  # (class of the table, cells), heads included
        self.comments: list[str] = []
        self.open: list[str] = []
        self._table = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag == "table":
            self._table = self.tags[-1][1]["class"]
        if tag == "tr":
            self.rows.append((self._table, []))
        if tag in ("th", "td"):
            self.rows[-1][1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if {"th", "td"} & set(self.open):
            self.rows[-1][1][-1] += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def table(self, name: str) -> list[list[str]]:
        """Cells of the rows of a table, with white space made one, its head first."""
        return [[" ".join(cell.split()) for cell in cells] for table, cells in self.rows if name in table.split()]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())
