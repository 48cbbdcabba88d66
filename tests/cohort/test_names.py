"""Names of files made from ids, and names of people compared."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.cohort.names import folded, is_latin, run_together, safe_name, words_of

IDS = st.one_of(st.text(max_size=12), st.text("abAB.~-_@", max_size=8), st.text(min_size=250, max_size=400))


@pytest.mark.parametrize("id", ["ivanov", "s123456", "jane.doe@uni.example", "a", "team_4-b"])
def test_an_id_that_every_system_takes_is_its_own_name(id: str) -> None:
    assert safe_name(id) == id


@pytest.mark.parametrize(
    "id", ["", ".", "..", "../up", "a/b", "a\\b", "con", "NUL", "com1.txt", "lpt9", "Ivanov", "a.", ".a", "a b", "a\nb", "<b>", "a" * 300]
)
def test_any_other_gets_a_digest(id: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]+~[0-9a-f]{24}", safe_name(id))


def test_what_is_left_of_the_id_can_be_read() -> None:
    assert safe_name("Élodie O'Neil").startswith("elodie-o-neil~")
    assert safe_name("Иванов").startswith("student~")


@given(IDS)
@example("\ud800")
def test_a_name_is_portable(id: str) -> None:
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9._@~-]{0,58}[a-z0-9])?", safe_name(id))


@given(IDS, IDS)
@example("Ivanov", "ivanov")
@example("e\u0301", "\u00e9")
@example("a/b", "a-b")
def test_two_ids_never_share_a_name(id: str, other: str) -> None:
    assert (safe_name(id).casefold() == safe_name(other).casefold()) == (id == other)


@given(IDS)
def test_a_name_given_as_an_id_is_not_taken_for_the_other(id: str) -> None:
    made = safe_name(id)
    assert made == id or safe_name(made) != made


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Jane Doe", "DOE, jane"),
        ("Zoë Łukasiewicz", "lukasiewicz zoe"),
        ("Jürgen Groß", "gross jurgen"),
        ("Ёлкин Андрей", "андреи елкин"),
        ("Jane Doe", "Ｊａｎｅ　Ｄｏｅ"),
        ("Mary-Ann O'Hara", "hara o ann mary"),
    ],
)
def test_a_name_is_its_words(name: str, same: str) -> None:
    assert words_of(name) == words_of(same)


@pytest.mark.parametrize("other", ["Jane Roe", "Jane", "Jane Doe Smith", ""])
def test_other_words_are_another_name(other: str) -> None:
    assert words_of("Jane Doe") != words_of(other)


def test_a_name_written_as_one_word() -> None:
    assert run_together("Jane Doe") == {"janedoe", "doejane"}
    assert "doejanemary" in run_together("Jane Mary Doe")
    assert len(run_together("a b c d e f g")) == 7  # not 5,040


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing_that_matters(text: str) -> None:
    assert words_of(folded(text)) == words_of(text)


def test_alphabets() -> None:
    assert is_latin("Zoë Łukasiewicz") and not is_latin("Иван")
