"""Everything a submission shows of its experiments, read once: numbers, pictures, passages of prose, and code.

Each is placed in the parts of the assignment that its words may mean: the words at it, the headings above it, the names of
its file and folders.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from grader.checks.code_paths import Code, read_code
from grader.checks.naming import part_of, parts_named
from grader.checks.plots import pictures
from grader.checks.topics import METRIC, PICTURE_KINDS
from grader.submission import ImageFact, Submission
from grader.submission.outputs import Notebook, notebooks
from grader.submission.pictures import LEAST_SIDE, MAX_IMAGE_BYTES, examine
from grader.submission.prose import Passage, documents, passages, pictures_in
from grader.submission.results import result_entries, result_files
from grader.submission.tables import Entry, entries

MAX_PICTURES, CROWD = 150, 100
MAX_TOLD = 10_000


@dataclass(frozen=True)
class Placed:
    """What is stated, and the parts it may belong to (empty: any)."""

    entry: Entry
    parts: frozenset[str]


@dataclass(frozen=True)
class Picture:
    """A picture that can be read and shows something."""

    place: str
    words: str  # its name, with its captions where the name says little
    parts: frozenset[str]
    kind: str
    sha256: str


@dataclass(frozen=True)
class Said:
    """A passage of prose and the parts it may be about (empty: any)."""

    passage: Passage
    parts: frozenset[str]


@dataclass(frozen=True)
class Findings:
    """What a submission shows."""

    stated: tuple[Placed, ...]
    pictures: tuple[Picture, ...]
    said: tuple[Said, ...]
    code: Code
    cache: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)  # what was worked out of it for a part


def findings(submission: Submission) -> Findings:
    """What a submission shows; found out once for all criteria."""
    found: Findings = submission.once("findings", "", lambda: _findings(submission))
    return found


def _findings(submission: Submission) -> Findings:
    books = notebooks(submission.root, submission.paths())
    read = _passages(submission, books)
    told = islice((each for passage in read for each in _told(passage)), MAX_TOLD)
    stated = (*_results(submission, books), *told)
    said = tuple(Said(each, _part_of_passage(each)) for each in read)
    return Findings(stated, tuple(_pictures(submission, read, books)), said, read_code(submission.sources()))


def _passages(submission: Submission, books: tuple[Notebook, ...]) -> tuple[Passage, ...]:
    """All that was written for people: documents, and the Markdown of notebooks."""
    found: list[Passage] = []
    for path in documents(submission.paths()):
        found += passages(submission.text(path) or "", path)
    for book in books:
        found += passages(book.prose, book.path)
    return tuple(found)


def _part_of_passage(passage: Passage) -> frozenset[str]:
    return part_of((*passage.headings, *_path_words(passage.place)))


def _path_words(path: str) -> tuple[str, ...]:
    """The name of a file, then of its folders, the nearest first."""
    parts = PurePosixPath(path).parts
    return (PurePosixPath(path).stem, *reversed(parts[:-1]))


def _results(submission: Submission, books: tuple[Notebook, ...]) -> Iterator[Placed]:
    files = result_files(submission.paths(), documents(submission.paths()))
    texts = [(path, text) for path in files if (text := submission.text(path))]
    printed = [(book.path, book.printed) for book in books if book.printed]
    place, header, section = "", "", ""
    for entry in result_entries([*texts, *printed]):
        if entry.place != place or not entry.line:
            place, header, section = entry.place, "", ""
        over = entry.above[0] if entry.above else ""
        section = over if over != header and parts_named(over) else section
        header = over
        yield Placed(entry, part_of((entry.text, section, *entry.above[:1], *_path_words(place))))
        if parts_named(entry.text) and not METRIC.search(entry.text.casefold()):
            section = entry.text  # what a line names that states no result goes for those after it


def _told(passage: Passage) -> Iterator[Placed]:
    parts = _part_of_passage(passage)
    for entry in entries(passage.text, passage.place):
        above = tuple(each for each in (*entry.above, *passage.headings) if each)
        told = replace(entry, line=entry.line + passage.line - 1, above=above, told=True)
        yield Placed(told, parts if len(parts) == 1 else part_of((*passage.headings, entry.text, *above[:1])))


def _pictures(submission: Submission, read: tuple[Passage, ...], books: tuple[Notebook, ...]) -> Iterator[Picture]:
    """Pictures on disk and in notebooks; each content once."""
    captions = _captions(read)
    seen: set[str] = set()
    for picture in (*_on_disk(submission, captions), *_in_notebooks(books)):
        if picture.sha256 not in seen:
            seen.add(picture.sha256)
            yield picture


def _captions(read: tuple[Passage, ...]) -> dict[str, tuple[str, ...]]:
    """The words over each picture that a document shows, by the picture's name."""
    found: dict[str, tuple[str, ...]] = {}
    for passage in read:
        for name, caption in pictures_in(passage):
            found.setdefault(name.casefold(), (caption, *passage.headings))
    return found


def _on_disk(submission: Submission, captions: dict[str, tuple[str, ...]]) -> Iterator[Picture]:
    paths = tuple(pictures(submission))
    crowd = Counter(path.rpartition("/")[0] for path in paths)  # a folder of a data set's images comes last
    ordered = sorted(paths, key=lambda path: (crowd[path.rpartition("/")[0]] > CROWD, path.count("/"), path))
    for path in ordered[:MAX_PICTURES]:
        image = submission.image(path)
        if not isinstance(image, ImageFact) or image.blank or min(image.width, image.height) < LEAST_SIDE:
            continue
        near, *folders = _path_words(path)
        over = captions.get(PurePosixPath(path).name.casefold(), ())
        # "Comparison" over a picture or in a folder's name says what all of it is about, not what this one shows.
        around = (each for words in (*over[:2], *folders[:1]) if (each := _kind(words)) not in ("", "comparison", "table"))
        kind = _kind(near) or next(around, "") or (_kind(over[0]) if over else "")
        yield Picture(path, " ".join((near, *over[:2])), part_of((near, *over, *folders)), kind, image.sha256)


def _in_notebooks(books: tuple[Notebook, ...]) -> Iterator[Picture]:
    """What cells drew; titles and labels of a drawing are among the strings of its cell."""
    for book in books:
        for drawing in book.drawings:
            place = f"{book.path}, cell {drawing.cell}"
            image = examine(drawing.data, place) if 0 < len(drawing.data) <= MAX_IMAGE_BYTES else None
            if isinstance(image, ImageFact) and not image.blank and min(image.width, image.height) >= LEAST_SIDE:
                strings = " ".join(re.findall(r"""["']([^"'\n]{3,80})["']""", drawing.source))
                parts = part_of((strings, drawing.heading, drawing.source, *_path_words(book.path)))
                kind = _kind(strings) or _kind(drawing.source) or _kind(drawing.heading)
                yield Picture(place, strings, parts, kind, hashlib.sha256(drawing.data).hexdigest())


def _kind(words: str) -> str:
    """What a picture is, after words at it."""
    text = words.casefold()
    return next((kind for kind, pattern in PICTURE_KINDS if re.search(pattern, text)), "")
