"""Whose a submission is, by a roster: by id, by the LMS's number, by name. What is in doubt belongs to nobody.

A name fits in any order of its words, in any case and with or without diacritics; a patronymic, a group or the homework's
title may be more on one side (two words have to agree). Two candidates are a doubt, not a choice.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from grader.cohort.found import Found
from grader.cohort.names import folded, is_latin, run_together, words_of
from grader.cohort.records import Student
from grader.submission.names import shown

Key = TypeVar("Key", bound=Hashable)

_MIN_WORDS = 2
_MAX_NEAR = 300  # students compared letter by letter for a hint
MEND = "name the student in attempts.csv"


@dataclass(frozen=True)
class Doubt:
    """Why something belongs to nobody."""

    reason: str


class Roster:
    """The students of a cohort, to be found by what a submission is called."""

    def __init__(self, students: Iterable[Student]) -> None:
        self._by_id = {student.id: student for student in students}
        self._by_folded = _index((folded(student.id), student) for student in self._by_id.values())
        self._by_words = _index((words_of(student.name), student) for student in self._by_id.values())
        self._by_word = _index((word, student) for student in self._by_id.values() for word in words_of(student.name))
        self._by_run = _index((run, student) for student in self._by_id.values() for run in run_together(student.name))
        self._by_start = _index((start, student) for student in self._by_id.values() for start in _starts(f"{student.id} {student.name}"))

    def whose(self, found: Found) -> Student | Doubt:
        """The student whose submission this is, or the reason why that cannot be said."""
        if found.student:
            return self._one(self._with_id(found.student)) or Doubt(f'the student "{found.student}" is not in the roster; correct the id')
        by_id = [student for id in found.ids for student in self._with_id(id)]
        names = (found.name,) if found.name else found.ids
        by_name = [student for name in names for student in self._with_name(name)]
        if found.name and by_id:
            return self._agreed(found, by_id, by_name)
        return self._one(by_id) or self._one(by_name) or self._doubt(found, by_id or by_name)

    def _agreed(self, found: Found, by_id: list[Student], by_name: list[Student]) -> Student | Doubt:
        """By id, where the name does not speak against it: small numbers of an LMS may be ids of somebody else in the roster."""
        student = self._one([one for one in by_id if one in by_name] or by_id)
        if student and (student in by_name or (not by_name and _may_be(student.name, found.name))):
            return student
        if not student:
            return self._doubt(found, by_id)
        return Doubt(f'its number {found.lms_id} is the id of {_person(student)} in the roster, its name "{found.name}" is another; {MEND}')

    def _with_id(self, id: str) -> list[Student]:
        exact = self._by_id.get(unicodedata.normalize("NFC", id))
        return [exact] if exact else self._by_folded.get(folded(id), [])

    def _with_name(self, name: str) -> list[Student]:
        words = words_of(name)
        if len(words) < _MIN_WORDS:
            return self._by_run.get("".join(words), []) if words else []
        return self._by_words.get(words) or self._with_most_words(words)

    def _with_most_words(self, words: frozenset[str]) -> list[Student]:
        common: dict[str, int] = defaultdict(int)
        for word in words:
            for student in self._by_word.get(word, []):
                common[student.id] += 1
        fitting = (self._by_id[id] for id, count in common.items() if count >= _MIN_WORDS)
        return [student for student in fitting if words_of(student.name) <= words or words <= words_of(student.name)]

    @staticmethod
    def _one(students: list[Student]) -> Student | None:
        return students[0] if len({student.id for student in students}) == 1 else None

    def _doubt(self, found: Found, candidates: list[Student]) -> Doubt:
        what = f'"{found.name or found.ids[0]}"'
        if candidates:
            people = " and ".join(_person(student) for student in dict.fromkeys(candidates))
            return Doubt(f"{what} fits {people}; {MEND}")
        near = self._nearest(found)
        hint = f" (nearest: {near})" if near else ""
        return Doubt(f"nobody in the roster has the id or the name {what}{hint}; {MEND}, or correct the roster")

    def _nearest(self, found: Found) -> str:
        """A student whose name or id is nearly this one, among those with a word that begins like one of it."""
        written = folded(found.name or found.ids[0])
        near = [student for start in _starts(written) for student in self._by_start.get(start, [])][:_MAX_NEAR]
        known = {key: student for student in near for key in (folded(student.id), folded(student.name)) if key}
        best = difflib.get_close_matches(written, known, 1, 0.7)
        return _person(known[best[0]]) if best else ""


def _starts(text: str) -> frozenset[str]:
    return frozenset(word[:3] for word in words_of(text))


def _index(pairs: Iterable[tuple[Key, Student]]) -> dict[Key, list[Student]]:
    index: dict[Key, list[Student]] = defaultdict(list)
    for key, student in pairs:
        index[key].append(student)
    return dict(index)


def _may_be(name: str, other: str) -> bool:
    """Could two names be one person's? Where one is missing or they are of two alphabets, nothing speaks against it."""
    if not name or not other or is_latin(name) != is_latin(other):
        return True
    run = folded(other) if len(words_of(other)) == 1 else ""
    return bool(words_of(name) & words_of(other)) or any(len(word) > 1 and word in run for word in words_of(name))


def _person(student: Student) -> str:
    return f"{student.name} ({shown(student.id)})" if student.name else shown(student.id)
