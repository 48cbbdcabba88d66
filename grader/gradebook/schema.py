"""The tables of a gradebook, and the steps that bring an older file up to date.

A step that was released is never changed again: files in the world were made by it. A change of the tables is a new
step at the end of ``MIGRATIONS``. The version of a file (``PRAGMA user_version``) is the number of steps it has seen.

Points are exact, as text ``numerator/denominator``. Times are ISO 8601 with their zone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

APPLICATION_ID = 0x47524144  # "GRAD" in the header of the file: whose it is

_TABLES = {
    # What was handed in, as it was found: each look at the submissions that saw something new is an intake, the last one is the cohort.
    "intakes": """
        id INTEGER PRIMARY KEY,
        taken TEXT NOT NULL
    """,
    "students": """
        intake INTEGER NOT NULL REFERENCES intakes,
        student TEXT NOT NULL,
        name TEXT NOT NULL,
        study_group TEXT NOT NULL,
        deadline TEXT,                 -- of one's own
        lms_id TEXT NOT NULL,
        PRIMARY KEY (intake, student)
    """,
    "attempts": """
        id INTEGER PRIMARY KEY,
        intake INTEGER NOT NULL,
        student TEXT NOT NULL,
        label TEXT NOT NULL,
        source TEXT NOT NULL,          -- bytes where the path is not Unicode
        handed_in TEXT,
        counts INTEGER NOT NULL CHECK (counts IN (0, 1)),
        content_hash TEXT,             -- of the attempt that counts
        CHECK (counts = (content_hash IS NOT NULL)),
        FOREIGN KEY (intake, student) REFERENCES students
    """,
    "unmatched": """
        id INTEGER PRIMARY KEY,
        intake INTEGER NOT NULL REFERENCES intakes,
        label TEXT NOT NULL,
        reason TEXT NOT NULL
    """,
    # Under what it is graded. The last row of chosen_terms holds.
    "terms": """
        key TEXT PRIMARY KEY,          -- hash of all the others
        rubric TEXT NOT NULL,
        rubric_hash TEXT NOT NULL,
        profile TEXT NOT NULL,
        device TEXT NOT NULL,
        data_root TEXT NOT NULL,
        seed TEXT NOT NULL,            -- text: may be larger than the integers of SQLite
        isolation TEXT NOT NULL,
        grader_version TEXT NOT NULL,
        torch_version TEXT NOT NULL,
        machine TEXT NOT NULL
    """,
    "chosen_terms": """
        id INTEGER PRIMARY KEY,
        terms TEXT NOT NULL REFERENCES terms,
        chosen TEXT NOT NULL
    """,
    # What a rubric asks for: written with the first result under it.
    "assignments": """
        rubric_hash TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        max_points TEXT NOT NULL
    """,
    "parts": """
        rubric_hash TEXT NOT NULL REFERENCES assignments,
        place INTEGER NOT NULL,
        part TEXT NOT NULL,
        title TEXT NOT NULL,
        max_points TEXT NOT NULL,
        PRIMARY KEY (rubric_hash, place)
    """,
    "criteria": """
        rubric_hash TEXT NOT NULL REFERENCES assignments,
        place INTEGER NOT NULL,
        criterion TEXT NOT NULL,
        part TEXT NOT NULL,
        title TEXT NOT NULL,
        max_points TEXT NOT NULL,
        PRIMARY KEY (rubric_hash, place)
    """,
    # What came of grading.
    "results": """
        id INTEGER PRIMARY KEY,
        student TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        terms TEXT NOT NULL REFERENCES terms,
        status TEXT NOT NULL CHECK (status IN ('graded', 'unreadable', 'failed')),
        reason TEXT NOT NULL,
        occasion TEXT NOT NULL CHECK (occasion IN ('batch', 'again', 'regrade')),
        points TEXT,
        max_points TEXT,
        seconds REAL NOT NULL,
        host TEXT NOT NULL,
        recorded TEXT NOT NULL,
        grader_version TEXT NOT NULL,
        rubric_hash TEXT NOT NULL,
        data TEXT NOT NULL,            -- JSON: which images stood for what
        seed TEXT NOT NULL,
        device TEXT NOT NULL,
        torch_version TEXT NOT NULL,
        isolation TEXT NOT NULL,
        CHECK ((status = 'graded') = (points IS NOT NULL AND max_points IS NOT NULL))
    """,
    "verdicts": """
        result INTEGER NOT NULL REFERENCES results,
        place INTEGER NOT NULL,
        criterion TEXT NOT NULL,
        points TEXT NOT NULL,
        max_points TEXT NOT NULL,
        outcome TEXT NOT NULL,
        review TEXT NOT NULL,
        why TEXT NOT NULL,
        look_at TEXT,
        PRIMARY KEY (result, place)
    """,
    "documents": """
        result INTEGER PRIMARY KEY REFERENCES results,
        document BLOB NOT NULL         -- the JSON report, compressed with zlib
    """,
    # What people say. The last override of a criterion holds; one without points withdraws it.
    "overrides": """
        id INTEGER PRIMARY KEY,
        student TEXT NOT NULL,
        criterion TEXT NOT NULL,
        points TEXT,
        reason TEXT NOT NULL,
        author TEXT NOT NULL,
        made TEXT NOT NULL
    """,
    "comments": """
        id INTEGER PRIMARY KEY,
        student TEXT NOT NULL,
        criterion TEXT NOT NULL,       -- empty: the whole
        text TEXT NOT NULL,
        author TEXT NOT NULL,
        made TEXT NOT NULL
    """,
}

_INDEXES = (
    "CREATE UNIQUE INDEX one_attempt_counts ON attempts (intake, student) WHERE counts",
    "CREATE INDEX results_of_content ON results (student, content_hash, terms)",
    "CREATE INDEX overrides_of_student ON overrides (student, criterion)",
)

_VIEWS = {
    "current_results": """
        SELECT * FROM results WHERE id IN (
            -- the last one; a fault of the grader hides nothing that it found out before
            SELECT coalesce(max(results.id) FILTER (WHERE status != 'failed'), max(results.id))
            FROM attempts JOIN results USING (student, content_hash)
            WHERE attempts.intake = (SELECT max(id) FROM intakes) AND attempts.counts
            GROUP BY student
        )
    """,
    "current_overrides": """
        SELECT * FROM overrides
        WHERE id IN (SELECT max(id) FROM overrides GROUP BY student, criterion) AND points IS NOT NULL
    """,
    # For people who ask with SQL: points as numbers.
    "marks": """
        SELECT
            current_results.student,
            verdicts.criterion,
            CAST(substr(verdicts.points, 1, instr(verdicts.points, '/') - 1) AS REAL)
                / substr(verdicts.points, instr(verdicts.points, '/') + 1) AS machine_points,
            CAST(substr(current_overrides.points, 1, instr(current_overrides.points, '/') - 1) AS REAL)
                / substr(current_overrides.points, instr(current_overrides.points, '/') + 1) AS override_points,
            CAST(substr(verdicts.max_points, 1, instr(verdicts.max_points, '/') - 1) AS REAL)
                / substr(verdicts.max_points, instr(verdicts.max_points, '/') + 1) AS max_points,
            verdicts.outcome,
            verdicts.review,
            verdicts.why,
            verdicts.look_at
        FROM current_results
        JOIN verdicts ON verdicts.result = current_results.id
        LEFT JOIN current_overrides
            ON current_overrides.student = current_results.student AND current_overrides.criterion = verdicts.criterion
    """,
}


def _first_tables(connection: sqlite3.Connection) -> None:
    """Version 1. Every table only grows: a mark that was once given can always be shown, and who changed it."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TABLE {name} ({columns}){' WITHOUT ROWID' if name == 'verdicts' else ''}")
        for verb in ("UPDATE", "DELETE"):
            refusal = f"SELECT RAISE(ABORT, 'the gradebook only grows: no {verb} on {name}; add a row that corrects it')"
            connection.execute(f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} BEGIN {refusal}; END")
    for index in _INDEXES:
        connection.execute(index)
    for name, query in _VIEWS.items():
        connection.execute(f"CREATE VIEW {name} AS {query}")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first_tables,)


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Take the steps that a file of ``version`` has not seen. To be called within a transaction: all of them or none."""
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        step(connection)
        connection.execute(f"PRAGMA user_version = {number}")
