"""One worker for all tests here: each case is a folder in the submission that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.process import ProcessSandbox

SUBMISSIONS = Path(__file__).parents[1] / "submissions"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[ProcessSandbox]:
    with ProcessSandbox(SUBMISSIONS) as started:
        yield started
