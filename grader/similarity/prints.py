"""The fingerprints of a submission's code, by copydetect: names and texts replaced, comments and spaces left out, winnowed.

Its tokeniser and its winnowing are used as they are. The windows of code are hashed here: Python's ``hash`` of a text, which
it would use, differs from process to process, and the same submissions have to give the same shares. What is discounted is
left out here too: it would drop repeated code along with it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import InputError
from grader.submission import open_submission, unpacked
from grader.submission.names import shown

WINDOW = 25  # characters of tokenised code that make a fingerprint, and the smallest likeness there is: copydetect's own default
_CHOICE = 6  # of so many neighbours one is kept, so that 30 characters in a row are always found: its default too
FILE_GAP = 4 * WINDOW  # between files, so that nothing is alike across the end of one
MAX_CHARACTERS = 2**18  # of one submission; 1,000 lines come to 40,000
MAX_LINE = 1000  # characters; what stands further right is data
MIN_COVERAGE = 300  # characters of tokenised code, some 15 lines: two that have less left are alike by chance

Integers = NDArray[np.int64]
Note = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class File:
    """A file that was tokenised."""

    name: str
    text: str
    start: int  # where its first token stands in the submission
    lines: Integers  # of each character of the tokenised code, counted from 1


@dataclass(frozen=True, eq=False)
class Prints:
    """What is compared of a submission. Positions are in its tokenised code, all files one after the other."""

    label: str
    files: tuple[File, ...]
    hashes: Integers  # (fingerprints,)
    positions: Integers  # (fingerprints,), rising
    coverage: int  # characters of tokenised code that any fingerprint covers


def library() -> Any:
    """The parts of copydetect that are used. Raises InputError where it is not installed."""
    try:
        return importlib.import_module("copydetect.utils")
    except ImportError as error:
        raise InputError(f'Comparing submissions needs copydetect ({error}): pip install "dl-homework-grader[copydetect]".') from error


def discounted_hashes(path: Path, note: Note) -> Integers:
    """Every window of code in a starter or a reference. Raises InputError where it cannot be read."""
    codes = [tokenised(text)[0] for _, text in _texts(path, shown(path.name), note)]
    return np.concatenate([hashed(code) for code in codes] or [np.array([], dtype=np.int64)])


def fingerprints(label: str, path: Path, discounted: Integers, note: Note) -> Prints | None:
    """The fingerprints of a folder or a .zip; None, with a note, where it cannot be read or has too little code of its own."""
    name = shown(label)
    try:
        texts = list(_texts(path, name, note))
    except InputError as error:
        note(f"{name} was not compared: {error}")
        return None
    files, hashes, positions = _winnowed(texts)
    own = ~np.isin(hashes, discounted)
    covered = int(library().get_token_coverage({0: positions[own]}, WINDOW, _length(files))) if own.any() else 0
    if covered < MIN_COVERAGE:
        note(f"{name} was not compared: it has too little code of its own.")
        return None
    return Prints(label, files, hashes[own], positions[own], covered)


def _texts(path: Path, label: str, note: Note) -> Iterator[tuple[str, str]]:
    """Name and text of each Python file and of each notebook's code; a note for what is left out."""
    left = MAX_CHARACTERS
    with unpacked(path, note) as folder:
        for source in open_submission(folder).sources():
            why = _why_left_out(source.text, left)
            if source.fault and not source.text:
                why = source.fault.message
            if why:
                note(f"{label}: {shown(source.path)} was not compared: {why}.")
            else:
                left -= len(source.text)
                yield source.path, source.text


def _why_left_out(text: str, left: int) -> str:
    if "\0" in text:
        return "it is no text"
    return f"the code comes to more than {MAX_CHARACTERS:,} characters" if len(text) > left else ""


def _winnowed(texts: list[tuple[str, str]]) -> tuple[tuple[File, ...], Integers, Integers]:
    files: list[File] = []
    hashes, positions = [np.array([], dtype=np.int64)], [np.array([], dtype=np.int64)]
    for name, text in texts:
        code, lines = tokenised(text)
        files.append(File(name, text, _length(tuple(files)) + FILE_GAP, lines))
        kept, places = library().winnow(hashed(code), _CHOICE, remove_duplicates=False)
        order = np.argsort(places, kind="stable")
        hashes.append(kept[order])
        positions.append(places[order] + files[-1].start)
    return tuple(files), np.concatenate(hashes), np.concatenate(positions)


def _length(files: tuple[File, ...]) -> int:
    return files[-1].start + len(files[-1].lines) if files else 0


def tokenised(text: str) -> tuple[str, Integers]:
    """The code with names as V, F or O and texts as S, without comments and spaces; and the line of each of its characters."""
    # Its tokeniser takes quadratic time over many empty lines, and would strip the first ones without counting them.
    kept = [(number, line.rstrip()[:MAX_LINE]) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    body = "\n".join(line for _, line in kept)
    code, offsets = library().filter_code(body, "", "python")
    if not code:
        return "", np.array([], dtype=np.int64)
    removed = np.maximum.accumulate(offsets[:, 1])  # of a class's name it gives the length, and not what was left out before
    places = np.arange(len(code))
    places = places + removed[np.clip(np.searchsorted(offsets[:, 0], places), 0, len(removed) - 1)]
    ends = np.cumsum([len(line) + 1 for _, line in kept]) - 1
    numbers = np.array([number for number, _ in kept])
    return code, numbers[np.clip(np.searchsorted(ends, places), 0, len(kept) - 1)]


def hashed(code: str) -> Integers:
    """A number for each window of the code, the same in every process (a polynomial, its bits mixed as in SplitMix64)."""
    signs = np.frombuffer(code.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    count = max(len(signs) - WINDOW + 1, 0)
    total = np.zeros(count, dtype=np.uint64)
    for at in range(WINDOW):
        total = total * np.uint64(0x9E3779B97F4A7C15) + signs[at : at + count]
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        total = (total ^ (total >> np.uint64(shift))) * np.uint64(factor)
    return (total ^ (total >> np.uint64(31))).view(np.int64)
