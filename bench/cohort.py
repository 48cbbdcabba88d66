"""A cohort of made-up verdicts, all else real: intake, gradebook, exports and the page in a browser.

    python bench/cohort.py [--students 5000] [--browser] [--keep FOLDER]

Prints processor and wall-clock seconds of each step and the peak memory of the process so far; making up the verdicts is not
counted. ``--browser`` opens the page in Chromium (needs playwright) and sorts it.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from grader import records as r  # noqa: E402
from grader.cohort.intake import read_intake  # noqa: E402
from grader.cohort.late import Amount, Late  # noqa: E402
from grader.cohort.names import safe_name  # noqa: E402
from grader.cohort.records import Cohort, Done, Terms  # noqa: E402
from grader.gradebook import Gradebook  # noqa: E402
from grader.records import Outcome, Review, message  # noqa: E402
from grader.report.cohort.exports import write_exports  # noqa: E402
from grader.report.html import to_html  # noqa: E402
from grader.report.json_report import to_json  # noqa: E402
from grader.rubric import Criterion, Rubric, default_rubric, load_rubric  # noqa: E402
from grader.scoring import score  # noqa: E402

FIRST = "Anna Boris Chiara Deepa Émile Farid Greta Hiro Ines Jakub Kira Luis Mei Noor Olga Pavel Rosa Søren Tariq Uma Wen Zoë"
LAST = "Ahmed García Haddad Ivanov Kim Lindqvist Müller Nguyen Novák O’Brien Okafor Petrova Rossi Silva Tanaka Żukowska"
DEADLINE = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
LATE = Late(DEADLINE, Amount(Fraction(5)), timedelta(minutes=15), Amount(Fraction(1, 2), is_share=True))
TERMS = Terms("", "sha256:made-up", "quick", "cpu", "", 1, "full", "0", "2", "made up")
PROVENANCE = r.Provenance(
    "0", "lesson4_cnn", "sha256:made-up", "quick", 1, False, "made up", "sha256:made-up", {"digits": "built-in images"}, {}, "cpu", "AVX2",
    "float32", "2", "0", "3.11", "Linux", "full", (),
)  # fmt: skip
WHYS = (
    "test accuracy: drawn ({roles}); training time: code alone ({roles})",
    "{role}: there is no file models/cnn_models.py. Write it.",
    "threshold from 10 runs of the reference (mean {number} %) on digits",
    "the largest is {number} % above the smallest; up to 10 % counts as equal",
)


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Print how long a step took and the peak memory so far."""
    began, busy = time.monotonic(), time.process_time()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:<34} {time.process_time() - busy:6.1f} s of processor {time.monotonic() - began:6.1f} s, peak {peak:4.0f} MiB", flush=True
    )


# --- what is made up -------------------------------------------------------------------------------------------------


def hand_in(folder: Path, students: int) -> Path:
    """A folder with a zip for each student but one in forty, and a roster beside it. Returns the roster."""
    chance = random.Random(0)
    folder.mkdir()
    roster = ["id,name,group"]
    for number in range(students):
        id, name = f"s{number:05}", f"{chance.choice(FIRST.split())} {chance.choice(LAST.split())}"
        roster.append(f"{id},{name},{chance.choice('ABC')}")
        if number % 40:
            with zipfile.ZipFile(folder / f"{id}.zip", "w") as archive:
                archive.writestr("models/cnn_models.py", f"# the work of {id}\n")
    path = folder.parent / "roster.csv"
    path.write_text("\n".join(roster), encoding="utf-8")
    times = [f"s{number:05}.zip,,{(DEADLINE + timedelta(minutes=chance.gauss(-600, 700))).isoformat()}" for number in range(students)]
    (folder / "attempts.csv").write_text("\n".join(["source,id,handed_in", *(one for n, one in enumerate(times) if n % 40)]))
    return path


def made_up(rubric: Rubric, seed: int) -> r.Report:
    """A report as the examiner makes them, with verdicts by chance: a student's skill decides how many are passed."""
    chance = random.Random(seed)
    skill = min(1.0, max(0.05, chance.gauss(0.7, 0.2)))
    verdicts = tuple(_verdict(criterion, skill, chance) for criterion in rubric.criterion)
    return r.Report(rubric.assignment.title, score(rubric, verdicts), verdicts, (), _cards(rubric), PROVENANCE, {})


def _verdict(criterion: Criterion, skill: float, chance: random.Random) -> r.Verdict:
    roll = chance.random()
    outcome = Outcome.PASSED if roll < skill else Outcome.PARTIAL if roll < skill + 0.15 else Outcome.FAILED
    part = {Outcome.PASSED: 1, Outcome.PARTIAL: Fraction(chance.randint(1, 9), 10)}.get(outcome, 0)
    points = Fraction(criterion.points)
    why = chance.choice(WHYS).format(role=criterion.id, roles=", ".join(criterion.roles), number=chance.randint(11, 400))
    review = Review.REQUIRED if chance.random() < 0.004 else Review.NONE
    said, look_at = message(why), "models/cnn_models.py:31" if review is Review.REQUIRED else None
    return r.Verdict(
        criterion.id, criterion.part, criterion.title, outcome, points * part, points, r.Basis.MEASURED, review, said, said, said,
        message(criterion.hint or "Look at it again."), tuple(criterion.roles), look_at,
    )  # fmt: skip


