"""CSV that a spreadsheet shows and never runs.

A cell that begins with ``=``, ``+``, ``-`` or ``@`` is a formula to Excel, LibreOffice and Google Sheets. An apostrophe before it makes it
a text. The same signs after what another program could take for the border of a cell get one too (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"""((?:^|[;,|"\t\r\n])\s*)(?=[=+\-@＝＋－＠])""")


def harmless(text: str) -> str:
    """``text`` with an apostrophe wherever a formula could begin."""
    return _FORMULA.sub(r"\1'", text)


def to_csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table as CSV: commas, quotes where they are needed, lines that end as RFC 4180 has it. Cells come as they are."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()
