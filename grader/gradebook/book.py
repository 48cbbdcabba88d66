"""The gradebook: what a batch asks of it. Everything that is written is added; nothing is ever changed or removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.cohort.content import content_hash
from grader.cohort.late import Late
from grader.cohort.records import Attempt, Cohort, Done, Intake, Mark, Override, Terms
from grader.errors import InputError
from grader.gradebook import asked, intakes, people, results
from grader.gradebook.database import Database
from grader.gradebook.document import Assignment
from grader.gradebook.results import Occasion, Result
from grader.gradebook.rows import Found, make_row

_NO_ASSIGNMENT = Assignment("", Fraction(0), (), ())


class Gradebook:
    """One file. Use it as a context manager; one process may write, any number may read meanwhile.

    Every method raises InputError for a file that is damaged, full or out of reach, with what to do.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path, *, write: bool) -> Gradebook:
        """Open a gradebook; the one who writes makes it where there is none, and brings an older one up to date."""
        return cls(Database.open(path, write=write))

    def close(self) -> None:
        """Close the file, and let the next one write."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # --- a batch -------------------------------------------------------------------------------------------------------

    def terms(self) -> Terms | None:
        """The terms that were chosen last; None before the first."""
        with self._database.snapshot():
            return asked.chosen_terms(self._database)

    def set_terms(self, terms: Terms) -> None:
        """Choose terms, from now on. Results under others stay."""
        with self._database.transaction():
            if asked.chosen_terms(self._database) != terms:
                self._database.add("chosen_terms", terms=asked.keep_terms(self._database, terms), chosen=_now())

    def take_in(self, intake: Intake) -> dict[str, str]:
        """Make this the cohort. Returns the hash of the content of each student's attempt that counts, as it will be known by."""
        contents = {attempt.student: content_hash(attempt.source) for attempt in intake.attempts if attempt.counts}
        with self._database.transaction():
            intakes.keep_intake(self._database, intakes.Kept(intake, contents), _now())
        return contents

    def has(self, student: str, content_hash: str, terms: Terms) -> bool:
        """Whether this need not be graded again; what failed is tried again."""
        with self._database.snapshot():
            return results.has_result(self._database, student, content_hash, terms)

    def record(self, done: Done, terms: Terms, *, why: Occasion = "batch") -> None:
        """Keep what came of a task, the whole of it or nothing. Raises GraderFault for a report that this grader did not write."""
        with self._database.transaction():
            results.keep_result(self._database, done, terms, why, _now())

    def expected_seconds(self, student: str) -> float | None:
        """How long the last grading of this student's work took; None before the first."""
        with self._database.snapshot():
            return results.last_seconds(self._database, student)

    # --- people --------------------------------------------------------------------------------------------------------

    def override(self, student: str, criterion: str, points: Fraction | None, reason: str, author: str) -> None:
        """A person's word on one criterion; ``points`` None takes it back. Raises InputError with the nearest names."""
        with self._database.transaction():
            people.keep_override(self._database, student, criterion, points, reason=reason, author=author, made=_now())

    def comment(self, student: str, text: str, author: str, criterion: str = "") -> None:
        """A person's remark, on a criterion or on the whole. Raises InputError with the nearest names."""
        with self._database.transaction():
            people.keep_comment(self._database, student, text, criterion=criterion, author=author, made=_now())

    # --- what there is -------------------------------------------------------------------------------------------------

    def document(self, student: str) -> bytes:
        """The JSON report of a student's current result. Raises InputError where there is none, with the reason."""
        with self._database.snapshot():
            people.refuse_unknown(self._database, student)
            result = self._current(student)
            if result is None:
                raise InputError(f"There is no report on {student} yet: run grade batch first.")
            if result.status != "graded":
                raise InputError(f"There is no report on {student}: {result.reason or result.status}")
            return results.document_of(self._database, result.id)

    def state(self) -> str:
        """What the book holds, in short: rows are only ever added, so that their last ids tell one state from all others."""
        tables = ("intakes", "chosen_terms", "results", "overrides", "comments")
        with self._database.snapshot():
            return " ".join(str((self._database.first(f"SELECT max(rowid) FROM {name}") or (None,))[0]) for name in tables)

    def marks(self, student: str) -> dict[str, Mark]:
        """The machine's current verdicts on a student, by criterion; empty where there are none."""
        with self._database.snapshot():
            result = self._current(student)
            return results.marks_of(self._database, result.id) if result else {}

    def overrides(self, student: str) -> dict[str, Override]:
        """The people's word on a student that holds, by criterion."""
        with self._database.snapshot():
            return dict(people.current_overrides(self._database, student).get(student, {}))

    def cohort(self, late: Late | None) -> Cohort:
        """Everybody's row, with all that exports need."""
        with self._database.snapshot():
            kept = intakes.last_intake(self._database).intake
            assignment = asked.current_assignment(self._database) or _NO_ASSIGNMENT
            rows = [make_row(found, assignment, late) for found in self._found(kept)]
            return Cohort(
                assignment=assignment.title,
                max_points=assignment.max_points,
                heads=assignment.heads,
                parts=assignment.parts,
                rows=tuple(sorted(rows, key=lambda row: (row.student.name.casefold(), row.student.id))),
                unmatched=kept.unmatched,
                terms=asked.chosen_terms(self._database),
                made=datetime.now(UTC),
            )

    def _found(self, intake: Intake) -> Iterator[Found]:
        attempts: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in intake.attempts:
            attempts[attempt.student].append(attempt)
        current = results.current_results(self._database)
        marks = dict(results.current_marks(self._database))
        overrides = people.current_overrides(self._database)
        comments = people.all_comments(self._database)
        for student in intake.students:
            result = current.get(student.id)
            yield Found(
                student,
                tuple(attempts[student.id]),
                result,
                marks.get(result.id, {}) if result else {},
                overrides.get(student.id, {}),
                comments.get(student.id, ()),
            )

    def _current(self, student: str) -> Result | None:
        content = intakes.current_content(self._database, student)
        return results.last_result(self._database, student, content) if content else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
