"""What the results of a submission state: JSON, tables and logs (also what the cells of its notebooks printed).

All of it is hostile data: sizes are capped file by file and together, and what cannot be read is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from grader.records import Fault
from grader.submission import files
from grader.submission.tables import LABEL, Entry, entries

MAX_FILES = 200
MAX_BYTES = 24 * 2**20  # of all together
MAX_ENTRIES = 20_000
MAX_SERIES = 10_000
TEXT_SUFFIXES = (".txt", ".log", ".out", ".csv", ".tsv", ".yaml", ".yml", ".dat")
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
# Files that hold what a run is given, or another tool's settings, and not what came out of it.
_NO_RESULTS = re.compile(r"(?i)(^|/)(requirements|package(-lock)?|config|settings|license|environment|setup|classes|labels)[^/]*$")
_NAMES = re.compile(r"(?i)^(name|model|network|variant|title|type|kernel|depth|layer|block|arch\w*|dataset|id|модель)$")


def result_files(paths: tuple[str, ...], documents: tuple[str, ...]) -> tuple[str, ...]:
    """The files that may hold results, those that are documents for people left out."""
    suffixes = (*TEXT_SUFFIXES, *JSON_SUFFIXES)
    named = (path for path in paths if path.casefold().endswith(suffixes) and not _NO_RESULTS.search(path) and path not in documents)
    return tuple(islice(named, MAX_FILES))


def result_entries(texts: Iterable[tuple[str, str]]) -> tuple[Entry, ...]:
    """What texts state, given with the paths of their files; that of a notebook is what it printed."""
    left = MAX_BYTES
    found: list[Entry] = []
    for path, text in texts:
        left -= len(text)
        if left < 0 or len(found) >= MAX_ENTRIES:
            break
        found += islice(_of_file(path, text), MAX_ENTRIES - len(found))
    return tuple(found)


def _of_file(path: str, text: str) -> Iterator[Entry]:
    suffix = PurePosixPath(path).suffix.casefold()
    if suffix in JSON_SUFFIXES:
        yield from _of_json(path, text, suffix != ".json")
    else:
        yield from entries(text, path)


def _of_json(path: str, text: str, by_line: bool) -> Iterator[Entry]:
    """What a JSON document states; NaN, as Python writes it, stands for a number that is missing."""
    for piece in islice(text.split("\n"), 5000) if by_line else (text,):
        plain = re.sub(r"(?<=[\s:,\[])-?(?:NaN|Infinity)\b", "null", piece)
        document = files.parse_json(f'{{"":{plain}}}', path) if plain.strip() else Fault("missing", "")
        if not isinstance(document, Fault):
            yield from _of_value(path, document[""], ())


def _of_value(path: str, value: Any, keys: tuple[str, ...]) -> Iterator[Entry]:
    """The numbers below a value, each with its path of keys; the names that stand beside a number belong to its path."""
    if isinstance(value, dict):
        named = tuple(str(each)[:LABEL] for key, each in value.items() if isinstance(each, str) and _NAMES.match(key))[:3]
        for key, each in value.items():
            yield from _of_value(path, each, (*keys, *named, key[:LABEL]))
    elif isinstance(value, list):
        numbers = _series(value)
        if numbers:
            yield _entry(path, keys, numbers, isinstance(value[0], list))
        else:
            for each in value:
                yield from _of_value(path, each, keys)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield _entry(path, keys, (float(value),), False)
    elif isinstance(value, str) and len(value) <= 40 and re.search(r"\d", value):
        yield from (Entry(path, 0, keys[-1] if keys else "", " ".join(keys), e.numbers, e.unit) for e in entries(value, path) if e.numbers)


def _entry(path: str, keys: tuple[str, ...], numbers: tuple[float, ...], nested: bool) -> Entry:
    return Entry(path, 0, keys[-1] if keys else "", " / ".join(keys), numbers, nested=nested)


def _series(value: list[Any]) -> tuple[float, ...]:
    """The numbers of a list of numbers or of a table of numbers; nothing where it holds anything else."""
    rows = value if value and isinstance(value[0], list) else [value]
    flat = list(islice((each for row in rows if isinstance(row, list) for each in row), MAX_SERIES))
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in flat if each is not None):
        return ()
    return tuple(float(each) for each in flat if each is not None)
