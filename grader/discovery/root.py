"""Where in a submission the homework lies: a clone may hold other lessons, and the folder may stand in another one."""

from __future__ import annotations

from pathlib import PurePosixPath

from grader.rubric import Rubric
from grader.submission import Submission

_SOURCES = (".py", ".ipynb")


def homework_in(submission: Submission, rubric: Rubric) -> Submission:
    """The submission from the folder on that holds most of the assignment's files; as it is where none holds more than another."""
    folder = homework_folder(submission, rubric)
    return Submission(submission.root / folder) if folder else submission


def homework_folder(submission: Submission, rubric: Rubric) -> str:
    """That folder's path inside the submission; empty for the submission itself."""
    asked = {PurePosixPath(file) for file in (*(role.file for role in rubric.role.values()), *(part.file for part in rubric.part))}
    paths = {PurePosixPath(path) for path in submission.paths() if path.casefold().endswith(_SOURCES)}
    folders = {folder for path in paths for folder in path.parents}
    stems = {_stem(path) for path in paths}
    counts = {folder: sum(_stem(folder / file) in stems for file in asked) for folder in folders}
    if not counts or not max(counts.values()):
        return ""
    best = min(folders, key=lambda folder: (-counts[folder], len(folder.parts), str(folder)))
    return "" if best == PurePosixPath() else str(best)


def _stem(path: PurePosixPath) -> str:
    """A path without what students vary: upper and lower case, a notebook in a module's place, a trailing underscore or number."""
    return str(path.with_suffix("")).casefold().rstrip("_0123456789 ()")
