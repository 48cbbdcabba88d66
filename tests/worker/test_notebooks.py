"""The Python of a notebook: cells, magics, lines; and documents that are no notebooks."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from grader.worker.notebooks import MAX_TEXT, place, source
from grader.worker.recovery import recover
from tests.worker.alone import ask_alone


def notebook(*cells: str | list[str] | dict[str, Any]) -> bytes:
    documents = [each if isinstance(each, dict) else {"cell_type": "code", "source": each} for each in cells]
    return json.dumps({"cells": documents, "nbformat": 4}).encode()


def test_code_cells_follow_one_another_and_others_are_left_out() -> None:
    data = notebook(["x = 1\n", "y = 2"], {"cell_type": "markdown", "source": "# Title"}, "", "z = 3")
    assert source(data) == "# cell 1\nx = 1\ny = 2\n# cell 2\n\n# cell 3\nz = 3\n"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "# %matplotlib inline\nx = 1"),
        ("!pip install a \\\n   b\nx = 1", "# !pip install a \\\n#    b\nx = 1"),
        ("%%time\nx = 1", "# %%time\nx = 1"),
        ("%%writefile nets.py\nclass A: pass", "# %%writefile nets.py\nclass A: pass"),
        ("%%bash\nls\nclass A:", "# %%bash\n# ls\n# class A:"),
        ("%%writefile notes.txt\nclass A: pass", "# %%writefile notes.txt\n# class A: pass"),
        ("files = !ls\nhelp_me?\n?x\nx = 1", "# files = !ls\n# help_me?\n# ?x\nx = 1"),
        ("if x:\n    !ls\nelse:\n    %cd ..", "if x:\n    pass  # !ls\nelse:\n    pass  # %cd .."),
        ("x = (7\n  % 2)\ny = '''\n!not a command\n'''", "x = (7\n  % 2)\ny = '''\n!not a command\n'''"),
    ],
)
def test_what_only_a_notebook_understands_becomes_a_comment_on_its_line(cell: str, python: str) -> None:
    text = source(notebook(cell))
    assert text == f"# cell 1\n{python}\n"
    ast.parse(text)


def test_a_cell_that_does_not_parse_hides_no_other() -> None:
    text = source(notebook("class A: pass", "def f(:\n    x = (", "'''", "class B: pass"))
    assert [getattr(each, "name", "") for each in recover(text).statements] == ["A", "B"]


def test_the_older_format_of_notebooks() -> None:
    cells = [{"cell_type": "code", "input": ["x = 1"]}]
    assert source(json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}).encode()) == "# cell 1\nx = 1\n"


def test_notebooks_with_a_mark_or_in_another_encoding() -> None:
    data = notebook("x = 'ж'").decode()
    assert source(data.encode("utf-8-sig")) == source(data.encode("utf-16")) == source(data.encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'{"x": 1}', b"[" * 100_000, b'"cells"', b"\xff\xfe\x00", b'{"cells": 1' * 3])
def test_what_is_no_notebook_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        source(data)


@pytest.mark.parametrize(
    "cell", [3, None, {"cell_type": "code"}, {"cell_type": "code", "source": 3}, {"cell_type": "code", "source": [1, None]}]
)
def test_odd_cells_are_empty(cell: Any) -> None:
    data = json.dumps({"cells": [cell, {"cell_type": "code", "source": "x = 1"}]}).encode()
    assert source(data).endswith("x = 1\n")


def test_a_notebook_that_is_too_long_is_cut() -> None:
    text = source(notebook("x = 1", "y" * MAX_TEXT, "z = 1"))
    assert text.startswith("# cell 1\nx = 1\n# cell 2 and those after it are left out") and len(text) < 200


def test_a_line_of_the_text_has_its_place_in_the_notebook() -> None:
    text = source(notebook("x = 1\ny = 2", "z = 3"))
    assert [place(text, line) for line in (2, 3, 5)] == ["cell 1, line 1", "cell 1, line 2", "cell 2, line 1"]


def test_the_classes_of_a_notebook_can_be_built() -> None:
    file = {"file": "notebook.ipynb"}
    loaded, built, found = ask_alone(
        "as_handed_in", ("load", file), ("build", file | {"name": "Deeper"}), ("build", file | {"name": "Lost"})
    )
    assert (loaded["names"], loaded["how"]) == (["Net", "Deeper"], "definitions")
    assert "left out, because it does more than define: line 26-28" in loaded["notes"]  # the loop would go on for days
    assert built == {"block.conv.weight": [4, 1, 3, 3], "block.conv.bias": [4]}
    assert found["fault"]["kind"] == "missing"


def test_a_broken_notebook_is_a_fault() -> None:
    (found,) = ask_alone("as_handed_in", ("load", {"file": "old/broken.ipynb"}))
    assert found["fault"]["kind"] == "import" and found["fault"]["file"] == "old/broken.ipynb" and found["fault"]["remedy"]
