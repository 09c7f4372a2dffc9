"""What every report comes to as a file: a document of headed tables, the same for CSV, XLSX and PDF.

A page and its files are made from one object, so a report builds its document from what the page shows, never from a second
read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias

from tracker.coverage.exports.headings import HEADINGS
from tracker.curriculum.words import Assurance
from tracker.language import _, mark, word

Cell: TypeAlias = str | int | float | date | None


class Kind(StrEnum):
    """What a column holds, and so how it is written."""

    TEXT = "text"
    WORD = "word"  # a marked word: as it is for programs, in the reader's language for people
    COUNT = "count"  # a whole number
    SHARE = "share"  # 0 to 1; None where no one is in scope
    NUMBER = "number"
    DAY = "day"

    @property
    def is_text(self) -> bool:
        """Whether it is written from the left, as words are."""
        return self in (Kind.TEXT, Kind.WORD)


class For(StrEnum):
    """Whom a column is for. A name that people read and a code that programs join by say the same of one thing."""

    ALL = "all"
    PEOPLE = "people"  # left out of the bare rows; leads in print
    PROGRAMS = "programs"  # left out in print


@dataclass(frozen=True, slots=True)
class Column:
    """``name`` heads it for programs (``in_scope``), in every language; ``title`` for people, in theirs ("In scope").

    Without a title people read what :data:`HEADINGS` says of the name. A title that is made once is ``lazy``.
    """

    name: str
    kind: Kind = Kind.TEXT
    title: str = ""
    whom: For = For.ALL

    @property
    def heading(self) -> str:
        """As people read it, in the language that is spoken now."""
        return str(self.title) if self.title else word(HEADINGS.get(self.name, self.name.replace("_", " ").capitalize()))


@dataclass(frozen=True)
class Table:
    """Rows under headings. ``title`` tells a document's tables apart; ``note`` stands under it."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    note: str = ""

    def places(self, left_out: For) -> list[int]:
        """Where the columns stand that are not for some readers alone."""
        return [place for place, column in enumerate(self.columns) if column.whom is not left_out]


@dataclass(frozen=True)
class Chart:
    """One picture: a Vega-Lite specification with its data inside, and everything that says the same without it."""

    name: str  # "trend": what its files are called
    finding: str  # what it shows, as a sentence: "Local 700 passed its target in March"
    summary: str  # a text that stands for the picture, for who cannot see it
    spec: Mapping[str, Any]  # without colours of a theme, and without addresses: data is inline
    table: Table  # its numbers


@dataclass(frozen=True)
class Document:
    """A report, whole.

    The first table is the report itself: a CSV file holds only that one, and says so where there are more. ``facts`` say
    what was asked, in order (scope, as of, as known on, floor …), ``definitions`` what the words mean; both head every form.

    The facts' names and the definitions are marked, and translated where they are drawn: a fact is found by its own word.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    definitions: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    findings: Sequence[str] = field(default_factory=tuple)  # the answer, in sentences, above everything
    on_paper: Sequence[Table] = ()  # the tables as people read them, where the others are for programs

    @property
    def printed(self) -> Sequence[Table]:
        """The tables of a PDF."""
        return self.on_paper or self.tables

    @property
    def rows(self) -> int:
        return sum(len(table.rows) for table in self.tables)

    def fact(self, name: str) -> str:
        """What was asked under a name; "" where nothing was."""
        return next((value for each, value in self.facts if each == name), "")


_FLOORS = {
    Assurance.CLAIMED: mark("claimed or surer"),
    Assurance.REVIEWED: mark("reviewed or surer"),
    Assurance.PROVIDER: mark("confirmed by the provider"),
}

COVERAGE_DEFINITIONS = (
    mark(
        "In scope: distinct people with a card here whose status counts, who are asked for the path and not exempt from it."
    ),
    mark(
        "Covered: those in scope who hold the path complete on the day, counting only what is at least as sure as the floor."
    ),
    mark("Share: covered ÷ in scope; empty where no one is in scope."),
    mark("Claimed, reviewed, provider: who is covered if what is at least that sure counts; each holds the surer ones too."),
    mark("A person counts once in each local where they hold a card, and once in every unit above."),
)


def floor_words(floor: Assurance) -> str:
    """What a floor counts, after "counting what is"."""
    return word(_FLOORS[floor])


def facts_asked(scope: str, as_of: date, known: date | None, floor: Assurance) -> list[tuple[str, str]]:
    """The lines that head every report: what was asked of whom, and for which day."""
    return [
        (mark("Scope"), scope),
        (mark("As of"), as_of.isoformat()),
        (mark("As known on"), known.isoformat() if known else _("all that is known now")),
        (mark("Floor"), floor_words(floor)),
    ]
