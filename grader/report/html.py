"""Report > one self-contained HTML page: no script, no request to anywhere, everything escaped.

The Content-Security-Policy allows one style sheet, by its hash, and nothing else: even a piece of markup that slipped through
could load and run nothing.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.records import Basis, Provenance, Report, Review, Verdict, written
from grader.report import figures, text
from grader.report.json_report import plain
from grader.report.summary import missing_protections, next_steps, open_reviews, tally

TEMPLATES = Path(__file__).parent / "templates"
TEXT_LIMIT = 1200  # characters of one text on the page; the JSON report has more of it


def to_html(report: Report) -> str:
    """The page, with the same bytes for the same report."""
    style = _style()
    titles = {verdict.criterion: verdict.title for verdict in report.verdicts}
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            report=report,
            score=report.score,
            provenance=report.provenance,
            provenance_rows=_provenance_rows(report.provenance),
            command=_command(report.provenance),
            missing_protections=missing_protections(report.provenance),
            only=[text.clean(name) for name in report.provenance.only],
            titles=titles,
            by_part=_by_part(report),
            steps=next_steps(report),
            reviews=open_reviews(report),
            tally=tally(report),
            drawn={part.part: _drawn(report, part.part) for part in report.score.parts},
            share=text.share,
            style=Markup(style),  # our own file
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )


def _drawn(report: Report, part: str) -> Any:
    return figures.part_figures(part, (card for card in report.roles if card.part == part))


def _by_part(report: Report) -> dict[str, list[Verdict]]:
    """Criteria of each part in the order of the rubric."""
    parts: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        parts.setdefault(verdict.part, []).append(verdict)
    return parts


@cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sizes = ("WIDTH", "HEIGHT", "LEFT", "RIGHT", "BOTTOM", "CELL", "MARGIN", "IMAGE")
    environment.globals |= {name: getattr(figures, name) for name in sizes}
    shared = ("clean", "points", "grouped", "percent", "seconds", "shape", "clip", "cut")
    environment.filters |= {name: getattr(text, name) for name in shared}
    environment.filters |= {
        "anchor": text.slug,
        "arguments": _arguments,
        "basis": _basis,
        "breakable": _breakable,
        "fault": text.fault_text,
        "prose": _prose,
        "review": _review,
        "say": lambda message: text.say(message, TEXT_LIMIT),
        "sure": _sure,
        "title": lambda title: _prose(text.cut(title, 160)),
        "word": text.OUTCOME_WORDS.__getitem__,
    }
    return environment


def _prose(words: str) -> Markup:
    """Escaped text, in which what stands between backticks is set as code."""
    pieces = words.split("`")
    if len(pieces) % 2 == 0:  # a backtick without its partner
        return escape(words)
    return Markup("").join(Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces))


def _breakable(path: str) -> Markup:
    """A path that a narrow column can break after a slash, a colon or a dot."""
    broken = str(escape(path))
    for sign in ("/", ":", "_"):
        broken = broken.replace(sign, f"{sign}<wbr>")
    return Markup(broken)  # escaped above; the signs do not occur in entities


def _arguments(arguments: dict[str, Any]) -> str:
    return text.clip(written(plain(arguments)), 300)


def _basis(basis: Basis | None) -> str:
    return text.BASIS_WORDS[basis] if basis else "nothing that could be looked at"


def _review(verdict: Verdict) -> str:
    words = {Review.NONE: "", **text.REVIEW_WORDS}[verdict.review]
    return f"{words}: {text.cut(verdict.look_at, 300)}" if verdict.look_at else f"{words}."


def _sure(confidence: float) -> str:
    number = text.finite(confidence)
    return "–" if number is None else f"{100 * number:.0f} %"


def _provenance_rows(provenance: Provenance) -> list[tuple[str, str]]:
    """(name, value) of all that is needed to grade again."""
    fingerprints = [(f"Fingerprint of {name}", value) for name, value in provenance.data_fingerprints.items()]
    return [
        ("Grader", provenance.grader_version),
        ("Rubric", f"{provenance.rubric} ({provenance.rubric_hash})"),
        ("Profile", provenance.profile),
        ("Seed", str(provenance.seed)),
        ("Submission", f"{provenance.submission} ({provenance.submission_hash})"),
        *[(f"Data “{name}”", sentence) for name, sentence in provenance.data.items()],
        *fingerprints,
        ("Device", provenance.device),
        ("Processor instructions", provenance.cpu_capability),
        ("Precision", provenance.precision),
        ("torch", provenance.torch_version),
        ("torchvision", provenance.torchvision_version),
        ("Python", provenance.python_version),
        ("Platform", provenance.platform),
        ("Isolation of the code", provenance.isolation),
        *[(f"Protection “{one.name}”", f"{'' if one.in_force else 'MISSING: '}{one.detail}") for one in provenance.protections],
    ]


def _command(provenance: Provenance) -> str:
    """The command that grades again; the data and the device have to be the same too."""
    words = ["grade", provenance.submission, "--rubric", provenance.rubric, "--profile", provenance.profile]
    words += ["--seed", str(provenance.seed)]
    words += ["--only", ",".join(provenance.only)] if provenance.only else []
    return text.cut(shlex.join(words), 400)
