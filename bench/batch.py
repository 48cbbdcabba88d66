"""What a batch promises, measured.

    python bench/batch.py mixed            24 submissions, seven of them bad in seven ways; the healthy ones also alone
    python bench/batch.py kills            20 batches killed at a random moment and gone on with
    python bench/batch.py throughput       8 copies of the reference: one at a time, two at a time, and one alone
    python bench/batch.py unchanged        a batch of 200 in which nothing changed

Each prints a row and exits with 1 where it does not hold. ``mixed`` and ``throughput`` grade by the real rubric in the
quick profile, the others by the small assignment of the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SMALL = ROOT / "tests" / "hostile" / "rubric.toml"
HONEST = ROOT / "tests" / "submissions" / "hostile" / "_honest"
SEED = 20_261_122
KILLS, KILLED_COHORT = 20, 8

BAD = {  # what every constructor does; at the top of a file it would be left out, and the classes graded all the same
    "hang": "while True:\n        pass\n",
    "signal": "import os, signal\n    os.kill(os.getpid(), signal.SIGSEGV)\n",
    "memory": "held = []\n    while True:\n        held.append(bytearray(2**26))\n",
    "forks": "import os\n    while True:\n        os.fork()\n",
}
SLOW_IMPORT = "    import time\n    time.sleep(600)\n"  # in the body of a class, which cannot be left out


def command(*arguments: object) -> list[str]:
    """The command line of ``grade``."""
    return [sys.executable, "-m", "grader.cli", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """This process's, with the project to import."""
    return os.environ | {"PYTHONPATH": str(ROOT)} | changes


def run(*arguments: object, cores: int | None = None) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Seconds, and what it said; on so many cores (None: all). Exit codes are the caller's to read."""
    start = time.monotonic()
    line = [*(["taskset", "-c", f"0-{cores - 1}"] if cores else []), *command(*arguments)]
    done = subprocess.run(line, capture_output=True, text=True, env=environment(), cwd=ROOT, check=False)
    return time.monotonic() - start, done


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one measurement."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        yield Path(name)


def copies(of: Path, where: Path, count: int, name: str = "student") -> list[Path]:
    """Copies with distinct content: another width of the first network where there is one, and a note."""
    made = []
    for number in range(count):
        copy = where / f"{name}{number:03}"
        shutil.copytree(of, copy)
        (copy / "note.txt").write_text(f"handed in by {name} {number}\n")
        made.append(copy)
    return made


# --- 24, seven of them bad -------------------------------------------------------------------------------------------


def mixed() -> bool:
    """Every submission has a row with its own reason, and the healthy ones have the marks that they get alone."""
    with folder() as base:
        submissions, grades = base / "submissions", base / "grades"
        healthy = copies(ROOT / "reference", submissions, 17, "healthy")
        for name, text in BAD.items():
            bad = copies(ROOT / "reference", submissions, 1, name)[0]
            for file in (bad / "models").glob("*.py"):
                file.write_text(
                    f"def _bad():\n    {text}\n" + file.read_text().replace("super().__init__()", "super().__init__()\n        _bad()")
                )
        slow = copies(ROOT / "reference", submissions, 1, "slow_import")[0]
        for file in (slow / "models").glob("*.py"):
            file.write_text(re.sub(r"(?m)^(class .*:\n)", rf"\1{SLOW_IMPORT}", file.read_text()))
        (submissions / "empty").mkdir()
        (submissions / "broken.zip").write_bytes(b"PK\x03\x04 this is no archive")
        seconds, done = run("batch", submissions, "--out", grades, "--seed", SEED, "--jobs", 2)
        print(done.stderr[-4000:])
        rows = {row["id"]: row for row in json.loads((grades / "grades.json").read_text())["students"]}
        alone = _alone(healthy[0], base)
        same = [_without_name(_document(grades, path.name)) == alone for path in healthy]
        bad = {name: _reason(grades, row) for name, row in sorted(rows.items()) if not name.startswith("healthy")}
        for name, reason in bad.items():
            print(f"{name}: {rows[name]['status']}, {rows[name]['points']} points: {reason}")
        said = f"{sum(same)} of {len(same)} healthy ones as alone, byte for byte; {len(set(bad.values()))} reasons of {len(bad)} bad ones"
        print(f"| 24, seven of them bad | {len(rows)} rows in {seconds:.0f} s; {said} |")
        return len(rows) == 24 and all(same) and len(set(bad.values())) == len(bad) == 7


def _alone(submission: Path, base: Path) -> str:
    report = base / "alone.json"
    run(submission, "--json", report, "--seed", SEED, "--isolation", "full", "--no-cache", "--quiet")
    document = json.loads(report.read_text())
    del document["timing"]
    return _without_name(document)


def _without_name(document: dict[str, Any]) -> str:
    """The report as text, but for the name of the folder and the hash of the note in it."""
    for key in ("submission", "submission_hash"):
        del document["provenance"][key]
    return json.dumps(document, sort_keys=True)


def _document(grades: Path, student: str) -> dict[str, Any]:
    from grader.gradebook import Gradebook

    with Gradebook.open(grades / "gradebook.sqlite", write=False) as book:
        document: dict[str, Any] = json.loads(book.document(student))
    return document


