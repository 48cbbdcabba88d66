"""What people say about marks, in the tables: overrides and comments, by student and criterion. They outlive every result."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction

from grader.cohort.records import Comment, Override
from grader.errors import InputError
from grader.gradebook.asked import current_assignment
from grader.gradebook.database import Database
from grader.gradebook.document import from_ratio, ratio
from grader.gradebook.intakes import current_content, names
from grader.gradebook.results import last_result, marks_of

_CLOSE = 0.5  # of 1: how alike a name has to be to be offered
_OFFERED = 3


def keep_override(
    database: Database, student: str, criterion: str, points: Fraction | None, *, reason: str, author: str, made: str
) -> None:
    """Add a person's word on a criterion; without points it takes an earlier one back. Raises InputError for what cannot be meant."""
    refuse_unknown(database, student)
    most = _known_criterion(database, student, criterion)
    if not reason.strip():
        raise InputError('An override needs a reason that the student can read: say why with --reason "...".')
    if points is None and criterion not in current_overrides(database, student).get(student, {}):
        raise InputError(f"There is no override of {criterion} for {student} to take back.")
    if points is not None and not 0 <= points <= most:
        raise InputError(f"{criterion} is worth {_number(most)} points: give 0 to {_number(most)} with --points, not {_number(points)}.")
    kept = None if points is None else ratio(points)
    database.add("overrides", student=student, criterion=criterion, points=kept, reason=reason, author=author, made=made)


def keep_comment(database: Database, student: str, text: str, *, criterion: str, author: str, made: str) -> None:
    """Add a remark. Raises InputError for a student or criterion that is not known."""
    refuse_unknown(database, student)
    if criterion:
        _known_criterion(database, student, criterion)
    if not text.strip():
        raise InputError("A comment needs a text: write what the student is to read.")
    database.add("comments", student=student, criterion=criterion, text=text, author=author, made=made)


def current_overrides(database: Database, student: str | None = None) -> dict[str, dict[str, Override]]:
    """What holds, by student and criterion; of one student where one is named."""
    held: dict[str, dict[str, Override]] = defaultdict(dict)
    sql = "SELECT student, criterion, points, reason, author, made FROM current_overrides"
    rows = database.rows(sql) if student is None else database.rows(f"{sql} WHERE student = ?", student)
    for owner, criterion, points, reason, author, made in rows:
        held[owner][criterion] = Override(criterion, from_ratio(points), reason, author, datetime.fromisoformat(made))
    return held


def all_comments(database: Database) -> dict[str, tuple[Comment, ...]]:
    """By student, in the order in which they were made."""
    found: dict[str, list[Comment]] = defaultdict(list)
    for student, criterion, text, author, made in database.rows("SELECT student, criterion, text, author, made FROM comments ORDER BY id"):
        found[student].append(Comment(criterion, text, author, datetime.fromisoformat(made)))
    return {student: tuple(comments) for student, comments in found.items()}


def refuse_unknown(database: Database, student: str) -> None:
    known = names(database)
    if student in known:
        return
    if not known:
        raise InputError("The gradebook has no students yet: run grade batch first.")
    raise InputError(f"The gradebook has no student {student!r}. {_nearest_students(student, known)}")


def _nearest_students(student: str, known: Mapping[str, str]) -> str:
    by_word = {word.casefold(): key for key, name in known.items() for word in (name, *name.split(), key) if word}
    near = dict.fromkeys(by_word[word] for word in difflib.get_close_matches(student.casefold(), by_word, _OFFERED, _CLOSE))
    if not near:
        return "Students are named by their id, as in the roster or the cohort page."
    return _did_you_mean(f"{key} ({known[key]})" if known[key] else key for key in near)


def _known_criterion(database: Database, student: str, criterion: str) -> Fraction:
    """What a criterion is worth: by the rubric that holds, or else by the student's own result."""
    assignment = current_assignment(database)
    worth = {head.criterion: head.max_points for head in assignment.heads} if assignment else {}
    worth = _own_worth(database, student) | worth
    if criterion in worth:
        return worth[criterion]
    if not worth:
        raise InputError("Nothing is graded yet, so no criterion is known: run grade batch first.")
    near = difflib.get_close_matches(criterion, worth, _OFFERED, _CLOSE)
    raise InputError(f"There is no criterion {criterion!r}. " + (_did_you_mean(near) if near else f"There are: {', '.join(worth)}."))


def _own_worth(database: Database, student: str) -> dict[str, Fraction]:
    content = current_content(database, student)
    result = last_result(database, student, content) if content else None
    return {criterion: mark.max_points for criterion, mark in marks_of(database, result.id).items()} if result else {}


def _did_you_mean(options: Iterable[str]) -> str:
    return f"Did you mean {' or '.join(options)}?"


def _number(points: Fraction) -> str:
    return f"{float(points):g}"
