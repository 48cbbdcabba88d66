"""``kill -9`` at random moments while results are recorded: what was committed is there and whole, and nothing else."""

from __future__ import annotations

import multiprocessing
import os
import random
import sqlite3
import time
import zlib
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from grader.gradebook import Gradebook
from tests.gradebook.made import TERMS, WORTH, document, graded

MOMENTS = 20
_PROCESSES = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")


def report(number: int) -> bytes:
    """The report on one student: of its own, and as long as a real one."""
    changes = {name: {"why": f"student {number}: {name} ", "found": f"{number} " * 10_000} for name in WORTH}
    return document({"1.net": number % 3, "1.accuracy": number % 4, "2.block": number % 6}, changes=changes)


def record_for_ever(path: Path, telling: Connection) -> None:
    """Records what is not recorded yet, and tells of each result once it is committed."""
    with Gradebook.open(path, write=True) as book:
        for number in count():
            if not book.has(f"s{number}", f"content {number}", TERMS):
                book.record(graded(f"s{number}", f"content {number}", report(number)), TERMS)
                telling.send(number)


def record_and_be_killed(path: Path, chance: random.Random) -> list[int]:
    """The results that a process said were committed before it was killed."""
    told, tells = _PROCESSES.Pipe(duplex=False)
    child = _PROCESSES.Process(target=record_for_ever, args=(path, tells))
    child.start()
    tells.close()
    said = [told.recv()]
    time.sleep(chance.uniform(0, 0.1))
    child.kill()
    child.join()
    while told.poll():
        try:
            said.append(told.recv())
        except EOFError:
            break
    return said


def test_whatever_was_committed_is_whole(tmp_path: Path) -> None:
    path, chance, said = tmp_path / "gradebook.sqlite", random.Random(5), list[int]()
    for _ in range(MOMENTS):
        said += record_and_be_killed(path, chance)
        with Gradebook.open(path, write=True) as book:
            assert all(book.has(f"s{number}", f"content {number}", TERMS) for number in said)
    print(f"killed {MOMENTS} times, {len(said)} results recorded")
    assert len(set(said)) == len(said), "nothing was recorded twice"
    assert_whole(path, said)


def assert_whole(path: Path, said: list[int]) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    results = connection.execute("SELECT id, student FROM results").fetchall()
    numbers = [int(student[1:]) for _, student in results]
    assert set(said) <= set(numbers)
    assert len(set(numbers)) == len(numbers) <= len(said) + MOMENTS  # one each may be committed and not said
    for (result, _), number in zip(results, numbers, strict=True):
        (packed,) = connection.execute("SELECT document FROM documents WHERE result = ?", (result,)).fetchone()
        assert zlib.decompress(packed) == report(number)
        points = connection.execute("SELECT points FROM verdicts WHERE result = ? ORDER BY place", (result,)).fetchall()
        assert points == [(f"{number % size}/1",) for size in (3, 4, 6)]
    assert len(WORTH) * len(results) == connection.execute("SELECT count(*) FROM verdicts").fetchone()[0]
    connection.close()
