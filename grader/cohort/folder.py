"""What lies in a folder of submissions, whoever filled it: an instructor, Moodle or Canvas."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.cohort.attempts import FILE
from grader.cohort.found import Found, readable
from grader.cohort.lms import LmsName, attempts_among, canvas_names, imported_as, moodle_name
from grader.cohort.names import safe_name
from grader.cohort.records import Unmatched
from grader.errors import InputError
from grader.submission.archive import ARCHIVES
from grader.submission.listing import is_work, walk

SOURCES = (".py", ".ipynb")
# What systems, tools and the instructor leave beside submissions.
_LITTER = frozenset(
    {".ds_store", ".localized", "__macosx", "thumbs.db", "desktop.ini", ".git", ".gitignore", ".ipynb_checkpoints", "__pycache__"}
    | {FILE, "roster.csv", "late.toml"}
)


def look(folder: Path, work: Path, leave: Collection[Path] = ()) -> tuple[list[Found], list[Unmatched]]:
    """Everything that was handed in, in the order of names; ``leave`` are files and folders that are the instructor's own.

    Loose files are copied to folders below ``work``. Raises InputError where the folder cannot be read.
    """
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"The folder {readable(str(folder))} cannot be read ({error.strerror}); check its permissions.") from error
    looking = _Looking(work)
    looking.take([entry for entry in entries if _is_handed_in(entry, leave)])
    return looking.found, looking.unmatched


def _is_handed_in(entry: Path, leave: Collection[Path]) -> bool:
    name = entry.name.casefold()
    return name not in _LITTER and not name.startswith("._") and entry not in leave


@dataclass
class _Looking:
    """One look into a folder."""

    work: Path
    found: list[Found] = field(default_factory=list)
    unmatched: list[Unmatched] = field(default_factory=list)

    def take(self, entries: list[Path]) -> None:
        real = [entry for entry in entries if self._is_real(entry)]
        moodle = {entry: name for entry in real if (name := moodle_name(entry.name))}
        rest = [entry for entry in real if entry not in moodle]
        canvas = canvas_names(entry.name for entry in rest if entry.is_file())
        loose: dict[tuple[str, bool], list[tuple[Path, LmsName]]] = defaultdict(list)
        for entry in real:
            name = moodle.get(entry) or canvas.get(entry.name)
            if name is None:
                self._take_plain(entry)
            elif entry.is_dir():
                self.found.append(_exported([entry], name, source_in(entry)))
            else:
                loose[name.lms_id, name.is_text].append((entry, name))
        for files in loose.values():
            self._take_loose(files)

    def _is_real(self, entry: Path) -> bool:
        reason = "it is a link, and links are not followed; put what it leads to in its place" if entry.is_symlink() else ""
        if not reason and not entry.is_dir() and not entry.is_file():
            reason = "it is no file and no folder"
        if not reason and not is_work(entry.name):
            reason = "hidden files and folders of tools are no submissions; rename it if it is one"
        if reason:
            self.unmatched.append(Unmatched(readable(entry.name), reason))
        return not reason

    def _take_plain(self, entry: Path) -> None:
        label = readable(entry.name)
        if entry.is_dir():
            self.found.append(Found(label, (label,), source_in(entry), sources=(label,)))
        elif suffix := next((each for each in (*ARCHIVES, *SOURCES) if entry.name.casefold().endswith(each)), None):
            id = readable(entry.name[: -len(suffix)]) or label
            if source := self._source({entry.name: entry}):
                self.found.append(Found(label, (id,), source, sources=(label,)))
        else:
            self.unmatched.append(Unmatched(label, "it is no folder, archive (.zip), notebook (.ipynb) or Python file (.py)"))

    def _take_loose(self, files: list[tuple[Path, LmsName]]) -> None:
        """The files of one student, as many attempts as they are."""
        own = _own_names(files)
        before: set[Path] = set()
        for chosen in attempts_among(own):
            entries = {name: own[in_export][0] for name, in_export in chosen.items()}
            new = [own[in_export] for in_export in chosen.values() if own[in_export][0] not in before]
            before.update(entries.values())
            if source := self._source(entries):
                self.found.append(_exported([entry for entry, _ in new], new[-1][1], source))

    def _source(self, files: dict[str, Path]) -> Path | None:
        """An archive that comes alone is a source; anything else is put into a folder under the names that the students chose."""
        archives = [path for name, path in files.items() if name.casefold().endswith(ARCHIVES)]
        has_code = any(name.casefold().endswith(SOURCES) for name in files)
        if len(archives) == 1 and not has_code:
            return archives[0]
        try:
            return _gathered(files, self.work / "gathered" / safe_name("/".join(path.name for path in files.values())))
        except OSError as error:
            self.unmatched.append(Unmatched(_label(files.values()), f"it cannot be read ({error.strerror}); check its permissions"))
            return None


def source_in(folder: Path) -> Path:
    """What of a student's folder is to be graded: the only archive in it where there is no code beside it, else the folder."""
    try:
        if any(path.name.casefold().endswith(SOURCES) for path in folder.iterdir()):  # nearly always: the rest takes longer
            return folder
        paths = walk(folder).paths
    except (InputError, OSError):  # far too many files, or closed to us: told when it is graded
        return folder
    archives = [path for path in paths if path.casefold().endswith(ARCHIVES)]
    has_code = any(path.casefold().endswith(SOURCES) for path in paths)
    return folder / archives[0] if len(archives) == 1 and not has_code else folder


def _own_names(files: list[tuple[Path, LmsName]]) -> dict[str, tuple[Path, LmsName]]:
    """By the student's own name of a file; one name twice (two exports in one folder) is an attempt and a later one."""
    own: dict[str, tuple[Path, LmsName]] = {}
    for entry, name in sorted(files, key=lambda each: (int(each[1].attachment or 0), each[0].name)):
        path = Path(name.file or entry.name)
        numbered = (f"{path.stem}-{number}{path.suffix}" for number in range(1, len(files) + 1))
        own[path.name if path.name not in own else next(each for each in numbered if each not in own)] = entry, name
    return own


def _gathered(files: dict[str, Path], folder: Path) -> Path:
    """A folder with copies of loose files."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name, path in files.items():
        importable = imported_as(name)
        shutil.copyfile(path, folder / (name if importable in files else importable), follow_symlinks=False)
    return folder


def _exported(entries: list[Path], name: LmsName, source: Path) -> Found:
    """``entries`` are what this attempt brought; files that it keeps from an earlier one do not name it."""
    person = "" if name.person.casefold() == "participant" else readable(name.person)  # Moodle's word where names are hidden
    sources = tuple(readable(entry.name) for entry in entries)
    return Found(
        _label(entries), (name.lms_id,), source, name=person, lms_id=name.lms_id,
        is_late=name.is_late, is_text=name.is_text, sources=sources,
    )  # fmt: skip


def _label(entries: Iterable[Path]) -> str:
    return readable(", ".join(entry.name for entry in entries))