def _cards(rubric: Rubric) -> tuple[r.RoleCard, ...]:
    """What was measured on each network, so that a report has the length of a real one."""
    layers = tuple(r.LayerFact("conv", "aten.conv2d.default", f"block{n}.weight", f"models/cnn_models.py:{n}") for n in range(12))
    facts = r.NetworkFacts(
        {1: (1, 10)}, True, True, True, True, layers, (), (), 80_000, 0, (), (), (9, 9), 10**6, {one.path or "": 0.5 for one in layers}
    )
    return tuple(
        r.RoleCard(name, role.title, role.part, "models/cnn_models.py:Net", {}, 1.0, message("by its name"), facts=facts)
        for name, role in rubric.role.items()
    )


# --- the steps -------------------------------------------------------------------------------------------------------


def fill(book: Gradebook, contents: dict[str, str], rubric: Rubric) -> None:
    """Record a result for each student, one in a hundred of them unreadable; only the recording is counted."""
    seconds = busy = 0.0
    for seed, (student, content) in enumerate(contents.items()):
        document = to_json(made_up(rubric, seed)).encode()
        done = Done(student, content, "graded", "", document, b"", 30.0, "here")
        if seed % 100 == 7:
            done = replace(done, status="unreadable", reason="the zip file is damaged", document=b"")
        began, worked = time.monotonic(), time.process_time()
        book.record(done, TERMS)
        seconds, busy = seconds + time.monotonic() - began, busy + time.process_time() - worked
    print(f"{f'record {len(contents)} results':<34} {busy:6.1f} s of processor {seconds:6.1f} s ({len(document) // 1024} KiB of JSON each)")


def speak(book: Gradebook, students: list[str], rubric: Rubric) -> None:
    """What people decided: on one student in fifty."""
    for student in students[::50]:
        criterion = rubric.criterion[len(student) % len(rubric.criterion)]
        book.override(student, criterion.id, Fraction(criterion.points), "It is in the README, under another name.", "M. Weber")
        book.comment(student, "Well explained.\nSee the second plot again.", "M. Weber")


def write_reports(cohort: Cohort, folder: Path, rubric: Rubric) -> None:
    """A page for each student, as a batch writes them: made once, since drawing it is no part of the exports."""
    (folder / "reports").mkdir(parents=True)
    page = to_html(made_up(rubric, 0))
    for row in cohort.rows:
        if row.report:
            (folder / row.report).write_text(page, encoding="utf-8")


def run(students: int, folder: Path) -> Path:
    """All steps; returns the page."""
    rubric, _ = load_rubric(default_rubric())
    roster, out = hand_in(folder / "in", students), folder / "grades"
    with timed("read the intake"):
        intake = read_intake(folder / "in", roster=roster, late=LATE, work=folder / "work")
    with Gradebook.open(folder / "gradebook.sqlite", write=True) as book:
        with timed("take it in"):
            contents = book.take_in(intake)
            book.set_terms(TERMS)
        fill(book, contents, rubric)
        speak(book, list(contents), rubric)
        with timed("read the cohort"):
            cohort = book.cohort(LATE)
    write_reports(cohort, out, rubric)
    with timed("write all exports"):
        written = write_exports(cohort, out)
    with timed("write all exports again"):
        again = write_exports(cohort, out)
    print(f"{len(written)} files, then {len(again)}; the page has {(out / 'index.html').stat().st_size / 2**20:.1f} MiB")
    assert len(json.loads((out / "grades.json").read_text(encoding="utf-8"))["students"]) == students
    assert (out / "reports" / f"{safe_name('s00001')}.html").exists()
    return out / "index.html"


def browse(page: Path) -> None:
    """Open the page and sort it by each of three columns, until the next frame has been drawn."""
    from playwright.sync_api import sync_playwright

    drawn = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        began = time.monotonic()
        tab.goto(page.as_uri())
        tab.evaluate(drawn)
        print(f"opened in Chromium in {time.monotonic() - began:.2f} s")
        for head in ("Points", "Student", "To know"):
            began = time.monotonic()
            tab.get_by_role("button", name=head, exact=True).first.click()
            tab.evaluate(drawn)
            print(f"sorted by {head} in {time.monotonic() - began:.2f} s")
        browser.close()


def main() -> None:
    """Run all in a folder that goes again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=5000)
    parser.add_argument("--browser", action="store_true", help="open and sort the page in Chromium")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave all files there")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        page = run(options.students, options.keep or Path(folder))
        if options.browser:
            browse(page)


if __name__ == "__main__":
    main()
