"""What is asked of a worker, and when it is asked no more."""

from __future__ import annotations

from grader.asking import DEADLINES, MOST_DEATHS, Worker
from grader.records import Fault
from grader.sandbox.base import Answer, WorkerReply, WorkerRequest
from grader.sandbox.fake import FakeSandbox


def dies_for(names: set[str]) -> FakeSandbox:
    def answer(request: WorkerRequest) -> WorkerReply:
        return Fault("died", "ended by signal 11") if request.params["name"] in names else Answer({})

    return FakeSandbox(answer)


def test_code_that_ends_its_process_again_and_again_is_run_no_more() -> None:
    sandbox = dies_for({"bomb"})
    worker = Worker(sandbox, DEADLINES)
    replies = [worker.ask("build", {"name": "bomb"}, 1.0) for _ in range(MOST_DEATHS + 1)]
    assert [reply.kind for reply in replies if isinstance(reply, Fault)] == ["died"] * MOST_DEATHS + ["deadline"]
    assert len(sandbox.requests) == MOST_DEATHS and "the first time: ended by signal 11" in str(replies[-1])


def test_a_few_deaths_stop_nothing() -> None:
    worker = Worker(dies_for({"bomb"}), DEADLINES)
    for _ in range(MOST_DEATHS - 1):
        worker.ask("build", {"name": "bomb"}, 1.0)
    assert all(isinstance(worker.ask("build", {"name": "net"}, 1.0), Answer) for _ in range(50))
