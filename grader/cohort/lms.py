"""How Moodle and Canvas name what they export. Pure: names in, what they say out.

Moodle (``mod/assign/locallib.php``, ``download_submissions``): ``Full Name_4711_assignsubmission_file_/…``, the group and a hyphen
before the name where there are groups; without folders the file's own name follows. Canvas (``lib/content_zipper.rb``):
``lastnamefirstname_LATE_4711_81516_file.zip``, user and attachment; a text or a link has no attachment. Canvas appends ``-1`` to
the name of a file that is handed in again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d{1,18})_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)", re.ASCII | re.DOTALL)
_CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_late)?_(?P<id>\d{1,18})_(?:(?P<attachment>\d{1,18})_(?P<file>.+)|(?P<text>text|link)\.html?)",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_AGAIN = re.compile(r"(?P<stem>.+)-(?P<number>[1-9]\d{0,2})", re.DOTALL)


@dataclass(frozen=True)
class LmsName:
    """What the name of an exported file or folder says."""

    person: str
    lms_id: str
    file: str = ""  # the student's own name of the file; "" for a folder
    attachment: str = ""
    is_late: bool = False
    is_text: bool = False


def moodle_name(entry: str) -> LmsName | None:
    """A name as Moodle makes it; None for any other."""
    match = _MOODLE.fullmatch(entry)
    return match and LmsName(match["name"], match["id"], match["file"], is_text=match["kind"] == "onlinetext")


def canvas_names(entries: Iterable[str]) -> dict[str, LmsName]:
    """The names among those of files that Canvas made; none at all where they only look like it.

    Canvas numbers users and attachments: an id that goes with two names, or one attachment of several people, is somebody's
    own way to name files (``ivanov_2026_4_hw.zip``).
    """
    matches = {entry: match for entry in entries if (match := _CANVAS.fullmatch(entry))}
    people: dict[str, set[str]] = defaultdict(set)
    for match in matches.values():
        people[match["id"]].add(match["name"].casefold())
    attachments = [match["attachment"] for match in matches.values() if match["attachment"]]
    is_numbered = len(people) < 2 or len(attachments) < 2 or len(set(attachments)) > 1
    if not is_numbered or any(len(names) > 1 for names in people.values()):
        return {}
    return {entry: _canvas_name(match) for entry, match in matches.items()}


def _canvas_name(match: re.Match[str]) -> LmsName:
    text = f"{match['text']}.html" if match["text"] else ""
    return LmsName(match["name"], match["id"], match["file"] or text, match["attachment"] or "", bool(match["late"]), bool(text))


def attempts_among(names: Iterable[str]) -> list[dict[str, str]]:
    """The attempts of one student among the files that Canvas lists, first to last: own name of each file > name in the export.

    ``net.zip`` and ``net-1.zip`` are two; ``part-1.ipynb`` and ``part-2.ipynb`` are files of one. A file that was not handed in
    again belongs to each attempt after its own.
    """
    everything = set(names)
    versions: dict[str, dict[int, str]] = defaultdict(dict)
    for name in sorted(everything):
        base, number = _base(name)
        is_again = number > 0 and base in everything
        versions[base if is_again else name][number if is_again else 0] = name
    numbers = sorted({number for of_file in versions.values() for number in of_file})
    return [
        {base: of_file[max(n for n in of_file if n <= last)] for base, of_file in versions.items() if min(of_file) <= last}
        for last in numbers
    ]


def imported_as(name: str) -> str:
    """The name under which a Python file of a second attempt can be imported again: ``net-1.py`` cannot, ``net.py`` can."""
    return _base(name)[0] if name.casefold().endswith(".py") else name


def _base(name: str) -> tuple[str, int]:
    path = PurePath(name)
    match = _AGAIN.fullmatch(path.stem)
    return (match["stem"] + path.suffix, int(match["number"])) if match else (name, 0)
