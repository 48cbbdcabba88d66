"""Who shares code with whom: copies in disguise, and work that is alike for a good reason or not at all."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.errors import InputError
from grader.similarity import Pair, prints, similar
from tests.folders import write
from tests.similarity.works import disguised, function, module

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def copydetect() -> None:
    pytest.importorskip("copydetect", reason="copydetect is not installed: pip install '.[copydetect]'")


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[..., Path]:
    """Makes the submission of a student; files by name."""
    return lambda student, **files: write(tmp_path / student, {f"{name}.py": text for name, text in files.items()})


def found(submissions: list[Path], earlier: list[Path] = [], discounted: list[Path] = [], threshold: float = 0.5) -> dict[str, Pair]:  # noqa: B006
    """Pairs as "left right"."""
    by_name = [{path.name: path for path in group} for group in (submissions, earlier)]
    return {f"{pair.left} {pair.right}": pair for pair in similar(*by_name, discounted, threshold)}


def test_a_copy_in_disguise_is_found_and_others_are_not(hand_in: Callable[..., Path]) -> None:
    ann = hand_in("ann", model=module(1, 2), train=module(3))
    bob = hand_in("bob", net=disguised(module(3, 1)), loop=disguised(module(2)))
    cem = hand_in("cem", model=module(4, 5), train=module(6))
    pairs = found([ann, bob, cem])
    assert list(pairs) == ["ann bob"]
    assert pairs["ann bob"].left_share > 0.9 and pairs["ann bob"].right_share > 0.9


def test_shares_are_of_each_side_and_the_larger_one_counts(hand_in: Callable[..., Path]) -> None:
    small, large = hand_in("small", model=module(1, 2)), hand_in("large", model=module(3, 4, 1, 5, 2, 6, 7, 8))
    pair = found([large, small], threshold=0.8)["large small"]
    assert pair.right_share > 0.9
    assert 0.2 < pair.left_share < 0.3  # 2 functions of 8 of one size
    assert found([hand_in("half", model=module(1, 20)), hand_in("other", model=module(1, 30))], threshold=0.8) == {}


def test_places_name_the_lines_on_both_sides(hand_in: Callable[..., Path]) -> None:
    shared = function("shared", 1, lines=24)
    ann = hand_in("ann", model=f"\n\n# mine\nclass Net(Module):\n    pass\n\n\n{shared}\n")  # lines 8 to 32
    bob = hand_in("bob", work=f'"""Mine."""\n\n{function("own", 2)}\n\n\n{disguised(shared)}\n')  # 18 to 43: one empty line more
    (place,) = [each for each in found([ann, bob])["ann bob"].places if each.left.last - each.left.first > 5]
    assert (place.left.file, place.right.file) == ("model.py", "work.py")
    assert (place.left.first, place.left.last, place.left.where) == (8, 32, "model.py, lines 8 to 32")
    assert (place.right.first, place.right.last) == (18, 43)
    assert place.left.excerpt == shared
    assert place.right.excerpt == disguised(shared)


def test_a_notebook_is_compared_by_its_code_cells(hand_in: Callable[..., Path]) -> None:
    cells = [{"cell_type": "markdown", "source": module(9)}, {"cell_type": "code", "source": "%pip install torch\nimport torch"},
             {"cell_type": "code", "source": module(1, 2).splitlines(keepends=True)}]  # fmt: skip
    bob = write(hand_in("bob"), {"work.ipynb": json.dumps({"cells": cells, "nbformat": 4})})
    pairs = found([hand_in("ann", model=module(2, 1)), bob, hand_in("cem", model=module(9))])
    assert list(pairs) == ["ann bob"]
    assert "work.ipynb, cell 2, line 1" in {place.right.where.partition(" to ")[0] for place in pairs["ann bob"].places}


def test_what_the_starter_and_the_reference_hold_does_not_count(hand_in: Callable[..., Path]) -> None:
    ann = hand_in("ann", given=module(1, 2), known=module(3), own=module(4, 14))
    bob = hand_in("bob", given=disguised(module(1, 2)), known=module(3), own=module(5, 15))
    assert list(found([ann, bob])) == ["ann bob"]
    discounted = [hand_in("starter", a=module(1, 2)), hand_in("reference", b=module(9, 3))]
    assert found([ann, bob], discounted=discounted) == {}
    cem = hand_in("cem", given=module(1, 2), own=disguised(module(4, 14)))
    pair = found([ann, bob, cem], discounted=discounted)["ann cem"]
    assert pair.left_share > 0.9 and {place.left.file for place in pair.places} == {"own.py"}


def test_code_repeated_in_a_file_counts_with_a_starter_too(hand_in: Callable[..., Path]) -> None:
    ann, bob = hand_in("ann", model=module(1, 1, 1, 2)), hand_in("bob", model=module(1, 3, 4, 5))
    alone = found([ann, bob])["ann bob"]
    with_starter = found([ann, bob], discounted=[hand_in("starter", a=module(8))])["ann bob"]
    assert with_starter.left_share == pytest.approx(alone.left_share, abs=0.02)
    assert alone.left_share > 0.7  # 3 functions of 4


def test_earlier_cohorts_are_compared_with_this_one_and_not_with_each_other(hand_in: Callable[..., Path]) -> None:
    old = [hand_in("old1", model=module(1, 2)), hand_in("old2", model=disguised(module(1, 2)))]
    assert found([hand_in("cem", model=module(3))], earlier=old) == {}
    pairs = found([hand_in("ann", model=module(2, 1)), hand_in("bob", model=module(4, 5))], earlier=old)
    assert set(pairs) == {"ann old1", "ann old2"} and all(pair.is_earlier for pair in pairs.values())


def test_the_largest_share_comes_first(hand_in: Callable[..., Path]) -> None:
    works = [hand_in("ann", a=module(1, 2, 3, 4)), hand_in("bob", a=module(1, 2, 3, 4)), hand_in("cem", a=module(1, 2, 3, 7))]
    assert list(found(works)) == ["ann bob", "ann cem", "bob cem"]


def test_archives_are_read_and_links_are_not_followed(hand_in: Callable[..., Path], tmp_path: Path) -> None:
    ann = hand_in("ann", model=module(1, 2))
    with zipfile.ZipFile(tmp_path / "bob.zip", "w") as archive:
        archive.writestr("bob/model.py", module(2, 1))
    linked = hand_in("linked", own=module(3, 4))
    (linked / "model.py").symlink_to(ann / "model.py")
    (linked / "folder").symlink_to(ann)
    assert list(found([ann, tmp_path / "bob.zip", linked])) == ["ann bob.zip"]


def test_what_is_not_compared_is_noted(hand_in: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "damaged.zip").write_bytes(b"PK\x03\x04 this is no archive")
    odd = hand_in("odd", model=module(1, 2), binary="\0" * 100, giant=f"x = [{'1, ' * 100_000}]", broken="def f(:\n" + module(5))
    works = {
        "ann": hand_in("ann", model=module(1, 2, 5)),
        "odd": odd,
        "tiny": hand_in("tiny", model="x = 1\n"),
        "bad": tmp_path / "damaged.zip",
    }
    notes: list[str] = []
    pairs = similar(works, {}, [], 0.5, notes.append)
    assert [(pair.left, pair.right) for pair in pairs] == [("ann", "odd")]
    assert pairs[0].left_share > 0.9  # a file that is not valid Python is compared all the same
    told = {word: [note for note in notes if word in note] for word in ("binary.py", "giant.py", "tiny", "damaged.zip")}
    assert all(len(said) == 1 for said in told.values()), notes
    assert "no text" in told["binary.py"][0] and "characters" in told["giant.py"][0] and "too little" in told["tiny"][0]


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.01, float("nan")])
def test_a_threshold_that_is_no_share_is_refused(threshold: float) -> None:
    with pytest.raises(InputError, match="threshold"):
        similar({}, {}, [], threshold)


def test_nobody_is_like_nobody() -> None:
    assert similar({}, {}, [], 0.5) == ()


def test_without_copydetect_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(prints.importlib, "import_module", absent)
    with pytest.raises(InputError, match=r"pip install .*\[copydetect\]"):
        similar({}, {}, [], 0.5)


IN_A_PROCESS = """
import sys
import grader.similarity
assert "copydetect" not in sys.modules
import matplotlib.pyplot  # keeps a list of fonts in its own cache folder, with and without copydetect
from pathlib import Path
seen = []
def hear(event, values):
    if event.startswith(("socket.", "urllib.", "subprocess.", "os.system", "webbrowser.")):
        seen.append((event, str(values)))
    if event == "open" and (isinstance(values[1], str) and set(values[1]) & set("wax+") or values[2] & 3):
        seen.append((event, str(values)))
sys.dont_write_bytecode = True
sys.addaudithook(hear)
pairs = grader.similarity.similar({name: Path(sys.argv[1]) / name for name in ("ann", "bob")}, {}, [], 0.1)
page = grader.similarity.to_page(pairs)
assert not seen, seen
print([(pair.left_share, pair.right_share, pair.places) for pair in pairs])
"""


def test_it_writes_nothing_opens_no_connection_and_says_the_same_in_every_process(hand_in: Callable[..., Path], tmp_path: Path) -> None:
    hand_in("ann", model=module(1, 2, 3)), hand_in("bob", model=module(2, 4))
    said = [
        subprocess.run(
            [sys.executable, "-c", IN_A_PROCESS, str(tmp_path)], env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False,
        )
        for seed in ("1", "2")
    ]  # fmt: skip
    assert [each.stderr for each in said] == ["", ""]
    assert said[0].stdout == said[1].stdout and "model.py" in said[0].stdout


def test_the_library_is_the_one_that_was_tried() -> None:
    assert importlib.import_module("copydetect").__version__.startswith("0.5")
