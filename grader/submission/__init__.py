"""A submission as the examiner's side sees it: a folder of files that are read and never run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from grader.errors import InputError
from grader.records import Fault
from grader.submission import files, pictures, prose
from grader.submission.archive import refusal, unpacked
from grader.submission.listing import Listing, walk
from grader.submission.names import shown
from grader.submission.pictures import ImageFact
from grader.submission.prose import Section
from grader.worker import notebooks

__all__ = ["ImageFact", "Section", "Source", "Submission", "open_submission", "unpacked"]

SOURCES = (".py", ".ipynb")
MAX_SOURCE_BYTES = 2**20
MAX_SOURCES_BYTES = 8 * 2**20  # of all sources together: their trees stay in memory
# A tree takes up to 2 KB for a statement of two signs. As a measure: the reference has 31,000 words and signs in 2,500 lines.
MAX_SOURCES_WORDS = 200_000
README_NAMES = ("readme", "report")
README_SUFFIXES = (".md", ".markdown", ".txt", ".rst", "")


@dataclass(frozen=True)
class Source:
    """A Python file: its text, and its syntax tree or why it has none."""

    path: str
    text: str
    tree: ast.Module | None
    fault: Fault | None = None


@dataclass(frozen=True)
class Submission:
    """The files of a submission, read on demand and once. Paths are relative, with forward slashes."""

    root: Path
    _cache: dict[tuple[str, str], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def paths(self) -> tuple[str, ...]:
        """Regular files, sorted; links, hidden folders, caches and virtual environments are left out. See `notes`."""
        return self._listing().paths

    def notes(self) -> tuple[str, ...]:
        """What was left out or could not be read, a sentence each: it may be why something was not found."""
        faults = [source.fault.message for source in self.sources() if source.fault]
        readme = self._data(path) if (path := self.readme()) else None
        return (*self._listing().notes, *faults, *([readme.message] if isinstance(readme, Fault) else []))

    def _listing(self) -> Listing:
        found: Listing = self.once("listing", "", lambda: walk(self.root))
        return found

    def locate(self, relative: str) -> str:
        """The path as it is spelt on disk where only upper and lower case differ, else the path itself."""
        if relative in self.paths():
            return relative
        return next((path for path in self.paths() if path.casefold() == relative.casefold()), relative)

    def text(self, relative: str) -> str | None:
        """The text of a file (UTF-8, UTF-16 or Windows-1251), None where there is no such file or it is too large."""
        data = self._data(relative)
        return None if isinstance(data, Fault) else files.decode(data)

    def _data(self, relative: str) -> bytes | Fault:
        data: bytes | Fault = self.once("data", relative, lambda: files.read(self.root, self.locate(relative), files.MAX_TEXT_BYTES))
        return data

    def json(self, relative: str) -> dict[str, Any] | Fault:
        """The JSON object in a file: finite numbers, bounded size and depth; or why there is none."""
        found: dict[str, Any] | Fault = self.once("json", relative, lambda: self._json(self.locate(relative)))
        return found

    def _json(self, path: str) -> dict[str, Any] | Fault:
        data = files.read(self.root, path, files.MAX_JSON_BYTES)
        return data if isinstance(data, Fault) else files.parse_json(files.decode(data), path)

    def image(self, relative: str) -> ImageFact | Fault:
        """What a PNG or JPEG file shows, or why it cannot be read."""
        found: ImageFact | Fault = self.once("image", relative, lambda: self._image(self.locate(relative)))
        return found

    def _image(self, path: str) -> ImageFact | Fault:
        data = files.read(self.root, path, pictures.MAX_IMAGE_BYTES)
        return data if isinstance(data, Fault) else pictures.examine(data, path)

    def readme(self) -> str | None:
        """The path of README.md, REPORT.md or what comes nearest in the root folder."""
        here = {path.casefold(): path for path in self.paths() if "/" not in path}
        names = (stem + suffix for stem in README_NAMES for suffix in README_SUFFIXES)
        return next((here[name] for name in names if name in here), None)

    def sections(self) -> tuple[Section, ...]:
        """The sections of the README; none where there is no README."""
        path = self.readme()
        found: tuple[Section, ...] = self.once("sections", "", lambda: prose.sections(self.text(path) or "") if path else ())
        return found

    def sources(self) -> tuple[Source, ...]:
        """Every Python file and the code of every notebook of the submission, parsed."""
        found: tuple[Source, ...] = self.once("sources", "", self._sources)
        return found

    def _sources(self) -> tuple[Source, ...]:
        texts: dict[str, str | Fault] = {}
        left, words = MAX_SOURCES_BYTES, MAX_SOURCES_WORDS
        for path in (each for each in self.paths() if each.casefold().endswith(SOURCES)):
            texts[path] = text = self._source_text(path, left)
            left -= 0 if isinstance(text, Fault) else len(text)
        found = []
        for path, text in sorted(texts.items(), key=lambda each: len(each[1]) if isinstance(each[1], str) else 0):
            words -= 0 if isinstance(text, Fault) else _words(text, words)
            found.append(Source(path, "", None, text) if isinstance(text, Fault) else _parsed(path, text, words >= 0))
        return tuple(sorted(found, key=lambda source: source.path))

    def _source_text(self, path: str, left: int) -> str | Fault:
        """The text of a Python file, or the code of a notebook."""
        if path.casefold().endswith(".py"):
            data = files.read(self.root, path, min(left, MAX_SOURCE_BYTES))
            return data if isinstance(data, Fault) else files.decode(data)
        data = files.read(self.root, path, notebooks.MAX_BYTES)
        if isinstance(data, Fault):
            return data
        try:
            return notebooks.source(data)
        except ValueError as error:
            return Fault("import", f"{shown(path)} is no notebook that can be read ({shown(str(error))})", file=shown(path))

    def content_hash(self) -> str:
        """SHA-256 over the paths and bytes of all files that `paths` lists."""
        digest: str = self.once("hash", "", lambda: files.content_hash(self.root, self.paths()))
        return digest

    def once(self, kind: str, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, found out the first time that it is asked for."""
        if (kind, name) not in self._cache:
            self._cache[kind, name] = make()
        return self._cache[kind, name]


