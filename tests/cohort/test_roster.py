"""roster.csv and attempts.csv as people's spreadsheets write them, and what is said where they are wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.cohort.attempts import read_attempts
from grader.cohort.records import Student
from grader.cohort.roster import read_roster
from grader.errors import InputError

ZONE = ZoneInfo("Europe/Moscow")


def roster(folder: Path, content: str | bytes) -> tuple[Student, ...]:
    path = folder / "roster.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_roster(path, ZONE)


def refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        roster(folder, content)
    text = str(caught.value)
    assert "roster.csv" in text and "\n" not in text
    return text


IVANOV = Student("ivanov", "Иванов Иван", "g1", datetime(2026, 12, 5, 23, 59, tzinfo=ZONE))
LINES = ["id,name,group,deadline", "ivanov,Иванов Иван,g1,2026-12-05 23:59", 'doe,"Doe, Jane",,']


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(LINES).encode(),
        b"\xef\xbb\xbf" + "\r\n".join(LINES).encode(),
        "\n".join(LINES).encode("cp1251"),
        '\n\n ID ;Deadline;GROUP;e-mail;name\n\nivanov; 2026-12-05T23:59 ;g1;a@b;"Иванов Иван"\n;;;;\ndoe;;;;Doe, Jane\n'.encode(),
        "id\tname\tgroup\tdeadline\nivanov\tИванов Иван\tg1\t2026-12-05T23:59:00+03:00\ndoe\tDoe, Jane\n".encode(),
    ],
    ids=["utf-8", "mark", "cp1251", "semicolons", "tabs"],
)
def test_a_roster_however_it_was_saved(tmp_path: Path, content: bytes) -> None:
    assert roster(tmp_path, content) == (IVANOV, Student("doe", "Doe, Jane"))


def test_ids_alone_are_enough_and_may_differ_in_case_only(tmp_path: Path) -> None:
    assert [student.id for student in roster(tmp_path, "id\nb\nB\na\n")] == ["b", "B", "a"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["line 1", 'a column "id"', "nothing"]),
        ("name,group\nx,y", ["line 1", 'a column "id"', '"name", "group"']),
        ("ids;name\nx;y", ["line 1", 'is "ids" meant?']),
        ("id,id\nx,y", ["line 1", '"id" 2 times']),
        ("id,name\n", ["no students"]),
        ("id,name\na,x\n,y\n", ["line 3", 'column "id"', "allowed is", 'there is ""']),
        ("id\na\nb\na\n", ["line 4", 'column "id"', "line 2", '"a"']),
        ("id,name\na,Doe, Jane\n", ["line 2", "3 values for 2 columns", "quotes"]),
        ("id,deadline\na,2026-12-05\n", ["line 2", 'column "deadline"', "2026-11-30 23:59", '"2026-12-05"']),
        ("id,deadline\na,5.12.2026 23:59\n", ["line 2", 'column "deadline"', '"5.12.2026 23:59"']),
        ('id,name\na,"x\n', ["line 2", "comma-separated"]),
        ('id\n"a\nb"\n', ["line 3", 'column "id"', r"a\u000ab"]),
        ("id\n" + "a" * 300, ["line 2", "1 to 200"]),
        ("id\na\u202eb", ["line 2", r"\u202e"]),
        ("id\na".encode("utf-16"), ["save the table as CSV"]),
        (b"id\n\0", ["save the table as CSV"]),
        ("id,name\na," + "b" * 200_000, ["line 2", "export it as CSV"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, content: str | bytes, words: list[str]) -> None:
    said = refusal(tmp_path, content)
    assert all(word in said for word in words), said


def test_a_time_of_no_zone_needs_one(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("id,deadline\na,2026-12-05 23:59\n")
    with pytest.raises(InputError, match=r'line 2, column "deadline".*offset.*zone in the late policy'):
        read_roster(path)


def test_a_roster_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_roster(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_roster(tmp_path)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.text('id,nae;\n"\r\t 0\u202e', max_size=60).map(str.encode)))
def test_any_bytes_give_students_or_one_sentence(tmp_path: Path, content: bytes) -> None:
    try:
        assert all(student.id for student in roster(tmp_path, content))
    except InputError as error:
        assert "roster.csv" in str(error) and "\n" not in str(error)


# --- attempts.csv ----------------------------------------------------------------------------------------------------


def attempts(folder: Path, content: str) -> dict[str, tuple[str, datetime | None]]:
    path = folder / "attempts.csv"
    path.write_text(content, encoding="utf-8")
    return {source: (one.student, one.handed_in) for source, one in read_attempts(path, UTC).items()}


def test_each_line_may_say_who_or_when_or_both(tmp_path: Path) -> None:
    stated = attempts(tmp_path, "handed_in,source,id\n2026-11-30 12:00,./a.zip,\n,b\\c/,ivanov\n2026-11-30T12:00+02:00,d,doe\n")
    noon, ten = (datetime(2026, 11, 30, hour, tzinfo=UTC) for hour in (12, 10))
    assert stated == {"a.zip": ("", noon), "b/c": ("ivanov", None), "d": ("doe", ten)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,handed_in\n", 'needs a column "source"'),
        ("source,id\na,x\na,y\n", 'line 3, column "source".*line 2'),
        ("source,handed_in\na,yesterday\n", 'line 2, column "handed_in".*"yesterday"'),
        ("source,id\n,x\n", 'line 2, column "source"'),
    ],
)
def test_a_wrong_line_is_told(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        attempts(tmp_path, content)
