"""Names that others chose: as parts of paths, and compared as the names of people.

Leaf: needs nothing else of the grader, so that whatever writes files named after students can use it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from itertools import permutations

MAX_PLAIN = 60
_PLAIN = re.compile(rf"[a-z0-9](?:[a-z0-9._@-]{{0,{MAX_PLAIN - 2}}}[a-z0-9])?")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com\d|lpt\d)(?:\..*)?")  # devices of Windows, whatever the suffix
_DIGEST = 24  # hexadecimal digits: 96 bits, which nobody makes collide on purpose
_MAX_PERMUTED = 4
# Letters that Unicode does not take apart into a letter and a mark.
_UNMARKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"})


def safe_name(id: str) -> str:
    """A file name for a student: the id itself where every system takes it, else what is left of it and a digest.

    Injective, upper and lower case being the same or not; at most 60 characters of a-z, 0-9 and ``. _ @ - ~``. A tilde stands
    in the second kind alone, so that no id can pose as another's digest.
    """
    if _PLAIN.fullmatch(id) and not _RESERVED.fullmatch(id):
        return id
    digest = hashlib.sha256(id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{_slug(id)}~{digest}"


def _slug(id: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", folded(id)).strip("-")[: MAX_PLAIN - _DIGEST - 1].strip("-") or "student"


def folded(text: str) -> str:
    """A text without what keyboards vary: case, diacritics, width and composition of letters."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).translate(_UNMARKED)


def words_of(name: str) -> frozenset[str]:
    """The words of a person's name in no order: "Doe, Jané" and "jane doe" have the same."""
    return frozenset(re.findall(r"[^\W_]+", folded(name)))


def run_together(name: str) -> frozenset[str]:
    """The ways to write a name as one word, as Canvas does: "Jane Doe" gives "janedoe" and "doejane"."""
    words = re.findall(r"[^\W_]+", folded(name))
    if len(words) > _MAX_PERMUTED:
        return frozenset("".join(words[turn:] + words[:turn]) for turn in range(len(words)))
    return frozenset("".join(order) for order in permutations(words))


def is_latin(name: str) -> bool:
    """Is a name in Latin letters? Names in two alphabets cannot be compared."""
    return folded(name).isascii()
