"""Report > what rich prints: a compact table of parts and criteria, and the line that sums it up. No markup of a student's is read."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.records import Outcome, Report, Review, RoleCard, Verdict, written
from grader.report.summary import next_steps, open_reviews
from grader.report.text import OUTCOME_WORDS, clean, clip, count_points, cut, points, say

STYLES = {
    Outcome.PASSED: "green",
    Outcome.PARTIAL: "yellow",
    Outcome.FAILED: "red",
    Outcome.SKIPPED: "dim",
    Outcome.BROKEN: "magenta",
}
SIGNS = {
    Outcome.PASSED: "✓",
    Outcome.PARTIAL: "◐",
    Outcome.FAILED: "✗",
    Outcome.SKIPPED: "–",
    Outcome.BROKEN: "!",
}


def table(report: Report, *, verbose: bool = False) -> RenderableType:
    """Parts and criteria with outcome and points; ``verbose`` adds expected, found, why and hint below each.

    Without ``verbose`` the criteria that passed are left out, only their number is named.
    """
    rows = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0), expand=False)
    rows.add_column(no_wrap=True)
    rows.add_column(ratio=1, overflow="fold")
    rows.add_column(justify="right", no_wrap=True)
    for part in report.score.parts:
        verdicts = [verdict for verdict in report.verdicts if verdict.part == part.part]
        total = f"{points(part.points)} / {points(part.max_points)}"
        rows.add_row(Text(part.part, "bold"), Text(clean(part.title), "bold"), Text(total, "bold"))
        _add_criteria(rows, verdicts, verbose)
    return Group(rows, *_advice(report, verbose))


def role_table(cards: Sequence[RoleCard]) -> RenderableType:
    """Role, what fills it with which arguments, how sure that is, and why."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("role", "filled by", "sure", "why"):
        rows.add_column(title, overflow="fold")
    for card in cards:
        filled = f"{card.candidate}({written(card.arguments)})" if card.candidate else "nothing"
        others = f" Or: {'; '.join(card.alternatives)}." if card.alternatives else ""
        why = cut(say(card.reason) + others, 300)
        rows.add_row(Text(card.role, "bold"), Text(clean(filled)), Text(f"{100 * card.confidence:.0f} %"), Text(clean(why)))
    return rows


def _add_criteria(rows: Table, verdicts: list[Verdict], verbose: bool) -> None:
    passed = [verdict for verdict in verdicts if verdict.outcome is Outcome.PASSED]
    for verdict in verdicts:
        if verbose or verdict.outcome is not Outcome.PASSED or verdict.review is not Review.NONE:
            rows.add_row(_mark(verdict.outcome), _criterion(verdict, verbose), _points(verdict))
    hidden = [] if verbose else [verdict for verdict in passed if verdict.review is Review.NONE]
    if hidden:
        rows.add_row(_mark(Outcome.PASSED), Text(f"{len(hidden)} passed", "dim"), Text(""))


def _mark(outcome: Outcome) -> Text:
    return Text(f"{SIGNS[outcome]} {OUTCOME_WORDS[outcome]}", STYLES[outcome])


def _points(verdict: Verdict) -> Text:
    return Text(f"{points(verdict.points)} / {points(verdict.max_points)}")


def _criterion(verdict: Verdict, verbose: bool) -> Text:
    told = Text(cut(verdict.title, 200))
    if verdict.review is not Review.NONE:
        told.append(f"  (review {verdict.review})", "cyan")
    if verbose:
        told.append(f"  {verdict.criterion}", "dim")
        _append_reasons(told, verdict)
    return told


def _append_reasons(told: Text, verdict: Verdict) -> None:
    named = (
        ("expected", verdict.expected),
        ("found", verdict.found),
        ("why", verdict.why),
        ("do", verdict.hint),
    )
    for name, message in named:
        words = say(message, limit=400).replace("\n", " ")
        if words:
            told.append(f"\n{name}: ", "dim").append(words)


def _advice(report: Report, verbose: bool) -> list[RenderableType]:
    """Advice that is open, one line each."""
    lines: list[RenderableType] = []
    for verdict in report.advice:
        if verdict.outcome is Outcome.PASSED:
            continue
        words = say(verdict.hint or verdict.why, limit=400) if verbose else clean(verdict.title)
        lines.append(Text(f"Advice: {clip(words, 400)}", "dim"))
    return [Text(""), *lines] if lines else []


def summary_line(report: Report) -> Text:
    """Points, the range that open reviews allow, and what brings the most points next: one line (``.plain`` is its text)."""
    score = report.score
    line = f"{points(score.points)} of {points(score.max_points)} points"
    if score.lowest != score.highest:
        line += f" (between {points(score.lowest)} and {points(score.highest)} after {_reviews(report)})"
    steps = next_steps(report)
    if steps:
        title = cut(steps[0].verdict.title.replace("\n", " "), 100)
        line += f"; next: {title} (+{count_points(steps[0].gain_points)})"
    return Text(line)


def _reviews(report: Report) -> str:
    count = len(open_reviews(report))
    return f"{count} review" if count == 1 else f"{count} reviews"
