"""A folder of submissions: what is taken, whose it is, which attempt counts; nothing is dropped and nothing is followed."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cohort.found import Found
from grader.cohort.intake import read_intake
from grader.cohort.matching import Doubt, Roster
from grader.cohort.names import safe_name
from grader.cohort.records import Student
from grader.errors import InputError
from tests.cohort.shelf import DEADLINE, LATE, counting, fill, pack, reasons, take, texts

CODE: dict[str, str | bytes] = {"homework.py": "x = 1\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "submissions", {})


# --- what is taken ---------------------------------------------------------------------------------------------------


def test_folders_archives_and_notebooks_are_each_a_student(folder: Path) -> None:
    fill(folder, {"anna/homework.py": "", "clara.ipynb": "{}", "dora.py": "x", "emil.rar": b"Rar!", "fay.tar.gz": b"", "gil/": ""})
    pack(folder / "boris.ZIP", CODE)
    intake = take(folder)
    assert [student.id for student in intake.students] == ["anna", "boris", "clara", "dora", "emil", "fay", "gil"]
    sources = {attempt.student: attempt.source for attempt in intake.attempts}
    assert sources["anna"] == folder / "anna" and sources["boris"] == folder / "boris.ZIP" and sources["emil"] == folder / "emil.rar"
    assert texts(sources["clara"]) == {"clara.ipynb": "{}"} and texts(sources["dora"]) == {"dora.py": "x"}
    assert not intake.unmatched and all(attempt.counts and attempt.handed_in is None for attempt in intake.attempts)


def test_of_a_folder_that_holds_but_an_archive_the_archive_is_graded(folder: Path) -> None:
    pack(fill(folder / "anna", {"report.pdf": b"", ".DS_Store": b""}) / "work.zip", CODE)
    pack(fill(folder / "boris", {"net.py": ""}) / "data.zip", CODE)
    pack(pack(folder / "clara" / "one.zip", CODE).with_name("two.zip"), CODE)
    sources = {attempt.student: attempt.source.name for attempt in take(folder).attempts}
    assert sources == {"anna": "work.zip", "boris": "boris", "clara": "clara"}


def test_what_systems_and_instructors_leave_is_no_submission(folder: Path, tmp_path: Path) -> None:
    litter = {".DS_Store": "", "Thumbs.db": "", "__MACOSX/anna": "", ".git/HEAD": "", "roster.csv": "id", "late.toml": "", "anna/a.py": ""}
    fill(folder, dict(litter))
    (folder / "people.csv").write_text("id\nanna\n")
    work = folder / "grades" / "work"
    work.mkdir(parents=True)
    intake = read_intake(folder, roster=folder / "people.csv", late=None, work=work)
    assert counting(intake) == {"anna": "anna"} and not intake.unmatched


def test_what_is_no_submission_is_listed(folder: Path, tmp_path: Path) -> None:
    fill(folder, {"anna/a.py": "", "notes.txt": "", "scan.pdf": b"", ".doe/a.py": "", "venv/a.py": ""})
    (folder / "linked").symlink_to(tmp_path)
    (folder / "linked.zip").symlink_to(tmp_path / "any.zip")
    os.mkfifo(folder / "pipe")
    intake = take(folder)
    assert counting(intake) == {"anna": "anna"}
    said = reasons(intake)
    assert set(said) == {"notes.txt", "scan.pdf", "linked", "linked.zip", "pipe", ".doe", "venv"}
    assert "hidden" in said[".doe"]
    assert "link" in said["linked"] and "no file" in said["pipe"] and "notebook" in said["scan.pdf"]


def test_what_is_no_intake_is_refused_in_one_sentence(tmp_path: Path) -> None:
    empty = fill(tmp_path / "empty", {".hidden": ""})
    picture = fill(tmp_path, {"scan.pdf": b""}) / "scan.pdf"
    for source, words in ((tmp_path / "nowhere", "not there"), (picture, "no intake"), (empty, "no submission in")):
        with pytest.raises(InputError, match=words):
            take(source)


def test_an_empty_folder_with_a_roster_is_a_cohort_that_handed_nothing_in(folder: Path) -> None:
    intake = take(folder, "id,name,group\na,Anna,g1\nb,Boris,\n")
    assert intake.students == (Student("a", "Anna", "g1"), Student("b", "Boris")) and not intake.attempts


# --- hostile names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["a\nb", "\x1b[31mred", "a..", "<script>x<", "$(reboot)", "-rf", "a\u202egpj", "ж" * 120, "=cmd()", "con", "a;b,c"]
)
@pytest.mark.parametrize("suffix", ["", ".py"])
def test_hostile_names_are_taken_and_become_no_paths(tmp_path: Path, folder: Path, name: str, suffix: str) -> None:
    path = folder / (name + suffix)
    fill(path, CODE) if not suffix else path.write_text("x = 1\n")
    intake = take(folder)
    (attempt,) = intake.attempts
    assert "\n" not in attempt.student + attempt.label and "\x1b" not in attempt.student + attempt.label
    assert list(texts(attempt.source).values()) == ["x = 1\n"]
    made = [each.relative_to(tmp_path / "work") for each in (tmp_path / "work").rglob("*") if each.is_dir()]
    assert all(part == safe_name(part) or "~" in part for each in made for part in each.parts)
    assert {each.name for each in tmp_path.iterdir()} <= {"submissions", "work"}


def test_a_name_that_is_no_text_is_a_student_too(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe")).mkdir()
    intake = take(folder)
    assert intake.students[0].id.encode() and intake.attempts[0].source.is_dir()


# --- whose it is -----------------------------------------------------------------------------------------------------

PEOPLE = "id,name\ndoe,Jane Doe\nroe,Zoë Rœ\nivanov,Иванов Иван Петрович\nsmith1,Ann Smith\nsmith2,Ann Smith\nX-7,\n"


@pytest.mark.parametrize(
    ("entry", "student"),
    [
        ("doe", "doe"),
        ("DOE", "doe"),
        ("x-7", "X-7"),
        ("Jane Doe", "doe"),
        ("doe_jane", "doe"),
        ("DoeJane", "doe"),
        ("zoe roe", "roe"),
        ("Иван Иванов", "ivanov"),
        ("HW4 Doe Jane", "doe"),
        ("smith2", "smith2"),
    ],
)
def test_a_submission_is_matched_by_id_or_name(folder: Path, entry: str, student: str) -> None:
    fill(folder / entry, CODE)
    intake = take(folder, PEOPLE)
    assert counting(intake) == {student: entry} and not intake.unmatched
    assert [one.id for one in intake.students] == ["doe", "roe", "ivanov", "smith1", "smith2", "X-7"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("Ann Smith", ["Ann Smith (smith1)", "Ann Smith (smith2)", "attempts.csv"]),
        ("jane doo", ["nobody", "nearest: Jane Doe (doe)"]),
        ("Jane", ["nobody"]),
        ("Иван", ["nobody"]),
        ("qqqqqq", ["nobody", "correct the roster"]),
        ("Jane Smith", ["nobody"]),
    ],
)
def test_what_fits_nobody_or_two_is_listed_with_the_reason(folder: Path, entry: str, words: list[str]) -> None:
    fill(folder / entry, CODE)
    intake = take(folder, PEOPLE)
    assert not intake.attempts and len(intake.students) == 6
    assert all(word in reasons(intake)[entry] for word in words), intake.unmatched


def test_ids_that_differ_in_case_only_are_two_students(folder: Path) -> None:
    for entry in ("ab", "AB", "Ab"):
        fill(folder / entry, CODE)
    intake = take(folder, "id\nab\nAB\n")
    assert counting(intake) == {"ab": "ab", "AB": "AB"} and set(reasons(intake)) == {"Ab"}


def test_what_an_instructor_states_wins(folder: Path) -> None:
    for entry in ("doe", "final", "final2"):
        fill(folder / entry, CODE)
    fill(folder, {"attempts.csv": "source,id\ndoe,roe\nfinal,doe\nfinal2,nobody\nabsent,doe\n"})
    intake = take(folder, PEOPLE)
    assert counting(intake) == {"roe": "doe", "doe": "final"}
    assert "not in the roster" in reasons(intake)["final2"] and "line 5 of attempts.csv" in reasons(intake)["absent"]


# --- which attempt counts --------------------------------------------------------------------------------------------


def hours(after: float) -> str:
    return (DEADLINE + timedelta(hours=after)).isoformat()


@pytest.mark.parametrize(
    ("times", "counts"),
    [
        ({"one": -5, "two": -1}, "two"),
        ({"one": -1, "two": -5}, "one"),
        ({"one": -1, "two": 1}, "one"),
        ({"one": -1, "two": 0.1}, "two"),
        ({"one": 1, "two": 2}, "two"),
        ({"one": -1, "two": None}, "one"),
        ({"one": 30, "two": None}, "two"),
        ({"one": -9, "two": 0, "three": 5}, "two"),
    ],
    ids=["last", "last by time", "on time", "within the grace", "all late", "of unknown time", "unknown is not late", "of three"],
)
def test_the_last_on_time_counts_else_the_last(folder: Path, times: dict[str, float | None], counts: str) -> None:
    for entry in times:
        fill(folder / entry, CODE)
    lines = [f"{entry},doe,{hours(after) if after is not None else ''}" for entry, after in times.items()]
    fill(folder, {"attempts.csv": "\n".join(["source,id,handed_in", *lines])})
    intake = take(folder, late=LATE)
    assert counting(intake) == {"doe": counts} and len(intake.attempts) == len(times) and not intake.unmatched
    known = [attempt.handed_in for attempt in intake.attempts if attempt.handed_in]
    assert known == sorted(known)


def test_without_a_deadline_the_last_counts(folder: Path) -> None:
    fill(folder, {"one/a.py": "", "two/a.py": "", "attempts.csv": f"source,id,handed_in\none,a,{hours(500)}\ntwo,a,{hours(-5)}\n"})
    assert counting(take(folder)) == {"a": "one"}


def test_a_deadline_of_ones_own_wins(folder: Path) -> None:
    stated = "".join(f"{entry},{entry[0]},{hours(after)}\n" for entry, after in (("a1", -1), ("a2", 40), ("b1", -1), ("b2", 40)))
    fill(folder, {f"{entry}/a.py": "" for entry in ("a1", "a2", "b1", "b2")})
    fill(folder, {"attempts.csv": f"source,id,handed_in\n{stated}"})
    people = f"id,deadline\na,{hours(48)}\nb,\n"
    assert counting(take(folder, people, LATE)) == {"a": "a2", "b": "b1"}
    assert counting(take(folder, people)) == {"a": "a2", "b": "b2"}


@pytest.mark.parametrize("time", ["", hours(-1)])
def test_two_that_claim_one_student_at_one_time_are_both_listed(folder: Path, time: str) -> None:
    pack(fill(folder / "doe", CODE).with_name("doe.zip"), CODE)
    fill(folder, {"attempts.csv": f"source,handed_in\ndoe,{time}\ndoe.zip,{time}\n"})
    intake = take(folder, late=LATE)
    assert [attempt.label for attempt in intake.attempts] == ["doe", "doe.zip"] and counting(intake) == {"doe": "doe.zip"}
    assert "doe.zip counts" in reasons(intake)["doe"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-3, 3) | st.none()), min_size=1, max_size=7), st.data())
def test_nothing_is_dropped_and_one_of_each_counts(
    tmp_path_factory: pytest.TempPathFactory, handed: list[tuple[str, int | None]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cohort") / "submissions"
    lines = [f"s{number},{student},{'' if after is None else hours(after)}" for number, (student, after) in enumerate(handed)]
    fill(folder, {f"s{number}/a.py": "" for number in range(len(handed))})
    fill(folder, {"attempts.csv": "\n".join(["source,id,handed_in", *data.draw(st.permutations(lines))])})
    intake = take(folder, data.draw(st.sampled_from([None, "id\na\nb\n"])), LATE)
    counts = counting(intake)
    listed = {attempt.label for attempt in intake.attempts} | {one.label for one in intake.unmatched}
    assert listed == {f"s{number}" for number in range(len(handed))}
    for student, label in counts.items():
        times = [after for owner, after in handed if owner == student and after is not None and after <= 0]
        counted = handed[int(label[1:])][1]
        assert counted == max(times) if times else counted is None or all(after is not None for owner, after in handed if owner == student)


def test_five_thousand_are_matched_in_seconds() -> None:
    students = [Student(f"id{number}", f"Name{number} Family{number % 900}") for number in range(5000)]
    started = time.process_time()
    roster = Roster(students)
    for student in students:
        assert roster.whose(Found("x", ("x",), name=f"{student.name} {student.id}")) == student
    for number in range(200):
        assert isinstance(roster.whose(Found("x", (f"nam{number} persin",))), Doubt)
    seconds = time.process_time() - started
    print(f"5,000 students matched, 200 unmatched: {seconds:.2f} s of processor time")
    assert seconds < 10
