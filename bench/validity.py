"""How often is the grader wrong? It is held against wrong submissions whose defects are known.

    python bench/validity.py mutants --jobs 2 --write
    python bench/validity.py mutants --only fc_mnist/layer-more mnist/no-time

`mutants` grades every wrong submission of tests/validity/mutants.py, prints for each the criteria that lost points, and both
error rates: defects that cost nothing where they should (misses), and points lost where the defect does not concern them
(collateral), with Clopper-Pearson intervals of 95 %. Each outcome is kept in a folder under the content of the submission, the
rubric and the grader's sources: a run that was stopped goes on where it was. `--write` renews the table in docs/validity.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # for the tables of tests/validity

from tests.validity.grading import Outcome, compared, copy_of_reference, dependencies, examination_in, lost  # noqa: E402
from tests.validity.mutants import BY_ID, MUTANTS  # noqa: E402
from tests.validity.mutants_base import Mutant  # noqa: E402
from tests.validity.rates import interval  # noqa: E402

DOCUMENT = ROOT / "docs" / "validity.md"
BEGIN, END = "<!-- mutants: written by bench/validity.py -->", "<!-- end of mutants -->"


# --- what is kept -----------------------------------------------------------------------------------------------------


def content(paths: Iterable[Path], root: Path) -> str:
    """SHA-256 of files with their names, short."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(root)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def grader_key() -> str:
    """What outcomes depend on beside the submission: the grader, its rubrics, and how copies are graded."""
    sources = [*(ROOT / "grader").rglob("*.py"), *(ROOT / "rubrics").glob("*.toml"), ROOT / "tests" / "remembering.py"]
    return content(sources, ROOT)


def submission_key(folder: Path) -> str:
    """The content of a submission."""
    return content((path for path in folder.rglob("*") if path.is_file()), folder)


def kept(store: Path, mutant: Mutant) -> Path:
    """Where a mutant's outcome is kept."""
    with tempfile.TemporaryDirectory() as folder:
        submission = copy_of_reference(Path(folder) / "reference")
        mutant.apply(submission)
        return store / f"{submission_key(submission)}.json"


# --- grading ----------------------------------------------------------------------------------------------------------


def grade_all(names: Sequence[str], store: Path) -> list[str]:
    """Grade some mutants in this process, one after the other; their outcomes go to the store."""
    with examination_in(store / "shared") as examination:
        whole = examination.whole()
        for name in names:
            path, start = kept(store, BY_ID[name]), time.monotonic()
            if not path.exists():
                with tempfile.TemporaryDirectory() as folder:
                    submission = examination.copy(Path(folder))
                    BY_ID[name].apply(submission)
                    found = lost(whole, examination.verdicts(submission))
                path.write_text(json.dumps(found, indent=1))
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return list(names)


def run(mutants: Sequence[Mutant], store: Path, jobs: int) -> dict[str, Outcome]:
    """The outcome of each mutant, graded now or before."""
    store.mkdir(parents=True, exist_ok=True)
    paths = {mutant.id: kept(store, mutant) for mutant in mutants}
    missing = [name for name, path in paths.items() if not path.exists()]
    if jobs == 1 or len(missing) < 2:
        grade_all(missing, store) if missing else None
    else:
        grade_all(missing[:1], store)  # the reference is graded once, before the processes part
        with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
            pieces = [missing[1:][start::jobs] for start in range(jobs)]
            for done in as_completed([pool.submit(grade_all, piece, store) for piece in pieces if piece]):
                done.result()
    depends = dependencies()
    return {mutant.id: compared(mutant, json.loads(paths[mutant.id].read_text()), depends) for mutant in mutants}


# --- what is said -----------------------------------------------------------------------------------------------------


def rate(what: str, hits: int, trials: int) -> str:
    """One error rate in words."""
    low, high = interval(hits, trials)
    return f"{what}: {hits} of {trials}, {hits / trials:.1%} (95 % interval {low:.1%} to {high:.1%}, Clopper-Pearson)"


def summary(mutants: Sequence[Mutant], outcomes: dict[str, Outcome]) -> list[str]:
    """Both error rates."""
    missed = sum(not outcomes[each.id].caught for each in mutants)
    collateral = sum(bool(outcomes[each.id].collateral) for each in mutants)
    return [
        rate("mutants that kept points on a criterion that they should lose", missed, len(mutants)),
        rate("mutants that lost points on a criterion that their defect does not concern", collateral, len(mutants)),
    ]


