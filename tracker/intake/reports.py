"""What every reader of a table hands back, and what it asks of every completion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeAlias, TypeVar

from tracker.intake.reading import Reading
from tracker.language import _
from tracker.operations.rows import AccountRow, CompletionRow, NotACompletion, RosterRow, RowFaults

EARLIEST = date(1950, 1, 1)  # before it a day is a typing mistake, such as year 0026

Row = TypeVar("Row")


@dataclass
class Reader(Generic[Row]):
    """The rows of one table, to be walked once.

    Attributes:
        profile: the short name of the table's form, or the name of the saved mapping it was read by.
        source: who reports: what the ids in the table are unique in.
        dropped: the headings of columns that the form does not know and that are not kept.
        headers: all the headings, as the file writes them.
        reading: how it was read, with what the file itself settled: what ``save_profile`` keeps.
    """

    profile: str
    source: str
    dropped: list[str]
    rows: Iterator[Row]
    headers: list[str] = field(default_factory=list)
    reading: Reading = field(default_factory=Reading)

    def __iter__(self) -> Iterator[Row]:
        return self.rows

    def call(self, name: str) -> None:
        """Read it as the profile that is being saved under ``name``: its ids are then that profile's own."""
        self.profile = self.source = name


Pick: TypeAlias = Callable[[list[str]], tuple[str, ...]]  # what ``HeadedTable.pick`` answers
CompletionReader: TypeAlias = Reader[CompletionRow | NotACompletion | RowFaults]
RosterReader: TypeAlias = Reader[RosterRow | RowFaults]
AccountReader: TypeAlias = Reader[AccountRow | RowFaults]


def day_fault(day: date, today: date) -> str | None:
    """Why nothing can have been completed on the day, or None."""
    if day > today:
        return _("is in the future")
    if day < EARLIEST:
        return _("is before %(year)s: look at the year", year=EARLIEST.year)
    return None
