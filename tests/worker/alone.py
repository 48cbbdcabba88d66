"""Ask the worker's own code in a process of its own, without the conversation around it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

GRADER = Path(__file__).parents[2] / "grader"
SUBMISSIONS = Path(__file__).parents[1] / "submissions"
_PROGRAM = """
import json, sys
from pathlib import Path
from worker.faults import StudentFault
from worker.loading import Submission
from worker.trial import trial

def facts(thing):
    plain = {name: value for name, value in vars(thing).items() if isinstance(value, str | bool | int)}
    return plain | {"bases": [each.__name__ for each in thing.__mro__]}

verbs = {
    "load": lambda submission, question: submission.description(question["file"]),
    "facts": lambda submission, question: facts(submission.find(question["file"], question["name"])),
    "build": lambda submission, question: {name: list(value.shape) for name, value in submission.build(question, 0).named_parameters()},
    "trial": lambda submission, question: trial(submission, question, {})[0],
}
submission, answers = Submission(Path(sys.argv[1])), []
for verb, question in json.loads(sys.stdin.read()):
    try:
        answers.append(verbs[verb](submission, question))
    except StudentFault as fault:
        answers.append({"fault": fault.document()})
print("\\nANSWERS" + json.dumps(answers))
"""


def ask_alone(case: str | Path, *questions: tuple[str, dict[str, Any]]) -> list[Any]:
    """The answers of one worker to (verb, parameters); what went wrong is a dictionary with a "fault"."""
    command = [sys.executable, "-c", _PROGRAM, str(SUBMISSIONS / case)]
    environment = {"PYTHONPATH": str(GRADER), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, timeout=120, env=environment)
    assert "ANSWERS" in done.stdout, done.stderr
    return list(json.loads(done.stdout.rpartition("ANSWERS")[2]))