def _reason(grades: Path, row: dict[str, Any]) -> str:
    if row["status"] != "graded":
        return str(row["reason"])
    lost = [each for each in _document(grades, row["id"])["criteria"] if each["points"] < each["max"]]
    return f"{len(lost)} criteria lost points; the first: {lost[0]['found']}: {lost[0]['why']}" if lost else "nothing lost"


# --- kill -9 ---------------------------------------------------------------------------------------------------------


def kills() -> bool:
    """After a kill at a random moment the same command ends with the gradebook of an undisturbed run; nothing is graded twice."""
    chosen = random.Random(SEED)
    with folder() as base:
        submissions = base / "submissions"
        copies(HONEST, submissions, KILLED_COHORT)
        arguments = ("batch", submissions, "--rubric", SMALL, "--seed", SEED, "--jobs", 2, "--no-cache")
        whole, done = run(*arguments, "--out", base / "undisturbed")
        assert done.returncode == 0, done.stderr
        expected = _content(base / "undisturbed")
        held, finished = 0, []
        for number in range(KILLS):
            grades, moment = base / f"killed{number}", chosen.uniform(0, whole)
            _killed(command(*arguments, "--out", grades), moment)
            before = _results(grades)
            _, done = run(*arguments, "--out", grades)
            twice = [student for student, count in _counts(grades).items() if count != 1]
            good = done.returncode == 0 and _content(grades) == expected and not twice
            held, finished = held + good, [*finished, before]
            word = "as undisturbed" if good else "DIFFERS"
            print(f"killed after {moment:.1f} of {whole:.1f} s with {before} of {KILLED_COHORT} kept: {word}")
        print(f"| kill -9 | {held} of {KILLS} as an undisturbed run, none graded twice; kept at the moment: {sorted(finished)} |")
        return held == KILLS


def _killed(line: list[str], moment: float) -> None:
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), cwd=ROOT)
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()


def _results(grades: Path) -> int:
    return sum(_counts(grades).values()) if (grades / "gradebook.sqlite").exists() else 0


def _counts(grades: Path) -> dict[str, int]:
    """How many results each student has."""
    with sqlite3.connect(f"file:{grades / 'gradebook.sqlite'}?mode=ro", uri=True) as book:
        tables = {name for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return dict(book.execute("SELECT student, COUNT(*) FROM results GROUP BY student").fetchall()) if "results" in tables else {}


def _content(grades: Path) -> dict[str, str]:
    """Everything that was found out about each student, without times."""
    rows = json.loads((grades / "grades.json").read_text())["students"]
    return {row["id"]: json.dumps([row["status"], row["points"], _document(grades, row["id"])], sort_keys=True) for row in rows}


# --- throughput ------------------------------------------------------------------------------------------------------


def throughput() -> bool:
    """Two at a time against one at a time, and each of a batch against one alone on as many cores. Nothing is cached."""
    with folder() as base:
        submissions = base / "submissions"
        each = copies(ROOT / "reference", submissions, 8)
        batch, alone = {}, {}
        for jobs in (1, 2):
            common = ("--seed", SEED, "--no-cache", "--isolation", "full", "--jobs", jobs, "--quiet")
            alone[jobs], _ = run(each[0], "--out", base / "r.html", *common, cores=jobs)
            batch[jobs], done = run("batch", submissions, "--out", base / f"g{jobs}", *common)
            assert done.returncode == 0, done.stderr
            print(f"{jobs} cores: alone {alone[jobs]:.1f} s; eight with --jobs {jobs} {batch[jobs]:.1f} s", flush=True)
        ratio, costs = batch[1] / batch[2], {jobs: batch[jobs] / len(each) / alone[jobs] for jobs in batch}
        print(f"| throughput | {ratio:.2f} times; per submission {costs[1]:.2f} (one core) and {costs[2]:.2f} (two) times alone |")
        return ratio >= 1.8 and max(costs.values()) <= 1.1


# --- nothing to do ---------------------------------------------------------------------------------------------------


def unchanged() -> bool:
    """Two hundred submissions of the size of the reference; their results are kept as failing fast: what they are does not matter."""
    with folder() as base:
        submissions = base / "submissions"
        for path in copies(ROOT / "reference", submissions, 200):
            shutil.rmtree(path / "models")
        arguments = ("batch", submissions, "--out", base / "grades", "--rubric", SMALL, "--jobs", 2)
        first, _ = run(*arguments)
        second, done = run(*arguments)
        print(done.stdout[-300:])
        print(f"| unchanged batch of 200 | {second:.2f} s (the first run: {first:.0f} s) |")
        return second < 3 and "200 unchanged" in done.stdout


MEASUREMENTS: dict[str, Callable[[], bool]] = {"mixed": mixed, "kills": kills, "throughput": throughput, "unchanged": unchanged}


def main() -> None:
    """Run one measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=MEASUREMENTS)
    sys.exit(0 if MEASUREMENTS[parser.parse_args().what]() else 1)


if __name__ == "__main__":
    main()
