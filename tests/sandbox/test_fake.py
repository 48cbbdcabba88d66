"""The sandbox for tests of what lies behind the seam."""

from __future__ import annotations

from grader.sandbox.base import Answer, Sandbox, WorkerRequest
from grader.sandbox.fake import FakeSandbox


def test_it_answers_by_a_function_and_remembers_the_questions() -> None:
    fake = FakeSandbox(lambda request: Answer({"verb": request.verb}))
    sandbox: Sandbox = fake
    request = WorkerRequest("load", {"file": "a.py"})
    assert sandbox.run(request) == Answer({"verb": "load"})
    assert fake.requests == [request]
