"""The errors a user of the grader can meet.

    GradeError
    ├── InputError    the call, the submission's place, the rubric or the data is wrong: exit code 2
    └── GraderFault   the grader itself is at fault: exit code 3

A fault in a student's work is never an exception: it is a verdict.
"""


class GradeError(Exception):
    """Root of the tree; its text is one sentence that a user can act on."""

    exit_code = 3


class InputError(GradeError):
    """Bad usage or bad input; the text names the thing, where it is and the way out."""

    exit_code = 2


class GraderFault(GradeError):
    """The grader broke; the text says what to send to the maintainers."""
