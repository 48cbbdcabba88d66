"""What a submission's files do when they are imported and their classes built, and what is said about it."""

from __future__ import annotations

import pytest

from grader.sandbox.base import Sandbox
from tests.worker.asking import answer, ask, candidate, fault, marked_line


def test_a_file_names_what_it_defines_itself(sandbox: Sandbox) -> None:
    reply = answer(ask(sandbox, "load", {"file": "ok/models/net.py"}))
    assert reply.data["names"] == ["Net", "make"]  # neither torch's nor the helper's


def test_a_file_that_is_not_there(sandbox: Sandbox) -> None:
    found = fault(ask(sandbox, "load", {"file": "ok/models/other.py"}))
    assert (found.kind, found.file) == ("missing", "ok/models/other.py")


def test_a_path_out_of_the_submission_is_no_file_of_it(sandbox: Sandbox) -> None:
    assert fault(ask(sandbox, "load", {"file": "../runtime/worker/wire.py"})).kind == "missing"


def test_an_import_of_which_nothing_can_be_had_names_the_line_and_a_remedy(sandbox: Sandbox) -> None:
    found = fault(ask(sandbox, "load", {"file": "as_handed_in/old/nothing.py"}))
    assert (found.kind, found.file) == ("import", "as_handed_in/old/nothing.py")
    assert found.line == marked_line("as_handed_in", "old/nothing.py")
    assert "SIZES[2]" in (found.construct or "") and "IndexError" in found.message and found.remedy
    assert "/tmp" not in found.message


@pytest.mark.parametrize("case", ["import_error", "missing_package", "exit_at_import"])
def test_a_class_beside_what_fails_at_import_can_be_built(sandbox: Sandbox, case: str) -> None:
    assert answer(ask(sandbox, "load", {"file": f"{case}/models/net.py"})).data["names"] == ["Net"]
    built = answer(ask(sandbox, "initial", {"candidate": candidate(case), "seed": 0}))
    assert built.data["parameters"][0]["shape"] == [4, 1, 3, 3]


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
