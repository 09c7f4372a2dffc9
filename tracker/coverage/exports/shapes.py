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

from tracker.curriculum.words import Assurance

Cell: TypeAlias = str | int | float | date | None


class Kind(StrEnum):
    """What a column holds, and so how it is written."""

    TEXT = "text"
    COUNT = "count"  # a whole number
    SHARE = "share"  # 0 to 1; None where no one is in scope
    NUMBER = "number"
    DAY = "day"


class For(StrEnum):
    """Whom a column is for. A name that people read and a code that programs join by say the same of one thing."""

    ALL = "all"
    PEOPLE = "people"  # left out of the bare rows; leads in print
    PROGRAMS = "programs"  # left out in print


@dataclass(frozen=True, slots=True)
class Column:
    """``name`` heads it for programs (``in_scope``), ``title`` for people ("In scope")."""

    name: str
    kind: Kind = Kind.TEXT
    title: str = ""
    whom: For = For.ALL

    @property
    def heading(self) -> str:
        return self.title or self.name.replace("_", " ").capitalize()


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


FLOOR_WORDS = {
    Assurance.CLAIMED: "claimed or surer",
    Assurance.REVIEWED: "reviewed or surer",
    Assurance.PROVIDER: "confirmed by the provider",
}

COVERAGE_DEFINITIONS = (
    "In scope: distinct people with a card here whose status counts, who are asked for the path and not exempt from it.",
    "Covered: those in scope who hold the path complete on the day, counting only what is at least as sure as the floor.",
    "Share: covered ÷ in scope; empty where no one is in scope.",
    "Claimed, reviewed, provider: who is covered if what is at least that sure counts; each holds the surer ones too.",
    "A person counts once in each local where they hold a card, and once in every unit above.",
)


def facts_asked(scope: str, as_of: date, known: date | None, floor: Assurance) -> list[tuple[str, str]]:
    """The lines that head every report: what was asked of whom, and for which day."""
    return [
        ("Scope", scope),
        ("As of", as_of.isoformat()),
        ("As known on", known.isoformat() if known else "all that is known now"),
        ("Floor", FLOOR_WORDS[floor]),
    ]
