"""What is wrong in a file, where, and what to do."""

from __future__ import annotations

from typing import NamedTuple

from tracker.language import _


class Fault(NamedTuple):
    """One thing wrong.

    ``line`` counts from 1 as an editor does; ``column`` is a column's name in a table, a character's place (from 1) in text,
    and empty where the whole line is meant. ``value`` is what stood there, ``reason`` a sentence that says what is wrong and
    what to do.
    """

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        where = _("line %(line)s", line=self.line) + (f", {self.column}" if self.column else "")
        shown = f" {self.value!r}" if self.value else ""
        return f"{where}:{shown} {self.reason}"
