"""Texts made harmless, numbers made readable."""

import math
from fractions import Fraction

import pytest

from grader.records import Fault, message
from grader.report import text


def test_clean_writes_out_what_could_be_interpreted() -> None:
    assert text.clean("a\x1b[0m\u202eb\ud800\r\nc\td") == "a\\u001b[0m\\u202eb\\ud800\nc\td"


def test_clean_leaves_all_languages_alone() -> None:
    assert text.clean("Свёрточная сеть · 卷积 · é") == "Свёрточная сеть · 卷积 · é"


@pytest.mark.parametrize("broken", [message("{gone}", x=1), message("{x:d}", x=math.nan), message("{x.y}", x=1), message("{", x=1)])
def test_message_that_does_not_fit_its_values_gives_its_template(broken: object) -> None:
    assert text.say(broken) == broken.template  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "shown"), [(Fraction(2), "2"), (Fraction(5, 2), "2.5"), (Fraction(1, 3), "0.33"), (Fraction(100), "100")]
)
def test_points(value: Fraction, shown: str) -> None:
    assert text.points(value) == shown


def test_share_without_a_whole_is_nothing() -> None:
    assert text.share(Fraction(0), Fraction(0)) == 0
    assert text.share(Fraction(3), Fraction(2)) == 1


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, None, "x", 10**400])
def test_what_is_no_finite_number_is_none(odd: object) -> None:
    assert text.finite(odd) is None
    assert text.percent(odd) == "–"
    assert text.seconds(odd) == "–"


@pytest.mark.parametrize(("value", "shown"), [(0.42, "0.4 s"), (12.3, "12 s"), (185.0, "3 min 5 s")])
def test_seconds(value: float, shown: str) -> None:
    assert text.seconds(value) == shown


def test_compact() -> None:
    assert [text.compact(value) for value in (0, 950, 12_345, 4_567_890)] == ["0", "950", "12.3 k", "4.57 M"]


def test_fault_says_what_where_and_what_helps() -> None:
    fault = Fault("error", "fc3 is not defined", "models/fc_models.py", 12, None, "Define it in `__init__`.")
    assert text.fault_text(fault) == "fc3 is not defined (models/fc_models.py:12). Define it in `__init__`."
