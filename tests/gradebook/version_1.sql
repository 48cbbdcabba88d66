-- A gradebook of version 1, as text. Never changed: files like this are in the world.

PRAGMA application_id = 1196572996;
PRAGMA user_version = 1;

CREATE TABLE intakes (
        id INTEGER PRIMARY KEY,
        taken TEXT NOT NULL
    );

CREATE TRIGGER intakes_no_update BEFORE UPDATE ON intakes BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on intakes; add a row that corrects it'); END;

CREATE TRIGGER intakes_no_delete BEFORE DELETE ON intakes BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on intakes; add a row that corrects it'); END;

CREATE TABLE students (
        intake INTEGER NOT NULL REFERENCES intakes,
        student TEXT NOT NULL,
        name TEXT NOT NULL,
        study_group TEXT NOT NULL,
        deadline TEXT,                 -- of one's own
        lms_id TEXT NOT NULL,
        PRIMARY KEY (intake, student)
    );

CREATE TRIGGER students_no_update BEFORE UPDATE ON students BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on students; add a row that corrects it'); END;

CREATE TRIGGER students_no_delete BEFORE DELETE ON students BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on students; add a row that corrects it'); END;

CREATE TABLE attempts (
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
    );

CREATE TRIGGER attempts_no_update BEFORE UPDATE ON attempts BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on attempts; add a row that corrects it'); END;

CREATE TRIGGER attempts_no_delete BEFORE DELETE ON attempts BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on attempts; add a row that corrects it'); END;

CREATE TABLE unmatched (
        id INTEGER PRIMARY KEY,
        intake INTEGER NOT NULL REFERENCES intakes,
        label TEXT NOT NULL,
        reason TEXT NOT NULL
    );

CREATE TRIGGER unmatched_no_update BEFORE UPDATE ON unmatched BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on unmatched; add a row that corrects it'); END;

CREATE TRIGGER unmatched_no_delete BEFORE DELETE ON unmatched BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on unmatched; add a row that corrects it'); END;

CREATE TABLE terms (
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
    );

CREATE TRIGGER terms_no_update BEFORE UPDATE ON terms BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on terms; add a row that corrects it'); END;

CREATE TRIGGER terms_no_delete BEFORE DELETE ON terms BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on terms; add a row that corrects it'); END;

CREATE TABLE chosen_terms (
        id INTEGER PRIMARY KEY,
        terms TEXT NOT NULL REFERENCES terms,
        chosen TEXT NOT NULL
    );

CREATE TRIGGER chosen_terms_no_update BEFORE UPDATE ON chosen_terms BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on chosen_terms; add a row that corrects it'); END;

CREATE TRIGGER chosen_terms_no_delete BEFORE DELETE ON chosen_terms BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on chosen_terms; add a row that corrects it'); END;

CREATE TABLE assignments (
        rubric_hash TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        max_points TEXT NOT NULL
    );

CREATE TRIGGER assignments_no_update BEFORE UPDATE ON assignments BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on assignments; add a row that corrects it'); END;

CREATE TRIGGER assignments_no_delete BEFORE DELETE ON assignments BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on assignments; add a row that corrects it'); END;

CREATE TABLE parts (
        rubric_hash TEXT NOT NULL REFERENCES assignments,
        place INTEGER NOT NULL,
        part TEXT NOT NULL,
        title TEXT NOT NULL,
        max_points TEXT NOT NULL,
        PRIMARY KEY (rubric_hash, place)
    );

CREATE TRIGGER parts_no_update BEFORE UPDATE ON parts BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on parts; add a row that corrects it'); END;

CREATE TRIGGER parts_no_delete BEFORE DELETE ON parts BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on parts; add a row that corrects it'); END;

CREATE TABLE criteria (
        rubric_hash TEXT NOT NULL REFERENCES assignments,
        place INTEGER NOT NULL,
        criterion TEXT NOT NULL,
        part TEXT NOT NULL,
        title TEXT NOT NULL,
        max_points TEXT NOT NULL,
        PRIMARY KEY (rubric_hash, place)
    );

CREATE TRIGGER criteria_no_update BEFORE UPDATE ON criteria BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on criteria; add a row that corrects it'); END;

CREATE TRIGGER criteria_no_delete BEFORE DELETE ON criteria BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on criteria; add a row that corrects it'); END;

CREATE TABLE results (
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
    );

CREATE TRIGGER results_no_update BEFORE UPDATE ON results BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on results; add a row that corrects it'); END;

CREATE TRIGGER results_no_delete BEFORE DELETE ON results BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on results; add a row that corrects it'); END;

CREATE TABLE verdicts (
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
    ) WITHOUT ROWID;

CREATE TRIGGER verdicts_no_update BEFORE UPDATE ON verdicts BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on verdicts; add a row that corrects it'); END;

CREATE TRIGGER verdicts_no_delete BEFORE DELETE ON verdicts BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on verdicts; add a row that corrects it'); END;