def _words(text: str, limit: int) -> int:
    """How many words and signs a text has, counted to just over a limit."""
    return sum(1 for _ in islice(re.finditer(r"\w+|[^\w\s]", text), max(0, limit) + 1))


def _parsed(path: str, text: str, is_affordable: bool) -> Source:
    name = shown(path)
    if not is_affordable:
        what = f"{name} is not read: the Python files come to more than {MAX_SOURCES_WORDS:,} words and signs"
        return Source(path, text, None, Fault("import", what, file=name, remedy="Keep data out of the code."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" is the student's affair
            return Source(path, text, ast.parse(text))
    except SyntaxError as error:
        what = f"{name} is not valid Python: {shown(error.msg)}"
        remedy = f"Correct the syntax on that line; python -m py_compile {name} shows it."
        return Source(path, text, None, Fault("import", what, file=name, line=error.lineno, remedy=remedy))
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, or nested beyond the parser's stack
        return Source(path, text, None, Fault("import", f"{name} cannot be parsed ({type(error).__name__})", file=name))


def open_submission(path: Path | str) -> Submission:
    """The submission in a folder. Raises InputError, in one sentence, where there is none to grade."""
    folder, name = Path(path), shown(path)
    try:
        if not folder.exists():
            raise InputError(f"There is no folder {name}; give the folder that holds the homework files.")
        if not folder.is_dir():
            raise InputError(refusal(folder))
        if next(folder.iterdir(), None) is None:
            raise InputError(f"The folder {name} is empty; give the folder that holds the homework files.")
    except OSError as error:
        raise InputError(f"The folder {name} cannot be read ({error.strerror}); check its permissions.") from error
    submission = Submission(folder.resolve())
    if not any(each.casefold().endswith(SOURCES) for each in submission.paths()):
        raise InputError(
            f"There is no Python file (*.py) or notebook in {name} or below it; give the folder that holds the homework files."
        )
    return submission
