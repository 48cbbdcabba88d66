"""The late policy: what it takes away, and what is said of a file that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.cohort.late import Amount, Late, read_late
from grader.errors import InputError

DUE = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
ALL = """\
deadline = 2026-11-30T23:59:00
zone = "Europe/Berlin"
grace_minutes = 15
per_day = "10%"
cap = 30.5
"""


def policy(**other: Amount | timedelta | None) -> Late:
    return Late(DUE, **{"per_day": Amount(Fraction(2)), **other})  # type: ignore[arg-type]


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "late.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        read_late(written(folder, text))
    return str(caught.value)


# --- days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (timedelta(days=-3), 0),
        (timedelta(0), 0),
        (timedelta(seconds=1), 1),
        (timedelta(hours=24), 1),
        (timedelta(hours=24, microseconds=1), 2),
        (timedelta(days=10), 10),
    ],
)
def test_a_begun_day_is_a_whole_one(after: timedelta, days: int) -> None:
    assert policy().days_late(DUE + after) == days


def test_within_the_grace_is_on_time_and_after_it_days_count_from_the_deadline() -> None:
    late = policy(grace=timedelta(hours=25))
    assert late.days_late(DUE + timedelta(hours=25)) == 0
    assert late.days_late(DUE + timedelta(hours=25, seconds=1)) == 2


def test_a_deadline_of_ones_own_wins() -> None:
    assert policy().days_late(DUE + timedelta(days=3), DUE + timedelta(days=2)) == 1
    assert policy().days_late(DUE - timedelta(hours=1), DUE - timedelta(days=2)) == 2


def test_an_unknown_time_is_not_late() -> None:
    assert policy().days_late(None) == 0


def test_zones_are_compared_as_moments() -> None:
    assert policy().days_late(datetime.fromisoformat("2026-11-30T23:00:00+03:00")) == 0
    assert policy().days_late(datetime.fromisoformat("2026-11-30T23:00:01+03:00")) == 1


# --- points ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "days", "points"),
    [
        (policy(), 0, 0),
        (policy(), 3, 6),
        (policy(), 1000, 50),
        (policy(per_day=Amount(Fraction(1, 10), is_share=True)), 3, 15),
        (policy(cap=Amount(Fraction(5))), 3, 5),
        (policy(cap=Amount(Fraction(1, 5), is_share=True)), 30, 10),
        (policy(cap=Amount(Fraction(500))), 1000, 50),
        (policy(per_day=Amount(Fraction(0))), 9, 0),
    ],
)
def test_points_taken_away_of_fifty(late: Late, days: int, points: int) -> None:
    assert late.taken_away(days, Fraction(50)) == points


AMOUNTS = st.builds(Amount, st.fractions(0, 1), st.booleans())


@given(AMOUNTS, st.one_of(st.none(), AMOUNTS), st.integers(0, 400), st.fractions(0, 100))
def test_never_more_than_there_is_and_never_less_for_another_day(each: Amount, cap: Amount | None, days: int, most: Fraction) -> None:
    late = Late(DUE, each, cap=cap)
    assert 0 <= late.taken_away(days, most) <= late.taken_away(days + 1, most) <= most


@given(st.integers(-400_000, 4_000_000))
def test_days_are_the_smallest_number_that_covers_the_time(seconds: int) -> None:
    days = policy().days_late(DUE + timedelta(seconds=seconds))
    assert days * 86_400 >= seconds and (days == 0 or (days - 1) * 86_400 < seconds)


# --- the file --------------------------------------------------------------------------------------------------------


def test_a_whole_file(tmp_path: Path) -> None:
    late = read_late(written(tmp_path, ALL))
    assert late.deadline == datetime(2026, 11, 30, 22, 59, tzinfo=UTC)
    assert (late.grace, late.per_day, late.cap) == (timedelta(minutes=15), Amount(Fraction(1, 10), True), Amount(Fraction(61, 2)))


def test_the_shortest_file_and_exact_numbers(tmp_path: Path) -> None:
    late = read_late(written(tmp_path, b"\xef\xbb\xbfdeadline = 2026-11-30T23:59:00+03:00\nper_day = 0.1\n"))
    assert late == Late(datetime(2026, 11, 30, 20, 59, tzinfo=UTC), Amount(Fraction(1, 10)))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("deadline = 2026-11-30T23:59:00", ["line 1", "time zone", "+03:00", "zone ="]),
        ("deadline = 2026-11-30", ["line 1", "a date with a time", "it is 2026-11-30"]),
        ('deadline = "tomorrow"', ["line 1", "deadline has to be", "'tomorrow'"]),
        ('zone = "Mars/Olympus"', ["zone", "Europe/Berlin", "'Mars/Olympus'"]),
        ("zone = 3", ["zone has to be", "it is 3"]),
        ('zone = "../../etc/passwd"', ["zone has to be"]),
        ("grace_minutes = -1", ["grace_minutes", "from 0", "it is -1"]),
        ("grace_minutes = 1.5", ["a whole number", "1.5"]),
        ("grace_minutes = true", ["a whole number", "True"]),
        ("grace_minutes = 9999999999", ["a whole number"]),
        ("per_day = -1", ["per_day", '"10%"', "it is -1"]),
        ("per_day = nan", ["per_day", "NaN"]),
        ("per_day = inf", ["per_day", "Infinity"]),
        ("per_day = true", ["per_day", "True"]),
        ('per_day = "101%"', ["per_day", "'101%'"]),
        ('per_day = "10"', ["per_day", "'10'"]),
        ('per_day = "ten"', ["per_day", "'ten'"]),
        ("per_day = 1e400000", ["per_day", "1E+400000"]),
        ("per_day = 1e-999999999", ["per_day", "1E-999999999"]),
        ("cap = [1]", ["cap", "it is [1]"]),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_what_is_allowed(tmp_path: Path, line: str, words: list[str]) -> None:
    key = line.split(" ")[0]
    without = (key, "zone") if key == "deadline" else (key,)
    text = "\n".join([line, *(each for each in ALL.splitlines() if not each.startswith(without))])
    said = refusal(tmp_path, text)
    assert str(tmp_path / "late.toml") in said and "\n" not in said and len(said) < 600
    assert all(word in said for word in words), said


def test_the_line_is_that_of_the_key(tmp_path: Path) -> None:
    assert "line 5: cap has to be" in refusal(tmp_path, ALL.replace("30.5", "false"))


def test_an_unknown_key_is_told_with_the_nearest(tmp_path: Path) -> None:
    said = refusal(tmp_path, ALL + "perday = 1\n")
    assert "line 6" in said and "'perday'" in said and "did you mean per_day?" in said


@pytest.mark.parametrize("key", ["deadline", "per_day"])
def test_a_key_that_is_needed_is_asked_for(tmp_path: Path, key: str) -> None:
    said = refusal(tmp_path, "\n".join(line for line in ALL.splitlines() if not line.startswith(key)))
    assert f"has no {key}" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"deadline = ", "not valid TOML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a" + b"=[" * 9000, "not valid TOML"),
        (b"deadline = 9999-99-99", "not valid"),
    ],
)
def test_a_file_that_is_no_toml(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(tmp_path, content)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_late(tmp_path / "nowhere.toml")
