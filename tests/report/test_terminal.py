"""What the terminal shows: complete, compact, and with nothing of a student's interpreted."""

import io
import re
from dataclasses import replace

from rich.console import Console

from grader.records import Outcome, Report
from grader.report.terminal import summary_line, table


def printed(report: Report, *, verbose: bool = False, width: int = 100, colour: bool = False) -> str:
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=colour, color_system="truecolor" if colour else None).print(
        table(report, verbose=verbose)
    )
    return file.getvalue()


def test_every_report_can_be_printed(any_report: Report) -> None:
    for verbose in (False, True):
        printed(any_report, verbose=verbose)
    assert "\n" not in summary_line(any_report).plain


def test_compact_table_names_parts_and_what_lost_points(full: Report) -> None:
    shown = printed(full)
    for part in full.score.parts:
        assert part.title in shown
    for verdict in full.verdicts:
        assert verdict.outcome is Outcome.PASSED or verdict.title in shown
    assert "14.67 / 20" in shown
    assert "6 passed" in shown


def test_verbose_gives_reasons_for_every_criterion(full: Report) -> None:
    shown = printed(full, verbose=True, width=200)
    assert all(verdict.criterion in shown for verdict in full.verdicts)
    assert shown.count("expected: ") == len(full.verdicts)
    assert "do: Call `self.fc3` in `forward`" in shown


def test_markup_and_control_characters_are_inert(hostile: Report) -> None:
    shown = printed(hostile, verbose=True, width=400, colour=True)
    assert "[bold red]not markup[/bold red] [link=http://evil.example]x[/link]" in shown
    assert "\\u001b[31mred" in shown
    assert "\x1b[31mred" not in shown
    assert "\x1b]8" not in shown  # no hyperlink
    assert not re.search("[\x00-\x08\x0b-\x1a\u202e]", shown)


def test_narrow_terminal_loses_no_points_column(full: Report) -> None:
    assert "14.67 / 20" in printed(full, width=50)


def test_summary_line_names_points_range_and_the_next_step(full: Report, perfect: Report) -> None:
    assert summary_line(full).plain == (
        "70.5 of 100 points (between 70.5 and 72.5 after 2 reviews); next: Hyperparameters are the same for all networks (+4 points)"
    )
    assert summary_line(perfect).plain == "100 of 100 points"


def test_summary_line_does_not_read_markup(full: Report) -> None:
    verdicts = (replace(full.verdicts[7], title="[red]x[/red]\x1b[2J"),)
    line = summary_line(replace(full, verdicts=verdicts))
    assert "[red]x[/red]\\u001b[2J" in line.plain
    assert not line.spans
