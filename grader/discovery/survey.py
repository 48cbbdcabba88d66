"""Read a submission's code: what it defines, where that is built and with what, and what each parameter is for.

Nothing of the submission is imported or run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.discovery.calls import calls
from grader.discovery.evaluate import Evaluator
from grader.discovery.records import Survey
from grader.discovery.scopes import units
from grader.discovery.signatures import Signatures
from grader.discovery.uses import Purpose, purposes
from grader.submission import Submission


@dataclass(frozen=True)
class Reading:
    """A survey, and what the bodies tell of each definition (by its place)."""

    survey: Survey
    purposes: Mapping[str, Purpose] = field(default_factory=dict)


def read(submission: Submission) -> Reading:
    """Everything that reading the code gives."""
    evaluator = Evaluator(units(submission))
    signatures = Signatures(evaluator)
    definitions = signatures.all()
    told = purposes(evaluator, signatures, definitions)  # first: it is cheap, and calls may use up the evaluator's steps
    found = calls(evaluator, signatures, definitions)
    return Reading(Survey(tuple(sorted(definitions.values(), key=lambda each: (each.file, each.line))), found), told)


def survey(submission: Submission) -> Survey:
    """The definitions of a submission, and the places where they are built."""
    return read(submission).survey
