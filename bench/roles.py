"""Which roles discovery fills in real submissions, against what a person found: precision and recall.

    python bench/roles.py --submissions FOLDER --truth FOLDER [--only NAME ...] [--command "python -m grader.cli"]

FOLDER of the submissions holds one folder for each; FOLDER of the truth holds NAME.json for each of them, with the keys
"root" (the homework's folder inside) and "roles": role -> {"status": "yes" | "partial" | "no", "where": "file.py:Name",
"build": "Name(key=value)"}. Each submission is looked at by `grade roles SUBMISSION --json FILE`, or its report is read (--reports).

found    the class that the person named, built with the arguments that the person named
missed   a role that is there, in part or whole, and that nothing was found for
wrong    something else was found, or something where there is nothing
"""

from __future__ import annotations

import argparse
import ast
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 900


@dataclass(frozen=True)
class Row:
    """One role of one submission."""

    submission: str
    role: str
    status: str  # what the person says: yes, partial or no
    verdict: str  # found, missed, wrong, or empty where there is nothing and nothing was found
    expected: str
    found: str
    confidence: float
    reason: str


def main() -> int:
    """Print the table; the exit status is 1 where precision or recall is below 0.95."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--command", default=f"{shlex.quote(sys.executable)} -m grader.cli")
    parser.add_argument("--reports", type=Path, help="reports NAME.json that were made before, instead of looking again")
    parser.add_argument("--all", action="store_true", help="print what is right, too")
    options = parser.parse_args()
    rows = []
    for path in sorted(options.truth.glob("*.json")):
        if not options.only or any(name in path.stem for name in options.only):
            rows += rows_of(path, options.submissions / path.stem, options.command, options.reports)
    show(rows, options.all)
    precision, recall = scores(rows)
    print(f"precision {precision:.3f}, recall {recall:.3f}")
    return int(min(precision, recall) < 0.95)


def rows_of(truth: Path, submission: Path, command: str, reports: Path | None) -> Iterator[Row]:
    """What was found in one submission beside what is there."""
    answers = answers_in(reports / f"{truth.stem}.json") if reports else answers_for(submission, command)
    for role, label in json.loads(truth.read_text())["roles"].items():
        yield row(truth.stem, role, label, answers.get(role) or {})


def answers_for(submission: Path, command: str) -> dict[str, Any]:
    """Role -> what the command says of it; nothing where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "roles.json"
        asked = [*shlex.split(command), "roles", str(submission), "--json", str(out), "--quiet"]
        done = subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, timeout=SECONDS)
        if done.returncode:
            print(f"{submission.name}: {done.stderr.strip()[-400:]}", file=sys.stderr)
            return {}
        return answers_in(out)


def answers_in(document: Path) -> dict[str, Any]:
    """Role -> what a report, or the document of `grade roles`, says of it."""
    return {each["role"]: each for each in json.loads(document.read_text())["roles"]}


def row(submission: str, role: str, label: dict[str, Any], answer: dict[str, Any]) -> Row:
    """One role, judged."""
    candidate, arguments = answer.get("candidate"), answer.get("arguments") or {}
    shown = f"{candidate}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})" if candidate else ""
    same = bool(candidate) and is_labelled(str(candidate), arguments, str(label.get("where") or ""), str(label.get("build") or ""))
    verdict = "missed" if label["status"] != "no" else ""
    if candidate:
        verdict = "found" if same and label["status"] != "no" else "wrong"
    expected = str(label.get("build") or "")
    confidence = float(answer.get("confidence") or 0)
    return Row(submission, role, label["status"], verdict, expected, shown, confidence, str(answer.get("reason") or ""))


def is_labelled(candidate: str, arguments: dict[str, Any], where: str, build: str) -> bool:
    """The class of that name, with none of the arguments different that are named by their keyword."""
    name = candidate.rpartition(":")[2].rpartition(".")[2]
    try:
        call = ast.parse(build, mode="eval").body
        asked = {each.arg: ast.literal_eval(each.value) for each in call.keywords} if isinstance(call, ast.Call) else {}
        labelled = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
    except (SyntaxError, ValueError):
        asked, labelled = {}, where.rpartition(":")[2]
    return name == labelled and all(arguments.get(key, value) == value for key, value in asked.items())


def scores(rows: list[Row]) -> tuple[float, float]:
    """Precision over all that was found; recall over the roles that are there, in part or whole."""
    count = {verdict: sum(each.verdict == verdict for each in rows) for verdict in ("found", "missed", "wrong")}
    there = sum(each.status != "no" for each in rows)
    return count["found"] / max(1, count["found"] + count["wrong"]), count["found"] / max(1, there)


def show(rows: list[Row], everything: bool) -> None:
    """A table of what is not right, and the counts of each submission."""
    for each in rows:
        if everything or each.verdict in ("missed", "wrong"):
            print(f"{each.verdict or 'none':7} {each.submission[:28]:29}{each.role:18}{each.status:8}{each.expected}")
            print(f"{'':8}found: {each.found or 'nothing'} ({each.confidence:.2f}) {each.reason[:200]}")
    for name in dict.fromkeys(each.submission for each in rows):
        of = [each.verdict for each in rows if each.submission == name]
        print(f"{name[:38]:39} found {of.count('found'):3}  missed {of.count('missed'):3}  wrong {of.count('wrong'):3}")


if __name__ == "__main__":
    sys.exit(main())
