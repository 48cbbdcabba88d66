"""What a submission's files do when they are imported and their classes built, and what is said about it."""

from __future__ import annotations

import pytest

from grader.sandbox.base import Sandbox
from tests.worker.asking import answer, ask, candidate, fault, marked_line


def test_a_file_names_what_it_defines_itself(sandbox: Sandbox) -> None:
    reply = answer(ask(sandbox, "load", {"file": "ok/models/net.py"}))
    assert reply.data == {"names": ["Net", "make"]}  # neither torch's nor the helper's


def test_a_file_that_is_not_there(sandbox: Sandbox) -> None:
    found = fault(ask(sandbox, "load", {"file": "ok/models/other.py"}))
    assert (found.kind, found.file) == ("missing", "ok/models/other.py")


def test_a_path_out_of_the_submission_is_no_file_of_it(sandbox: Sandbox) -> None:
    assert fault(ask(sandbox, "load", {"file": "../runtime/worker/wire.py"})).kind == "missing"


@pytest.mark.parametrize(
    ("case", "construct"),
    [("import_error", "WIDTHS[2]"), ("missing_package", "import fancy_attention_layers"), ("exit_at_import", "sys.exit")],
)
def test_an_import_that_fails_names_the_line_and_a_remedy(sandbox: Sandbox, case: str, construct: str) -> None:
    found = fault(ask(sandbox, "load", {"file": f"{case}/models/net.py"}))
    assert (found.kind, found.file, found.line) == ("import", f"{case}/models/net.py", marked_line(case))
    assert construct in (found.construct or "") and found.remedy
    assert "/tmp" not in found.message


def test_a_missing_class_names_what_is_there_and_the_nearest(sandbox: Sandbox) -> None:
    params = {"candidate": candidate("ok", "Nett"), "seed": 0}
    found = fault(ask(sandbox, "initial", params))
    assert found.kind == "missing" and "Net" in found.message
    assert found.remedy == "Is Net meant? Name it Nett."


def test_constructor_arguments_without_defaults(sandbox: Sandbox) -> None:
    found = fault(ask(sandbox, "initial", {"candidate": candidate("constructor_arguments"), "seed": 0}))
    assert found.kind == "build" and "width" in found.message and "default" in (found.remedy or "")
    assert (found.file, found.line) == ("constructor_arguments/models/net.py", 7)  # the class
    built = answer(ask(sandbox, "initial", {"candidate": candidate("constructor_arguments", width=4), "seed": 0}))
    assert built.data["parameters"][0] == {"path": "conv.weight", "shape": [4, 1, 3, 3], "trainable": True}


def test_weights_follow_the_seed(sandbox: Sandbox) -> None:
    def weight(seed: int) -> list[float]:
        reply = answer(ask(sandbox, "initial", {"candidate": candidate("ok"), "seed": seed}))
        return reply.tensors["weights/head.weight"].flatten().tolist()

    assert weight(1) == weight(1)
    assert weight(1) != weight(2)


def test_an_unknown_verb_is_refused(sandbox: Sandbox) -> None:
    assert fault(ask(sandbox, "evaluate", {})).kind == "request"
