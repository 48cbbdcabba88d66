"""The same reason of many students is one reason; a cause carries what was skipped for it."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

import pytest

from grader.cohort.records import Cohort
from grader.records import Outcome
from grader.report.cohort.reasons import common, reasons
from tests.report.cohort.conftest import HOSTILE, OVERRIDE, cohort_of, failed, graded, mark, marks, passed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2 counted (fc1, fc2)", "13 counted (a)"),
        ("models/cnn.py:31: no such layer", "net.py:7: no such layer"),
        ("19.7 % above the smallest", "5 % above the smallest"),
        ("stated (a, b); drawn (c)", "stated (x); drawn (y, z)"),
        ("stated (a, b", "stated (a, b, c)"),  # cut off within the brackets
    ],
)
def test_what_is_a_students_own_does_not_part_reasons(one: str, other: str) -> None:
    assert common(one) == common(other)


@pytest.mark.parametrize(("one", "other"), [("stated (a)", "drawn (a)"), ("no training", "no network")])
def test_other_words_are_other_reasons(one: str, other: str) -> None:
    assert common(one) != common(other)


def test_reasons_count_students_and_points(seven: Cohort) -> None:
    found = [(one.head.criterion, one.words, one.students, one.lost) for one in reasons(seven)]
    assert found == [
        ("1.network", "3 counted (a, b)", 2, 6),  # as often as the other's words, and later in the alphabet
        ("1.learns", "no training", 1, 2),
        ("1.learns", "71.5 % of the images", 1, 1),
    ]


def test_what_was_skipped_is_counted_with_its_cause() -> None:
    why = "net.py: there is no class Net"
    skipped = mark(0, 2, Outcome.SKIPPED, why=why)
    rows = [graded(f"s{n}", "", marks(failed(4, why), skipped, passed(4))) for n in range(3)]
    (found,) = reasons(cohort_of(*rows))
    assert (found.head.criterion, found.students, found.lost, found.others) == ("1.network", 3, 18, ("1.learns",))


def test_a_persons_reason_takes_the_place_of_the_machines() -> None:
    spoken = replace(failed(4, "nothing found"), override=replace(OVERRIDE, points=Fraction(1)))
    (found,) = reasons(cohort_of(graded("s1", "", marks(passed(4), passed(2), spoken))))
    assert (found.words, found.lost) == (OVERRIDE.reason, Fraction(3))


def test_hostile_reasons_are_one_short_line_each(hostile: Cohort) -> None:
    found = reasons(hostile)
    assert len(found) > len(HOSTILE)
    assert all("\n" not in one.words and "\x00" not in one.words and len(one.words) < 300 for one in found)


def test_long_reasons_are_cut_and_say_so_and_stay_one() -> None:
    rows = [graded(f"s{n}", "", marks(failed(4, f"missing ({'layer' * n}) {'word ' * 100}"), passed(2), passed(4))) for n in range(3)]
    (found,) = reasons(cohort_of(*rows))
    assert found.students == 3 and found.words.endswith(" …")


@pytest.mark.parametrize("letter", ["a", "(", ".", "a.", "1", "-", "\\"])
def test_no_reason_takes_long(letter: str) -> None:
    row = graded("s1", "", marks(failed(4, letter * 10**6), passed(2), passed(4)))
    start = time.process_time()
    reasons(cohort_of(row))
    assert time.process_time() - start < 1
