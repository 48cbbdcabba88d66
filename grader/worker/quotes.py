"""F-strings as Python 3.12 takes them, in the words of Python 3.11: the same quotes inside, and a line break in a string inside.

``f"{row["name"]}"`` is ``f"{row['name']}"``, and ``f"{'\\n'.join(rows)}"`` is ``f"{chr(10).join(rows)}"``. The lines stay as they are.
"""

from __future__ import annotations

import re

_STRING = re.compile(r"(?P<prefix>[rRbBuUfF]{0,2})(?P<quote>\"\"\"|'''|\"|')")
_OTHER = {'"': "'", "'": '"'}
_BREAKS = {r"\n": "chr(10)", r"\t": "chr(9)", r"\\": "chr(92)"}
_MAX_DEPTH = 8


class _Unknown(Exception):
    """What this cannot say in older words."""


def requoted(text: str) -> str | None:
    """The text with such f-strings rewritten; None where there is nothing to rewrite, or no way to."""
    rewriter = _Rewriter(text)
    try:
        rewriter.run()
    except (_Unknown, IndexError):
        return None
    return "".join(rewriter.written) if rewriter.is_changed else None


class _Rewriter:
    """Goes over the text once; what it writes is kept by character, so that every place stays where it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.written = list(text)
        self.is_changed = False

    def run(self) -> None:
        """The whole text."""
        at = 0
        while at < len(self._text):
            if self._text[at] == "#":
                at = self._text.find("\n", at) % (len(self._text) + 1)
            at = self._string(at, None, 0) or at + 1

    def _string(self, at: int, outer: str | None, depth: int) -> int | None:
        """The end of a string that begins here, rewritten where it stands inside an f-string; None where none begins."""
        found = _STRING.match(self._text, at)
        if found is None or (at > 0 and (self._text[at - 1].isalnum() or self._text[at - 1] == "_")):
            return None
        if depth > _MAX_DEPTH:
            raise _Unknown
        quote = found["quote"]
        is_formatted = "f" in found["prefix"].lower()
        end = self._inside(found.end(), quote, is_formatted, depth)
        if outer is not None:
            self._fit(at, end, found.end("prefix"), quote, outer)
        return end

    def _inside(self, at: int, quote: str, is_formatted: bool, depth: int) -> int:
        """From behind the opening quote to behind the closing one."""
        while not self._text.startswith(quote, at):
            character = self._text[at]
            if character == "\n" and len(quote) == 1:
                raise _Unknown
            if character == "\\" or (is_formatted and self._text.startswith(("{{", "}}"), at)):
                at += 2
            elif character == "{" and is_formatted:
                at = self._field(at + 1, quote, depth + 1)
            else:
                at += 1
        return at + len(quote)

    def _field(self, at: int, outer: str, depth: int) -> int:
        """From behind the brace to behind its partner."""
        level, is_format = 0, False
        while level or self._text[at] != "}":
            character = self._text[at]
            if character == "\n" and len(outer) == 1:
                raise _Unknown
            if is_format:
                at = self._field(at + 1, outer, depth + 1) if character == "{" else at + 1
                continue
            level += (character in "([{") - (character in ")]}")
            is_format = level == 0 and character == ":"
            at = self._string(at, outer, depth) or at + 1
        return at + 1

    def _fit(self, begin: int, end: int, opening: int, quote: str, outer: str) -> None:
        """Other quotes for a string inside an f-string, where it has those of the f-string."""
        content = self._text[opening + len(quote) : end - len(quote)]
        if content in _BREAKS and opening == begin:
            self.written[begin:end] = [_BREAKS[content], *[""] * (end - begin - 1)]
            self.is_changed = True
            return
        other = _OTHER[quote[0]] * len(quote)
        if "\\" in content or (quote == outer and other[0] in "".join(self.written[opening + len(quote) : end - len(quote)])):
            raise _Unknown
        if quote == outer:
            self.written[opening : opening + len(quote)] = other
            self.written[end - len(quote) : end] = other
            self.is_changed = True
