"""Student text made harmless and numbers made readable, for all renderers."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from grader.records import Basis, Fault, Message, Outcome, Review

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # what turns the direction of text round
    "\u00ad\u200b\u2028\u2029\u2060-\u2064\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # what nobody sees, or breaks the line
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"  # what UTF-8 or HTML cannot hold
)

OUTCOME_WORDS = {
    Outcome.PASSED: "Passed",
    Outcome.PARTIAL: "Partly",
    Outcome.FAILED: "Failed",
    Outcome.SKIPPED: "Skipped",
    Outcome.BROKEN: "Grader fault",
}
BASIS_WORDS = {
    Basis.MEASURED: "measured by the grader on the network itself",
    Basis.CLAIM: "a number that only the submission’s own code could give",
    Basis.ARTEFACT: "a file in the submission",
    Basis.CODE: "read from the code, not run",
}
REVIEW_WORDS = {
    Review.RECOMMENDED: "A person should look at this",
    Review.REQUIRED: "A person has to decide this",
}


def clean(text: str) -> str:
    """``text`` with control, direction, invisible and surrogate characters written out (``\\u001b``); nothing left to interpret."""
    return _UNPRINTABLE.sub(_written_out, text.replace("\r\n", "\n"))


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clip(text: str, limit: int = 1200) -> str:
    """At most ``limit`` characters of ``text``, and how many more there were."""
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()} … ({grouped(len(text) - limit)} more characters)"


def cut(text: str, limit: int = 1200) -> str:
    """``text`` clean and clipped; the limit counts before the cleaning, so that 10 MB of text cost as little as a line."""
    return clean(clip(text, limit))


def say(message: Message | None, limit: int | None = None) -> str:
    """The text of a message, clean; a message whose values do not fit its template gives the template, never an error."""
    if message is None:
        return ""
    try:
        text = str(message)
    except (LookupError, ValueError, TypeError, AttributeError):
        text = message.template
    return cut(text, limit) if limit else clean(text)


def exact(value: Fraction) -> float:
    """Points as a number of at most four decimals, rounded half to even (``round`` of a Fraction is exact)."""
    return float(round(value, 4))


def points(value: Fraction) -> str:
    """Points for a reader: at most two decimals, no trailing zeros."""
    return f"{float(round(value, 2)):.2f}".rstrip("0").rstrip(".")


def count_points(value: Fraction) -> str:
    """Points with their unit: "1 point", "2.5 points"."""
    return f"{points(value)} {'point' if value == 1 else 'points'}"


def share(part: Fraction, whole: Fraction) -> float:
    """``part / whole`` within 0 and 1; 0 where there is no whole."""
    return min(1.0, max(0.0, float(part / whole))) if whole else 0.0


def finite(value: Any, digits: int | None = None) -> float | None:
    """A number as a finite float, rounded to ``digits`` decimals; None for nan, infinities and what is no number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None
    if not math.isfinite(number):
        return None
    return number if digits is None else round(number, digits)


def significant(value: Any, digits: int = 4) -> float | None:
    """A number rounded to ``digits`` significant digits; None where it is not finite."""
    number = finite(value)
    return None if number is None else float(f"{number:.{digits}g}")


def grouped(count: int) -> str:
    """A count with thousands apart: 1,234,567."""
    return f"{count:,}"


def compact(value: float) -> str:
    """A count to three digits: 950, 12.3 k, 4.57 M, 1.2 G."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def percent(value: Any) -> str:
    """A fraction as a percentage with one decimal; an en dash where there is none."""
    number = finite(value)
    return "–" if number is None else f"{100 * number:.1f} %"


def seconds(value: Any) -> str:
    """A duration for a reader: 0.4 s, 12 s, 3 min 5 s."""
    number = finite(value)
    if number is None:
        return "–"
    if number >= 60:
        return f"{int(number) // 60} min {int(number) % 60} s"
    return f"{number:.1f} s" if number < 10 else f"{number:.0f} s"


def shape(sizes: tuple[int, ...]) -> str:
    """Sizes with a multiplication sign between them: 16×32×32."""
    return "×".join(str(size) for size in sizes)


def slug(text: str) -> str:
    """An id that HTML and a URL both take, still readable: ``1.1.fc_mnist`` stays as it is."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda match: "." if match[0] == "." else f"_{ord(match[0]):x}", text)


def fault_text(fault: Fault) -> str:
    """What happened, where and what helps, in one line."""
    place = f" ({fault.place})" if fault.place else ""
    remedy = f" {fault.remedy}" if fault.remedy else ""
    return cut(f"{fault.message}{place}.{remedy}".replace("..", "."))