def matrix(mutants: Sequence[Mutant], outcomes: dict[str, Outcome]) -> list[str]:
    """A row for each mutant: what it should lose, what else it lost, and what it kept or lost wrongly."""
    rows = ["| mutant | defect | has to lose | also lost | missed | collateral |", "|---|---|---|---|---|---|"]
    for each in mutants:
        outcome = outcomes[each.id]
        more = [name for name in outcome.lost if name not in each.loses and name not in outcome.collateral]
        cells = (each.id, each.about, ", ".join(each.loses), ", ".join(more), ", ".join(outcome.missed), ", ".join(outcome.collateral))
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def misses(mutants: Sequence[Mutant], outcomes: dict[str, Outcome]) -> list[str]:
    """Each known miss with its reason."""
    wrong = [each for each in mutants if not outcomes[each.id].caught]
    return [f"- `{each.id}` keeps {', '.join(outcomes[each.id].missed)}: {each.survives or 'no reason is known'}" for each in wrong]


def reasons(mutants: Sequence[Mutant], outcomes: dict[str, Outcome]) -> list[str]:
    """The dependencies that the table names beside the rubric's, and that occurred."""
    found = ((each, name, why) for each in mutants for name, why in each.also.items() if name in outcomes[each.id].lost)
    return [f"- `{each.id}`, {name}: {why}" for each, name, why in found]


def unneeded(mutants: Sequence[Mutant], outcomes: dict[str, Outcome]) -> list[str]:
    """What the table could do without: named dependencies that did not occur, named misses that are caught."""
    also = [f"{each.id}: also {name} did not lose" for each in mutants for name in each.also if name not in outcomes[each.id].lost]
    return [*also, *(f"{each.id}: is caught, and no survivor" for each in mutants if each.survives and outcomes[each.id].caught)]


def written(lines: Sequence[str]) -> None:
    """Put the lines into docs/validity.md between the marks of this script."""
    text = DOCUMENT.read_text() if DOCUMENT.exists() else f"# Validity\n\n{BEGIN}\n{END}\n"
    if BEGIN not in text:
        text += f"\n{BEGIN}\n{END}\n"
    head, _, rest = text.partition(BEGIN)
    DOCUMENT.write_text("\n".join([f"{head}{BEGIN}", "", *lines, "", END]) + rest.partition(END)[2])


def report(mutants: Sequence[Mutant], outcomes: dict[str, Outcome]) -> list[str]:
    """The part of docs/validity.md about mutants."""
    known = misses(mutants, outcomes) or ["None."]
    return [
        *("## Wrong submissions", ""),
        *(f"- {line}" for line in summary(mutants, outcomes)),
        *("", "### Known misses", "", *known),
        *("", "### Dependencies that the table names", "", *(reasons(mutants, outcomes) or ["None."])),
        *("", "### The matrix", "", *matrix(mutants, outcomes)),
    ]


def mutants_command(arguments: argparse.Namespace) -> None:
    """Grade and print."""
    chosen = [BY_ID[name] for name in arguments.only] if arguments.only else list(MUTANTS)
    store = arguments.store / grader_key()
    if arguments.kept:
        chosen = [each for each in chosen if kept(store, each).exists()]
    outcomes = run(chosen, store, arguments.jobs)
    for each in chosen:
        outcome = outcomes[each.id]
        state = "missed" if outcome.missed else "collateral" if outcome.collateral else "caught"
        print(f"{state:10} {each.id}: lost {', '.join(outcome.lost) or 'nothing'}")
        for name in outcome.collateral:
            print(f"           {name}: {outcome.lost[name]}")
        for name in outcome.missed:
            print(f"           kept {name}: {each.survives or 'no reason is known'}")
    print("\n".join(["", *unneeded(chosen, outcomes), "", *summary(chosen, outcomes)]))
    if arguments.write:
        written(report(chosen, outcomes))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    mutants = commands.add_parser("mutants", help="wrong submissions: what they lose, and what they should")
    mutants.add_argument("--jobs", type=int, default=2, help="processes")
    mutants.add_argument("--only", nargs="+", choices=sorted(BY_ID), metavar="ID", help="these mutants alone")
    mutants.add_argument("--kept", action="store_true", help="no grading: only what is kept already")
    mutants.add_argument("--store", type=Path, default=Path(tempfile.gettempdir()) / "validity", help="where outcomes are kept")
    mutants.add_argument("--write", action="store_true", help="renew the table in docs/validity.md")
    mutants.set_defaults(command=mutants_command)
    arguments = parser.parse_args()
    arguments.command(arguments)


if __name__ == "__main__":
    main()
