"""submission.toml: what it states wins, what it cannot mean is told with file and key, what the grader writes it reads again."""

from __future__ import annotations

import json
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from grader.discovery.declared import FILE, as_toml, declared
from grader.errors import InputError
from grader.records import Fault, RoleCard, message
from grader.submission import Submission, open_submission
from tests.checks.graph_work import rubric
from tests.folders import write

WHOLE = rubric(["net", "other"])


def handed_in(root: Path, text: str | None) -> Submission:
    files = {"net.py": "class Mine: ..."} | ({} if text is None else {FILE: text})
    return open_submission(write(root, files))


def test_without_the_file_nothing_is_stated(tmp_path: Path) -> None:
    assert declared(handed_in(tmp_path, None), WHOLE) == {}


def test_a_role_is_filled_as_it_says(tmp_path: Path) -> None:
    arguments = 'arguments = { width = [3, 4], block = { "$ref" = "net.py:Block" } }'
    text = f'[roles.net]\ncandidate = "net.py:make.Mine"\n{arguments}\nshape = [1, 28, 28]\n'
    (match,) = declared(handed_in(tmp_path, text), WHOLE).values()
    assert (match.role, match.file, match.name, match.confidence, match.shape) == ("net", "net.py", "make.Mine", 1.0, (1, 28, 28))
    assert match.arguments == {"width": [3, 4], "block": {"$ref": "net.py:Block"}}
    assert match.candidate == "net.py:make.Mine"


def _toml(arguments: Any, shape: Any) -> str:
    stated = {"candidate": "net.py:Mine", "arguments": {"x": arguments}, "shape": shape}
    return tomli_w.dumps({"roles": {"net": {key: value for key, value in stated.items() if _has_no_none(value)}}})


def _has_no_none(value: Any) -> bool:
    """TOML has no null."""
    if isinstance(value, dict):
        return all(map(_has_no_none, value.values()))
    return all(map(_has_no_none, value)) if isinstance(value, list) else value is not None


WRONG = {
    "no TOML": ("[roles", "no valid TOML"),
    "an unknown role": ('[roles.nett]\ncandidate = "net.py:Mine"', '"nett"; the roles are net, other'),
    "no candidate": ("[roles.net]\narguments = {}", "roles > net > candidate"),
    "no class": ('[roles.net]\ncandidate = "net.py"', "roles > net > candidate"),
    "a typo": ('[roles.net]\ncandidate = "net.py:Mine"\nargument = {}', "roles > net > argument"),
    "a date": ('[roles.net]\ncandidate = "net.py:Mine"\narguments = { x = 2020-01-01 }', "a date is no argument"),
    "infinity": ('[roles.net]\ncandidate = "net.py:Mine"\narguments = { x = [nan] }', "finite"),
    "a giant number": ('[roles.net]\ncandidate = "net.py:Mine"\narguments = { x = 0x' + "F" * 6000 + " }", "64 bits"),
    "a nested one": ('[roles.net]\ncandidate = "net.py:Mine"\narguments = { x = ' + "[" * 20 + "]" * 20 + " }", "nested 16 times"),
    "a side of nothing": ('[roles.net]\ncandidate = "net.py:Mine"\nshape = [0, 8, 8]', "roles > net > shape > 0"),
    "a giant sample": ('[roles.net]\ncandidate = "net.py:Mine"\nshape = [512, 512, 512]', "1,048,576 numbers at most"),
    "a deep one": ("x = " + "[" * 5000 + "]" * 5000, "no valid TOML"),
}


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_meant_so_is_told_with_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        declared(handed_in(tmp_path, text), WHOLE)
    assert FILE in str(caught.value) and told in str(caught.value)


WORDS = st.text(st.sampled_from('[]{}=."\n ro1-:_x#'), max_size=60)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(text=WORDS | st.builds(_toml, VALUES, VALUES))
def test_whatever_stands_there_is_read_or_told(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    with suppress(InputError):
        for match in declared(handed_in(tmp_path_factory.mktemp("any"), text), WHOLE).values():
            json.dumps(match.arguments, allow_nan=False)
            assert all(1 <= side <= 4096 for side in match.shape or ())


def card(role: str, arguments: dict[str, Any], candidate: str | None = "net.py:Mine", shape: tuple[int, ...] | None = None) -> RoleCard:
    fault = None if candidate else Fault("missing", "nothing")
    return RoleCard(role, "a net", "1", candidate, arguments, 1.0, message("there"), fault, shape=shape)


PLAIN = st.recursive(
    st.integers(-(2**60), 2**60)
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), PLAIN, max_size=4))
def test_what_is_written_is_read_again(arguments: dict[str, Any]) -> None:
    read = tomllib.loads(as_toml([card("net", arguments, shape=(1, 28, 28))]))["roles"]["net"]
    assert read.get("arguments", {}) == arguments and read["shape"] == [1, 28, 28] and read["candidate"] == "net.py:Mine"


def test_a_role_that_nothing_fills_is_a_comment_and_none_is_left_to_the_default() -> None:
    text = as_toml([card("net", {"width": None, "depth": 3}), card("other", {}, candidate=None)])
    assert tomllib.loads(text)["roles"] == {"net": {"candidate": "net.py:Mine", "arguments": {"depth": 3}}}
    assert "# [roles.other]: nothing was found" in text
