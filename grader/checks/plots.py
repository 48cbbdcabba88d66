"""Are the plots there: readable pictures that are not blank, and a different one under each name?"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import PurePosixPath

from pydantic import Field

from grader.checks.analysis import Readme, readme_item
from grader.checks.base import Case, Evidence, Need, Requirements, combine
from grader.records import Fault, Item, Judgement, Message, message
from grader.rubric import Rubric
from grader.submission import ImageFact, Submission
from grader.submission.pictures import LEAST_SIDE, SUFFIXES

PLOTS, README = Fraction(3), Fraction(1)


class Require(Requirements):
    """Plots that show a piece of work: three parts of the points; the README's section, if one is named, the fourth."""

    files: list[str] = Field(min_length=1, description="Paths; the same name in another folder or as JPEG also counts.")
    colours: int = Field(2, description="Distinct colours that a picture has at the least; images have many, axes few.")
    readme: Readme | None = None


def needs(case: Case) -> frozenset[Need]:
    """Nothing: plots are read from disk."""
    return frozenset()


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """The share of plots that show something; None where none of the files is there."""
    require: Require = case.require
    submission = evidence.submission
    if all(find_plot(submission, path) is None for path in require.files):
        return None
    items = plot_items(require.files, PLOTS, case, submission, require.colours)
    if require.readme and any(each.holds for each in items):
        items.append(readme_item(submission, require.readme, README))
    return combine(items, case.criterion.hint)


def plot_items(paths: list[str], weight: Fraction, case: Case, submission: Submission, colours: int = 2) -> list[Item]:
    """An item for each plot, equal in weight."""
    return [_plot_item(path, weight / len(paths), case.rubric, submission, colours) for path in paths]


def _plot_item(path: str, weight: Fraction, rubric: Rubric, submission: Submission, colours: int) -> Item:
    expected = message("{path}: a picture with something on it", path=path)
    found = find_plot(submission, path)
    if found is None:
        return Item(
            Fraction(0),
            expected,
            message("there is no {path}", path=path),
            message("a plot shows what numbers hide"),
            weight,
        )
    image = submission.image(found)
    problem = _problem(image, colours) or _copied(image, path, rubric, submission)
    size = f"{image.width}x{image.height}" if isinstance(image, ImageFact) else ""
    seen = problem or message("{path}: {size} pixels", path=found, size=size)
    why = message("a plot is there to be read") if problem else message("it is a picture and not blank")
    return Item(Fraction(problem is None), expected, seen, why, weight, look_at=found)


def find_plot(submission: Submission, path: str) -> str | None:
    """The path of a plot: as asked, else a picture of the same name as PNG or JPEG, wherever it lies."""
    stem = PurePosixPath(path).stem.casefold()
    named = submission.locate(path)
    return named if named in submission.paths() else next((each for each in pictures(submission) if _stem(each) == stem), None)


def pictures(submission: Submission) -> Iterator[str]:
    """The paths of all PNG and JPEG files."""
    return (path for path in submission.paths() if path.casefold().endswith(SUFFIXES))


def _stem(path: str) -> str:
    return PurePosixPath(path).stem.casefold()


def _problem(image: ImageFact | Fault, colours: int) -> Message | None:
    if isinstance(image, Fault):
        return message("{what}", what=image.message)
    if image.blank:
        return message("{path} is blank", path=image.path)
    if min(image.width, image.height) < LEAST_SIDE:
        return message("{path} is {width}x{height} pixels small", path=image.path, width=image.width, height=image.height)
    if image.colours < colours:
        return message("{path} has {count} colours, too few for what it has to show", path=image.path, count=image.colours)
    return None


def _copied(image: ImageFact | Fault, path: str, rubric: Rubric, submission: Submission) -> Message | None:
    """The same file under the name of another plot of the assignment shows one of the two at most."""
    for other in contract_plots(rubric):
        there = find_plot(submission, other) if _stem(other) != _stem(path) else None
        twin = submission.image(there) if there else None
        if isinstance(image, ImageFact) and isinstance(twin, ImageFact) and twin.sha256 == image.sha256:
            return message("{path} is the same picture as {other}", path=image.path, other=twin.path)
    return None


def contract_plots(rubric: Rubric) -> tuple[str, ...]:
    """All plots that the rubric asks for, in order."""
    requires = [each.require for criterion in rubric.criterion for each in criterion.alternatives]
    return tuple(
        dict.fromkeys(
            path
            for require in requires
            for path in (*require.get("plots", ()), *require.get("files", ()))
            if path.casefold().endswith(SUFFIXES)
        )
    )
