"""Names of files that a student chose: which are left alone, and how any of them is shown in a sentence."""

from __future__ import annotations

import re

MAX_SHOWN = 300
# Control characters (line ends too), what turns the direction of text round, line separators, and undecodable bytes.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def is_unsafe(name: str) -> bool:
    """Could the name deceive a reader or a terminal? (Spaces, letters of any script and joiners are fine.)"""
    return _UNSAFE.search(name) is not None


def shown(name: object) -> str:
    """A name as part of a sentence: one line, nothing left to interpret, of bounded length."""
    text = str(name)
    text = text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN // 2]}...{text[-MAX_SHOWN // 2 :]}"
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
