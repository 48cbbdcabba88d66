"""How long a cohort takes to be compared, and whether exactly the copies are found.

    python bench/similarity.py [--students 300] [--lines 1000] [--copies 10]

Everybody writes functions of their own, at random, in two files and a notebook. Each copier takes another's work and gives
every name, number of spaces and comment another form, and the functions another order.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import tempfile
import time
from pathlib import Path

from grader.similarity import similar, to_page

HEADS = ("if {a} {c} {n}:", "for {a} in range({n}):", "while {a} {c} {b}:", "with open({a}) as {b}:", "if not {a}:")
LINES = (
    "{a} = {b} {o} {n}", "{a} = {b}({a}, {n})", "{a}.{b}({n})", "{a}[{n}] = {b}", "{a}, {b} = {b} {o} {a}, {n}",
    "print({a}, {n} {o} {b})", "{a} = [{b} {o} {n} for {b} in {a}]", "assert {a} {c} {n}",
    "{a} = {b}[{n}:] {o} {b}[:{n}]", "{a} = lambda {b}: {b} {o} {n}",
)  # fmt: skip


def statement(luck: random.Random, forms: tuple[str, ...], indent: int) -> str:
    """One line of code."""
    a, b = (luck.choice("pqrstuvw") + str(luck.randrange(9)) for _ in range(2))
    o, c, n = luck.choice("+-*/%@&|^"), luck.choice(("<", ">", "==", "!=")), luck.randrange(10_000)
    return "    " * indent + luck.choice(forms).format(a=a, b=b, o=o, c=c, n=n)


def function(luck: random.Random, number: int) -> str:
    """A function of some 12 lines."""
    lines, indent = [f"def f{number}(p1, q1):"], 1
    for _ in range(luck.randrange(8, 16)):
        lines.append(statement(luck, LINES, indent))
        if luck.random() < 0.25 and indent < 4:
            lines.append(statement(luck, HEADS, indent))
            indent += 1
            lines.append(statement(luck, LINES, indent))
    return "\n".join([*lines, "", ""])


def work(luck: random.Random, lines: int) -> list[str]:
    """The functions of one student."""
    found: list[str] = []
    while sum(each.count("\n") for each in found) < lines:
        found.append(function(luck, len(found)))
    return found


def disguised(functions: list[str], luck: random.Random) -> list[str]:
    """Other names, other spaces, a comment here and there, another order."""
    changed = [re.sub(r"\b([p-w])(\d)\b", r"renamed_\2_\1", each).replace("    ", "  ").replace("\n", "  # so\n", 3) for each in functions]
    luck.shuffle(changed)
    return changed


def write(folder: Path, functions: list[str]) -> Path:
    """Two files and a notebook."""
    folder.mkdir()
    third = len(functions) // 3
    (folder / "model.py").write_text("".join(functions[:third]))
    (folder / "train.py").write_text("".join(functions[third : 2 * third]))
    cells = [{"cell_type": "code", "source": each} for each in functions[2 * third :]]
    (folder / "work.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    return folder


def main() -> None:
    """Make a cohort, compare it, print the row."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("students", 300), ("lines", 1000), ("copies", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    luck = random.Random(5)
    works = [work(luck, asked.lines) for _ in range(asked.students - asked.copies)]
    works += [disguised(works[at], luck) for at in range(asked.copies)]
    with tempfile.TemporaryDirectory() as temporary:
        folders = {f"s{at:04}": write(Path(temporary) / f"s{at:04}", each) for at, each in enumerate(works)}
        start = time.perf_counter()
        pairs = similar(folders, {}, [], 0.5)
        seconds = time.perf_counter() - start
        page = to_page(pairs)
    expected = {(f"s{at:04}", f"s{asked.students - asked.copies + at:04}") for at in range(asked.copies)}
    right = {(pair.left, pair.right) for pair in pairs} == expected
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{asked.students} submissions of {asked.lines} lines: {seconds:.1f} s, {memory:.0f} MiB, page {len(page) / 1024:.0f} KiB")
    print(f"{len(pairs)} pairs, exactly the {asked.copies} copies: {'yes' if right else 'NO'}")


if __name__ == "__main__":
    main()
