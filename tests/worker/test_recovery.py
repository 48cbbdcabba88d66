"""Texts that do not parse as a whole: the statements that can be read all the same, on their lines."""

from __future__ import annotations

import ast

import pytest

from grader.worker.definitions import blocks
from grader.worker.recovery import recover


def test_blocks_of_a_text_that_parses_are_its_statements_by_first_lines() -> None:
    found = blocks("import x\n\n@a\n@b(\n 1)\nclass C:\n    pass\nx = 1; y = 2\n")
    assert [(line, type(statement).__name__) for line, statement in found] == [(1, "Import"), (3, "ClassDef"), (8, "Assign"), (8, "Assign")]


@pytest.mark.parametrize("broken", ["def f(:\n    pass", "x = [1,\n", "'''", "!pip install x", "class D(:\n    x = 1", "print 'x'"])
def test_a_broken_part_takes_nothing_with_it(broken: str) -> None:
    before = "class A:\n    '''\ndef inner():\n'''\n\n@decorated\nclass B(A):\n    pass\n"
    text = f"{before}{broken}\nclass C:\n    pass\nif x:\n    y = 1\nelse:\n    y = 2\n"
    found = recover(text)
    names = [getattr(statement, "name", type(statement).__name__) for statement in found.statements]
    assert [name for name in names if name in ("A", "B", "C", "If")] == ["A", "B", "C", "If"]
    assert not found.is_whole and [line for line, _ in found.skipped if line == 9]
    lines = {getattr(statement, "name", ""): statement.lineno for statement in found.statements}
    assert text.split("\n")[lines["C"] - 1] == "class C:"


def test_members_of_a_class_that_parse_are_kept() -> None:
    text = "class A:\n    x = 1\n\n    def bad(self:\n        pass\n\n    @property\n    def good(self):\n        return 1\n"
    found = recover(text)
    (kept,) = found.statements
    assert isinstance(kept, ast.ClassDef)
    assert [getattr(each, "name", "x") for each in kept.body] == ["x", "good"] and kept.body[1].lineno == 8
    assert [line for line, _ in found.skipped] == [4]


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ('f"{d["a"]}"', "f\"{d['a']}\""),
        ("f'{x['k']:.2f} {{}} {y!r:>{w}}'", "f'{x[\"k\"]:.2f} {{}} {y!r:>{w}}'"),
        ('f"{", ".join(f"{v:.2f}" for v in xs)}"', "f\"{', '.join(f'{v:.2f}' for v in xs)}\""),
        (r'''f"{'\n'.join(xs)}"''', 'f"{chr(10).join(xs)}"'),
    ],
)
def test_f_strings_mean_what_they_mean_in_a_newer_python(newer: str, older: str) -> None:
    found = recover(f"def f(:\n    pass\nprint({newer})\n")
    assert [ast.dump(each) for each in found.statements] == [ast.dump(each) for each in ast.parse(f"print({older})").body]


@pytest.mark.parametrize(
    "text", ["(" * 3000, "class A:\n" + "    def f(\n" * 3000, "x = [\n" * 3000, "@a\n" * 3000, "\0", "\ufeffx = (", "\x0c("]
)
def test_hostile_text_is_read_in_bounded_time(text: str) -> None:
    assert blocks(text) == []


@pytest.mark.parametrize("head", ["class A:", "if True:", "def f():"])
def test_a_head_without_a_body_hides_nothing_behind_it(head: str) -> None:
    """The line behind it does not parse either."""
    found = recover(f"{head}\nx = (\nclass B:\n    y = 1\n")
    assert [statement.name for statement in found.statements if isinstance(statement, ast.ClassDef)] == ["B"]
