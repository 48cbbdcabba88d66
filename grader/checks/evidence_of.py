"""How far a submission shows one thing for one network: the best of numbers, pictures and code, and where it stands.

A number that a run wrote counts in full; one that a person states counts in full where something that a run made stands
behind it (a picture, results of the same part) or where it is the examiner's own count. Code that does it without anything
that came out of it counts half. A number that contradicts what the examiner measured counts against the work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from grader.checks.code_paths import Piece
from grader.checks.findings import Findings, Picture, Placed
from grader.checks.naming import Names, class_name
from grader.checks.rules.models import total_counts
from grader.checks.topics import ASPECTS, METRIC, SHARED_KINDS, Aspect
from grader.records import Fault, NetworkFacts
from grader.submission.tables import Entry

CODE = Fraction(1, 2)
SHARED = Fraction(3, 4)  # one picture that names no network, where each is asked for
CONTRADICTED = Fraction(1, 4)
# A count that is off by less may be that of the same network for images of another size.
NEAR = 1.35
LEAST_ACCURACY = 0.02
_DATA = {"1.1": "mnist", "1.2": "cifar"}
_EPOCH = re.compile(r"(?i)epoch|эпох|епох")


@dataclass(frozen=True)
class Shown:
    """How far something is shown, what it rests on, and where it is seen."""

    level: Fraction
    by: str = ""  # "numbers", "picture", "code", "prose"
    where: str = ""
    said: str = ""  # what a contradicted number says


NOTHING = Shown(Fraction(0))


@dataclass(frozen=True)
class View:
    """What was found out about one part: findings that may belong to it, and the networks that they are about."""

    findings: Findings
    part: str
    names: Names
    candidates: Mapping[str, str]
    others: tuple[str, ...]  # what fills the roles of other parts
    facts: Mapping[str, NetworkFacts | Fault]
    networks: bool  # the roles are whole networks: their counts can be compared

    @cached_property
    def stated(self) -> tuple[tuple[str | None, Placed], ...]:
        """What is stated in this part, each with the role that it is about; worked out once for all criteria of the part."""
        cache = self.findings.cache
        if (self.part, self.names) not in cache:
            cache[self.part, self.names] = self._stated()
        found: tuple[tuple[str | None, Placed], ...] = cache[self.part, self.names]
        return found

    def _stated(self) -> tuple[tuple[str | None, Placed], ...]:
        """A line without a name continues the one before, or the line of words over it where that is nearer."""
        found: list[tuple[str | None, Placed]] = []
        role, last, header = None, ("", ""), ""
        for placed in self.findings.stated:
            entry = placed.entry
            block = (entry.place, entry.above[1] if entry.told and len(entry.above) > 1 else "")
            over = entry.above[0] if entry.above else ""
            if block != last or not entry.line:
                role, header = self._headed(entry), ""
            if over != header:
                role = self.names.one(over) or role
            role, last, header = self.names.one(entry.text) or role, block, over
            if not placed.parts or self.part in placed.parts:
                found.append((role, placed))
            elif not METRIC.search(entry.text.casefold()):
                role = None  # another part begins: what follows is not about the network before it
        return tuple(found)

    def _headed(self, entry: Entry) -> str | None:
        """The role of the headings over what a person wrote, where one of them names one alone."""
        return next((role for words in entry.above[1:3] if entry.told and (role := self._only(words))), None)

    def _only(self, words: str) -> str | None:
        """The role of a heading that names one alone."""
        named = self.names.named(words)
        return named[0] if len(named) == 1 else None

    @cached_property
    def pictures(self) -> tuple[tuple[tuple[str, ...], Picture], ...]:
        """The pictures of this part, each with the roles that it names."""
        mine = [(self.names.named(each.words), each) for each in self.findings.pictures if self.part in each.parts]
        return tuple(each for each in mine if each[0] or each[1].kind or len(each[1].parts) == 1)

    @cached_property
    def is_backed(self) -> bool:
        """Is there anything in this part that a run made, or that the examiner found to be true?"""
        if self.pictures or any(role and placed.entry.numbers and not placed.entry.told for role, placed in self.stated):
            return True
        counts = ASPECTS["parameters"]
        stated = ((role, entry) for role in self.names.roles for entry in self.entries_on(counts, role))
        return any(_agrees(counts, entry, self.facts.get(role), self.networks) for role, entry in stated)

    @cached_property
    def users(self) -> tuple[Piece, ...]:
        """The code that builds the networks of this part, those first that no other part has."""
        mine = {class_name(each) for each in self.candidates.values()}
        code = self.findings.code
        return code.users_of(mine - {class_name(each) for each in self.others}) or code.users_of(mine)

    @cached_property
    def code(self) -> tuple[Piece, ...]:
        """What runs with the networks of this part, on its data."""
        pieces = self.findings.code.closure(self.users)
        needed = _DATA.get(self.part)
        seen = needed is None or any(needed in word.casefold() for piece in pieces for word in (*piece.names, *piece.strings))
        return pieces if seen else ()

    def shown(self, aspect: Aspect, role: str) -> Shown:
        """How far an aspect is shown for a role."""
        numbers = self._by_numbers(aspect, role)
        if numbers.said:
            return numbers
        return max((numbers, self._by_pictures(aspect, role), self._by_code(aspect, role)), key=lambda each: each.level)

    def entries_on(self, aspect: Aspect, role: str) -> Iterator[Entry]:
        """What is stated of an aspect for a role, the results of runs first."""
        mine = [placed.entry for own, placed in self.stated if own == role and placed.entry.numbers]
        for entry in sorted(mine, key=lambda each: each.told):
            if _states(aspect, entry) and is_plausible(aspect, entry):
                yield entry

    def _by_numbers(self, aspect: Aspect, role: str) -> Shown:
        found = list(self.entries_on(aspect, role))
        if aspect.values == "series":
            found = _series(found)
            return Shown(CODE, "numbers", found[0].where) if found else NOTHING
        agree = [(_agrees(aspect, entry, self.facts.get(role), self.networks), entry) for entry in found]
        if right := next((entry for verdict, entry in agree if verdict), None):
            return Shown(Fraction(1), "numbers", right.where)
        if wrong := next((entry for verdict, entry in agree if verdict is False), None):
            counts = aspect.values == "count"
            said = f"{wrong.numbers[0 if counts else -1]:,.10g} for {role}; measured: {_measured(aspect, self.facts[role])}"
            return Shown(CONTRADICTED if counts else CODE, "numbers", wrong.where, said)
        usable = next((entry for _, entry in agree if not entry.told or self.is_backed), None)
        return Shown(Fraction(1), "numbers", usable.where) if usable else NOTHING

    def _by_pictures(self, aspect: Aspect, role: str) -> Shown:
        best = NOTHING
        for named, picture in self.pictures:
            kind = picture.kind or ("network" if named else "comparison")
            level = aspect.pictures.get(kind, Fraction(0))
            if named and role not in named:
                continue
            level *= 1 if named or kind in SHARED_KINDS else SHARED
            best = max(best, Shown(level, "picture", picture.place), key=lambda each: each.level)
        return best

    def _by_code(self, aspect: Aspect, role: str) -> Shown:
        if not self.candidates.get(role):
            return NOTHING
        for piece in self.code:
            lines = [where for together in aspect.code if (where := found_together(piece, together, aspect.no_code))]
            if lines:
                return Shown(CODE, "code", f"{piece.path}:{lines[0]}")
        return NOTHING


def found_together(piece: Piece, patterns: tuple[str, ...], without: str = "(?!)") -> int | None:
    """The first line of a piece that uses names for all patterns, its own name among them."""
    if piece.is_class or piece.line_of(without):
        return None
    lines = [piece.line if re.search(pattern, piece.name) and piece.name else piece.line_of(pattern) for pattern in patterns]
    return lines[0] if None not in lines else None


def _states(aspect: Aspect, entry: Entry) -> bool:
    """Do the words at a number, or where they say nothing those above it, name the aspect?"""
    if aspect.is_stated_by(entry.label):
        return True
    if METRIC.search(entry.label.casefold()):
        return False
    if entry.unit in ("s", "с") or entry.unit.startswith(("sec", "сек", "min", "мин", "хв")):
        return aspect.is_stated_by(f"{entry.label} time")
    above = (entry.text, *entry.above[:2]) if not entry.line else entry.above[:2]
    return next((aspect.is_stated_by(words) for words in above if METRIC.search(words.casefold())), False)


def is_plausible(aspect: Aspect, entry: Entry) -> bool:
    """Can the numbers be what their words say they are?"""
    values = entry.numbers
    if aspect.values == "share":
        top = 100 if entry.unit == "%" or max(values) > 1 else 1
        return all(0 <= each <= top for each in values) and max(values) >= LEAST_ACCURACY * top
    if aspect.values == "seconds":
        return max(values) > 0 and entry.unit != "%"
    if aspect.values == "count":
        return all(each >= 10 and each == int(each) for each in values) and entry.unit not in ("s", "%", "px")
    if aspect.values == "pixels":
        return 1 < values[-1] <= 4096
    return len(values) >= 4 if aspect.values == "matrix" else True


def _series(found: list[Entry]) -> list[Entry]:
    """Those that hold a curve: a list of numbers, or lines for several epochs."""
    lists = [each for each in found if len(each.numbers) >= 2]
    lines = [each for each in found if _EPOCH.search(each.text)]
    return lists or (lines if len(lines) >= 2 else [])


def _measured(aspect: Aspect, facts: NetworkFacts | Fault) -> str:
    """The examiner's number, for a student to compare."""
    if isinstance(facts, Fault):
        return "nothing"
    return f"{facts.parameters:,}" if aspect.values == "count" else f"{max(facts.receptive_field or (0,))} pixels"


def _agrees(aspect: Aspect, entry: Entry, facts: NetworkFacts | Fault | None, networks: bool) -> bool | None:
    """Is the number the examiner's? None where nothing can be said."""
    if not isinstance(facts, NetworkFacts):
        return None
    if aspect.values == "count":
        counts, _ = total_counts(facts)
        stated, measured = entry.numbers[0], max(facts.parameters, 1)
        if int(stated) in counts:
            return True
        return False if networks and not 1 / NEAR <= stated / measured <= NEAR else None
    if aspect.values == "pixels" and facts.receptive_field:
        return int(entry.numbers[-1]) in facts.receptive_field
    return None
