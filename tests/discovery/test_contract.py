"""Roles by the starter's contract: the file and the name that the rubric states; the source is read, never imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.discovery import Match, match_roles
from grader.submission import open_submission
from tests.checks.graph_work import rubric
from tests.folders import write


def matched(root: Path, source: str | None) -> Match:
    files = {} if source is None else {"models/net.py": source}
    return match_roles(rubric(["net"], [{"shape": [1], "arguments": {"width": 3}}]), open_submission(write(root, files)))["net"]


DEFINITIONS = {
    "class": "class Net: ...",
    "factory": "def Net(): ...",
    "name": "Other = object\nNet = Other",
    "annotated": "Net: type = object",
    "import": "from .parts import Net",
    "renamed import": "from .parts import Small as Net",
    "condition": "if True:\n    class Net: ...\nelse:\n    pass",
    "try": "try:\n    import fast as Net\nexcept ImportError:\n    pass",
    "fallback": "try:\n    import fast\nexcept ImportError:\n    class Net: ...",
}


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_a_name_may_be_bound_in_any_way(tmp_path: Path, kind: str) -> None:
    match = matched(tmp_path, DEFINITIONS[kind])
    assert match.fault is None and match.candidate == "models/net.py:Net"
    assert (match.confidence, match.arguments) == (1.0, {"width": 3})
    assert str(match.reason) == "models/net.py defines Net, the starter's name for it"


@pytest.mark.parametrize("source", ["class Nets: ...", "def build():\n    class Net: ...", "class Outer:\n    class Net: ...", "'Net'"])
def test_another_name_is_missing_with_the_way_out(tmp_path: Path, source: str) -> None:
    match = matched(tmp_path, source)
    assert match.fault is not None and (match.candidate, match.confidence) == (None, 0.0)
    assert match.fault.sentence == "models/net.py does not define Net. write it" and str(match.reason) == match.fault.message


def test_a_missing_file_is_named_with_the_way_out(tmp_path: Path) -> None:
    fault = matched(tmp_path, None).fault
    assert fault is not None and fault.kind == "missing" and fault.sentence == "there is no file models/net.py. write it"


def test_a_file_that_cannot_be_parsed_is_told_with_its_line(tmp_path: Path) -> None:
    fault = matched(tmp_path, "class Net:\n    def f(self:\n        pass\n").fault
    assert fault is not None and fault.place == "models/net.py:2"


def test_nothing_is_imported(tmp_path: Path) -> None:
    assert matched(tmp_path, "raise SystemExit\nclass Net: ...").fault is None


def test_every_role_has_its_match(tmp_path: Path) -> None:
    whole = rubric(["net", "other"])
    assert list(match_roles(whole, open_submission(write(tmp_path, {})))) == ["net", "other"]
