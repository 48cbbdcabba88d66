"""Cohort > one self-contained HTML page for the instructor: no request to anywhere, everything escaped.

The Content-Security-Policy allows one style sheet and one script, each by its hash, and nothing else. Without the script the page has
all the same rows, in the order of the names.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.cohort.records import Cohort, Terms
from grader.report import text
from grader.report.cohort import spread, words
from grader.report.cohort.attention import waiting
from grader.report.cohort.criteria import criterion_figures, part_figures
from grader.report.cohort.lines import ICONS, MOST_PARTS, lines, link, tags_of
from grader.report.cohort.reasons import reasons
from grader.report.html import TEMPLATES

KINDS = {
    "review": "Needs a review",
    **words.STATUS_WORDS,
    "late": "Late",
    "changed": "Changed by a person",
    "commented": "With a comment",
}
MOST_WAITING, MOST_REASONS = 50, 40  # that the page lists; the table and the JSON have all


def to_page(cohort: Cohort) -> str:
    """The page, with the same bytes for the same cohort."""
    style, script = asset("style.css") + asset("cohort.css"), asset("cohort.js")
    criteria = criterion_figures(cohort)
    kinds = _kinds(cohort)
    return (
        environment()
        .get_template("cohort.html.jinja")
        .render(
            cohort=cohort,
            lines=lines(cohort),
            columns=cohort.parts if len(cohort.parts) <= MOST_PARTS else (),
            spread=spread.spread(spread.final_points(cohort)),
            histogram=spread.histogram(cohort),
            criteria=criteria,
            parts=part_figures(cohort, criteria),
            part_titles={part: title for part, title, _ in cohort.parts},
            reasons=reasons(cohort)[:MOST_REASONS],
            titles={head.criterion: head.title for head in cohort.heads},
            waiting=waiting(cohort),
            missing=[row.student for row in cohort.rows if row.status == "missing"],
            kinds=kinds,
            terms=_terms(cohort.terms),
            most_waiting=MOST_WAITING,
            style=Markup(style),  # our own files
            script=Markup(script),
            style_hash=digest(style),
            script_hash=digest(script),
        )
    )


def _kinds(cohort: Cohort) -> dict[str, int]:
    """How many students are of which kind, those that occur."""
    tags = [tag for row in cohort.rows for tag in tags_of(row)]
    return {kind: tags.count(kind) for kind in KINDS if kind in tags}


def _terms(terms: Terms | None) -> list[tuple[str, str]]:
    """What all were graded under. The seed is not among it: it is secret until the marks are out."""
    if terms is None:
        return []
    return [
        ("Grader", terms.grader_version),
        ("Rubric", terms.rubric_hash),
        ("Profile", terms.profile),
        ("Device", terms.device),
        ("Kind of machine", terms.machine),
        ("torch", terms.torch_version),
        ("Data", terms.data_root or "the built-in images"),
        ("Isolation of the code", terms.isolation),
    ]


@cache
def asset(name: str) -> str:
    """One of our own files, as it is put into the page."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def digest(content: str) -> str:
    """What a Content-Security-Policy calls the content."""
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


@cache
def environment() -> Environment:
    """Templates that escape everything, with the words of the reports."""
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals |= {name: getattr(spread, name) for name in ("WIDTH", "HEIGHT", "BOTTOM")}
    made.globals |= {"KINDS": KINDS, "ICONS": ICONS, "STATUS": words.STATUS_WORDS, "share": text.share, "link": link}
    made.globals |= {"counted": words.counted, "name_of": words.name_of}
    made.filters |= {
        "anchor": text.slug,
        "cut": text.cut,
        "line": words.line,
        "percent": text.percent,
        "points": text.points,
        "when": words.when,
        "word": text.OUTCOME_WORDS.__getitem__,
    }
    return made
