"""The further requirements, which carry no points: modular code, plots, documentation, tests, logging."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pydantic import Field

from grader.checks.base import Case, Evidence, Need, Requirements, combine
from grader.checks.live_code import Function, is_stub, regions, words_of
from grader.checks.plots import contract_plots, find_plot
from grader.records import Item, Judgement, Message, message
from grader.submission import ImageFact, Source, Submission

Topic = Literal["modular", "plots", "documentation", "tests", "logging"]


class Require(Requirements):
    """Which further requirement, and how much of it is enough."""

    about: Topic
    least: int = Field(1, description="Classes, per cent of plots, per cent of documented definitions, tests, or logging calls.")


@dataclass(frozen=True)
class Amount:
    """How much there is of something, in words and as a number to compare."""

    count: int
    expected: Message
    found: Message
    look_at: str | None = None


def needs(case: Case) -> frozenset[Need]:
    """Nothing: all of it is read from disk."""
    return frozenset()


def judge(case: Case, evidence: Evidence) -> Judgement | None:
    """What there is, as a share of what is enough."""
    require: Require = case.require
    amount = _TOPICS[require.about](case, evidence.submission)
    share = min(Fraction(1), Fraction(amount.count, max(1, require.least)))
    expected = message("at least {least} {what}", least=require.least, what=amount.expected)
    why = message("enough of it is there") if share == 1 else message("the assignment asks for it, without points of its own")
    return combine([Item(share, expected, amount.found, why, look_at=amount.look_at)], case.criterion.hint)


def _modular(case: Case, submission: Submission) -> Amount:
    """Classes with a forward of their own, outside the homework files."""
    homework = {part.file for part in case.rubric.part}
    found = [f"{source.path}:{name}" for source in submission.sources() if source.path not in homework for name in _networks(source)]
    return Amount(
        len(found),
        message("classes of networks and layers outside the homework files"),
        message("{count}", count=len(found)),
    )


def _networks(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree) if source.tree else ():
        if isinstance(node, ast.ClassDef) and any(_has_body(each) for each in node.body):
            yield node.name


def _has_body(node: ast.stmt) -> bool:
    return isinstance(node, Function) and node.name in ("forward", "__init__") and not is_stub(node)


def _plots(case: Case, submission: Submission) -> Amount:
    """Per cent of the plots that the rubric asks for which are readable and not blank."""
    asked = contract_plots(case.rubric)
    images = [submission.image(path) for each in asked if (path := find_plot(submission, each))]
    good = sum(isinstance(image, ImageFact) and not image.blank for image in images)
    return Amount(
        100 * good // max(1, len(asked)),
        message("% of the plots"),
        message("{good} of {all}", good=good, all=len(asked)),
    )


def _documentation(case: Case, submission: Submission) -> Amount:
    """Per cent of the public classes and functions with a body that have a docstring or a comment."""
    missing, count = [], 0
    for source in submission.sources():
        lines = source.text.split("\n")
        definitions = list(_definitions(source))
        count += len(definitions)
        missing += [f"{source.path}:{node.lineno}" for node in definitions if not _is_documented(lines, node)]
    good = count - len(missing)
    found = message("{good} of {all}", good=good, all=count)
    return Amount(
        100 * good // max(1, count),
        message("% of classes and functions with a docstring or comment"),
        found,
        next(iter(missing), None),
    )


def _definitions(source: Source) -> Iterator[Function | ast.ClassDef]:
    nodes = ast.walk(source.tree) if source.tree else ()
    for node in (each for each in nodes if isinstance(each, Function | ast.ClassDef)):
        is_function = isinstance(node, Function) and not is_stub(node) and not node.name.startswith("_")
        if is_function or (isinstance(node, ast.ClassDef) and any(_has_body(each) for each in node.body)):
            yield node


def _is_documented(lines: list[str], node: Function | ast.ClassDef) -> bool:
    if ast.get_docstring(node, clean=False):
        return True
    return any(re.match(r"[^'\"]*#\s*\w", line) for line in lines[max(0, node.lineno - 2) : node.end_lineno])


def _tests(case: Case, submission: Submission) -> Amount:
    """Functions named test... that assert something."""
    found = [
        f"{source.path}:{node.lineno}"
        for source in submission.sources()
        for node in (ast.walk(source.tree) if source.tree else ())
        if isinstance(node, Function) and node.name.startswith("test") and not is_stub(node) and _asserts(node)
    ]
    return Amount(len(found), message("test functions with assertions"), message("{count}", count=len(found)))


def _asserts(function: Function) -> bool:
    if any(isinstance(node, ast.Assert) for node in ast.walk(function)):
        return True
    return any(re.search(r"(^|\.)(assert\w+|raises)$", word) for word, _ in words_of(function))


def _logging(case: Case, submission: Submission) -> Amount:
    """Calls of a logger; the module `logging` has to be imported in the same file."""
    importing = {source.path for source in submission.sources() if source.tree and _imports_logging(source.tree)}
    pattern = re.compile(r"(^|\.)(log|logger|logging|_logger|_log)\.(debug|info|warning|error|exception|log)$", re.IGNORECASE)
    calls = [word for region in regions(submission) if region.path in importing for word, _ in region.words if pattern.search(word)]
    return Amount(len(calls), message("calls of a logger"), message("{count}", count=len(calls)))


def _imports_logging(tree: ast.Module) -> bool:
    """Directly, or as a logger of another module of the submission."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name == "logging" for alias in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and any("log" in alias.name.lower() for alias in node.names):
            return True
    return False


_TOPICS: dict[Topic, Callable[[Case, Submission], Amount]] = {
    "modular": _modular,
    "plots": _plots,
    "documentation": _documentation,
    "tests": _tests,
    "logging": _logging,
}
