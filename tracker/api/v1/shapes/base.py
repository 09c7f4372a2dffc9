"""What every shape stands on."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tracker.coverage.exports import Document, Kind
from tracker.coverage.exports import Table as DocumentTable
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import Unit as UnitRow


class Shape(BaseModel):
    """Strict: a number is no text and nothing is left over. Built when first needed, for commands never need it."""

    model_config = ConfigDict(
        strict=True, extra="forbid", defer_build=True, json_schema_serialization_defaults_required=True
    )


class Listed(Shape):
    """A page of a list."""

    next: str | None = Field(
        default=None,
        description="The address of the next page, as in the Link header; null on the last one.",
        examples=["/api/v1/units?limit=50&cursor=WyIxYTJiIl0.c2ln"],
    )


def said(meaning: str, example: Any, **more: Any) -> Any:
    """A field: what it means, and an example of it. One whose example is null may be null, and is by default."""
    if example is None:
        more.setdefault("default", None)
    return Field(description=meaning, examples=[example], **more)


def _iso(value: Any) -> Any:
    """Only YYYY-MM-DD: a number of seconds is a day to some readers, and to no person."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("is no day: write it YYYY-MM-DD, as in 2026-03-09")
    return date.fromisoformat(value)


def _utc(value: datetime) -> datetime:
    return value.replace(microsecond=0)


Day = Annotated[date, BeforeValidator(_iso)]
Moment = Annotated[datetime, AfterValidator(_utc)]
Floor = Literal["claimed", "reviewed", "provider"]
# A row's id, as text: the numbers of JavaScript do not reach as far.
Id = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]


def floor_of(assurance: Assurance) -> Floor:
    """The word of an assurance."""
    words: dict[Assurance, Floor] = {
        Assurance.CLAIMED: "claimed",
        Assurance.REVIEWED: "reviewed",
        Assurance.PROVIDER: "provider",
    }
    return words[assurance]


class UnitName(Shape):
    """A unit, as other things name it."""

    number: str = said("The unit's number, as the union’s file spells it.", "600")
    kind: UnitKind = said("What it is.", "local")
    name: str = said("What it is called.", "International Cinematographers Guild")

    @classmethod
    def of(cls, unit: UnitRow) -> UnitName:
        return cls(number=unit.number, kind=unit.kind, name=unit.name)


# --- Reports as pages and their files tell them ---------------------------------------------------------------------------


class Fact(Shape):
    """Something that was asked, or that holds for the whole report."""

    name: str = said("What it is.", "As of")
    value: str = said("What it says.", "2026-07-31")


class ReportColumn(Shape):
    """A column of a table: its name is the key of each row's cell."""

    name: str = said("Its name, the same in every language.", "in_scope")
    kind: Literal["text", "word", "count", "share", "number", "day"] = said("What its cells are.", "count")


class ReportTable(Shape):
    """Rows under names, as in the report's CSV file."""

    title: str = said("What it lists.", "Whom to call")
    note: str = said("What is to be known of it; often empty.", "")
    columns: list[ReportColumn] = said("Its columns, in order.", [{"name": "local", "kind": "text"}])
    rows: list[dict[str, str | int | float | None]] = said(
        "Its rows: a cell for each column. Null: nothing to tell, or hidden as the note says.", [{"local": "600"}]
    )


class Report(Shape):
    """A report: what was asked, what was found, and its tables. The same as its page and files hold for this reader."""

    title: str = said("What it is.", "Where to train next")
    facts: list[Fact] = said("What was asked.", [{"name": "As of", "value": "2026-07-31"}])
    findings: list[str] = said("The answer, in sentences.", ["Local 600: 12 more people reach the target of 80 %."])
    definitions: list[str] = said("What the words mean.", ["Share: covered ÷ in scope."])
    tables: list[ReportTable] = said(
        "Its tables; the first is the report itself.", [{"title": "", "note": "", "columns": [], "rows": []}]
    )

    @classmethod
    def of(cls, document: Document) -> Report:
        return cls(
            title=document.title,
            facts=[Fact(name=name, value=value) for name, value in document.facts],
            findings=list(document.findings),
            definitions=[str(each) for each in document.definitions],
            tables=[_table(each) for each in document.tables],
        )


def _table(table: DocumentTable) -> ReportTable:
    names = [column.name for column in table.columns]
    rows = [
        {name: cell.isoformat() if isinstance(cell, date) else cell for name, cell in zip(names, row, strict=True)}
        for row in table.rows
    ]
    columns = [ReportColumn(name=column.name, kind=_kind(column.kind)) for column in table.columns]
    return ReportTable(title=str(table.title), note=table.note, columns=columns, rows=rows)


def _kind(kind: Kind) -> Any:
    return kind.value
