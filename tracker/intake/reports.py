"""What every reader of completions hands back, and what it asks of every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

EARLIEST = date(1950, 1, 1)  # before it a day is a typing mistake, such as year 0026


@dataclass
class CompletionReader:
    """The rows of one report, to be walked once.

    ``profile`` is the short name of the table's form, ``source`` who reports, ``dropped`` the headings of columns that
    the form does not know and that are not kept.
    """

    profile: str
    source: str
    dropped: list[str]
    rows: Iterator[CompletionRow | NotACompletion | RowFaults]

    def __iter__(self) -> Iterator[CompletionRow | NotACompletion | RowFaults]:
        return self.rows


def day_fault(day: date, today: date) -> str | None:
    """Why nothing can have been completed on the day, or None."""
    if day > today:
        return "is in the future"
    if day < EARLIEST:
        return f"is before {EARLIEST.year}: look at the year"
    return None