CREATE TABLE documents (
        result INTEGER PRIMARY KEY REFERENCES results,
        document BLOB NOT NULL         -- the JSON report, compressed with zlib
    );

CREATE TRIGGER documents_no_update BEFORE UPDATE ON documents BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on documents; add a row that corrects it'); END;

CREATE TRIGGER documents_no_delete BEFORE DELETE ON documents BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on documents; add a row that corrects it'); END;

CREATE TABLE overrides (
        id INTEGER PRIMARY KEY,
        student TEXT NOT NULL,
        criterion TEXT NOT NULL,
        points TEXT,
        reason TEXT NOT NULL,
        author TEXT NOT NULL,
        made TEXT NOT NULL
    );

CREATE TRIGGER overrides_no_update BEFORE UPDATE ON overrides BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on overrides; add a row that corrects it'); END;

CREATE TRIGGER overrides_no_delete BEFORE DELETE ON overrides BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on overrides; add a row that corrects it'); END;

CREATE TABLE comments (
        id INTEGER PRIMARY KEY,
        student TEXT NOT NULL,
        criterion TEXT NOT NULL,       -- empty: the whole
        text TEXT NOT NULL,
        author TEXT NOT NULL,
        made TEXT NOT NULL
    );

CREATE TRIGGER comments_no_update BEFORE UPDATE ON comments BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no UPDATE on comments; add a row that corrects it'); END;

CREATE TRIGGER comments_no_delete BEFORE DELETE ON comments BEGIN SELECT RAISE(ABORT, 'the gradebook only grows: no DELETE on comments; add a row that corrects it'); END;

CREATE UNIQUE INDEX one_attempt_counts ON attempts (intake, student) WHERE counts;

CREATE INDEX results_of_content ON results (student, content_hash, terms);

CREATE INDEX overrides_of_student ON overrides (student, criterion);

CREATE VIEW current_results AS 
        SELECT * FROM results WHERE id IN (
            -- the last one; a fault of the grader hides nothing that it found out before
            SELECT coalesce(max(results.id) FILTER (WHERE status != 'failed'), max(results.id))
            FROM attempts JOIN results USING (student, content_hash)
            WHERE attempts.intake = (SELECT max(id) FROM intakes) AND attempts.counts
            GROUP BY student
        );

CREATE VIEW current_overrides AS 
        SELECT * FROM overrides
        WHERE id IN (SELECT max(id) FROM overrides GROUP BY student, criterion) AND points IS NOT NULL;

CREATE VIEW marks AS 
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
            ON current_overrides.student = current_results.student AND current_overrides.criterion = verdicts.criterion;

INSERT INTO intakes VALUES (1, '2026-11-01T08:00:00+00:00');
INSERT INTO students VALUES (1, 'ada', 'Ada Lovelace', 'B2', '2026-11-25T23:59:00+03:00', '4711');
INSERT INTO students VALUES (1, 'bob', 'Bob', '', NULL, '');
INSERT INTO attempts VALUES (1, 1, 'ada', 'ada.zip', '/work/ada.zip', '2026-11-19T10:00:00+03:00', 1, 'c0ffee');
INSERT INTO unmatched VALUES (1, 1, 'who.zip', 'nobody has this id');
INSERT INTO terms VALUES ('k1', 'title = "Lesson 4"', 'rubric-1', 'quick', 'auto', '', '1180591620717411303425', 'best', '0.2.0', '2.15.0', 'Linux x86_64 avx2');
INSERT INTO chosen_terms VALUES (1, 'k1', '2026-11-01T08:00:00+00:00');
INSERT INTO assignments VALUES ('rubric-1', 'Lesson 4', '10/1');
INSERT INTO parts VALUES ('rubric-1', 0, '1', 'Networks', '10/1');
INSERT INTO criteria VALUES ('rubric-1', 0, '1.net', '1', 'It has layers', '4/1');
INSERT INTO criteria VALUES ('rubric-1', 1, '1.accuracy', '1', 'It learns', '6/1');
INSERT INTO results VALUES (1, 'ada', 'c0ffee', 'k1', 'graded', '', 'batch', '11/2', '10/1', 30.5, 'host', '2026-11-01T08:01:00+00:00', '0.2.0', 'rubric-1', '{}', '7', 'cpu', '2.15.0', 'best');
INSERT INTO verdicts VALUES (1, 0, '1.net', '5/2', '4/1', 'partial', 'required', 'three of five', 'net.py:3');
INSERT INTO verdicts VALUES (1, 1, '1.accuracy', '3/1', '6/1', 'partial', 'none', 'half of it', NULL);
INSERT INTO documents VALUES (1, X'789cab562a4b2d2acecccf53b25230ac0500269604ce');
INSERT INTO overrides VALUES (1, 'ada', '1.net', '4/1', 'shown in class', 'tutor', '2026-11-02T08:00:00+00:00');
INSERT INTO comments VALUES (1, 'ada', '', 'Well done', 'tutor', '2026-11-02T08:00:00+00:00');
