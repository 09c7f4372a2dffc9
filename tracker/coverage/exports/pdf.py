"""A document as PDF: tagged, with its charts, its tables' headings on every page, and page numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.coverage.exports.printing import printed_cell, printed_chart, printed_text, typeset
from tracker.coverage.exports.shapes import Cell, Document, For, Kind, Table
from tracker.curriculum.coverage import whole_percent
from tracker.language import _, number, percent, word

MOST_ROWS = 3_000  # about 90 pages: nobody reads more, and the typesetter takes 180 MB for each thousand
_NUMBERS = (Kind.COUNT, Kind.SHARE, Kind.NUMBER)
_MANY_COLUMNS = 7
_WIDE = 70  # characters of text columns that no longer fit upright


class TooLongToPrint(Exception):
    """More rows than a PDF holds. Its message says so to people."""

    def __init__(self, rows: int) -> None:
        super().__init__(
            _(
                "This report has %(rows)s rows; a PDF holds at most %(most)s. Take it as CSV or XLSX, which hold all of it,"
                " or"
                " ask for less at once.",
                rows=number(rows),
                most=number(MOST_ROWS),
            )
        )


def document_pdf(document: Document) -> bytes:
    """A PDF/UA-1 file.

    Raises:
        TooLongToPrint: it has more than :data:`MOST_ROWS` rows.
        NotRendered: it could not be made now.
    """
    rows = sum(len(table.rows) for table in document.printed)
    if rows > MOST_ROWS:
        raise TooLongToPrint(rows)
    tables = [_table(table) for table in document.printed]
    scope, day = document.fact("Scope"), document.fact("As of")
    day = _("as of %(day)s", day=day) if day else ""
    return typeset(
        "document",
        {
            "title": printed_text(document.title).strip() or _("Report"),
            "foot": printed_text(" · ".join(part for part in (scope, day) if part)),
            "facts": [
                [printed_text(_("%(name)s:", name=word(name))), printed_text(value)] for name, value in document.facts
            ],
            "findings": [printed_text(each) for each in document.findings],
            "definitions": [printed_text(word(each)) for each in document.definitions],
            "charts": [printed_chart(chart) for chart in document.charts],
            "tables": tables,
            "wide": any(len(table["columns"]) > _MANY_COLUMNS or table["wide"] for table in tables),
        },
    )


def _table(table: Table) -> dict[str, Any]:
    """What people read of a table: names before numbers, codes left out."""
    places = sorted(table.places(For.PROGRAMS), key=lambda place: table.columns[place].whom is not For.PEOPLE)
    columns = [table.columns[place] for place in places]
    names = {column.name: place for place, column in enumerate(table.columns)}
    counts = (names.get("covered"), names.get("in_scope"))

    def printed(row: Sequence[Cell], place: int) -> str:
        if place == names.get("share") and None not in counts:
            covered, in_scope = (row[each] for each in counts if each is not None)
            if isinstance(covered, int) and isinstance(in_scope, int) and in_scope:
                return percent(whole_percent(covered, in_scope))  # exactly, as the page does
        return printed_cell(row[place], table.columns[place].kind)

    rows = [[printed(row, place) for place in places] for row in table.rows]
    widths = [_width(rows, place) if column.kind.is_text else 0 for place, column in enumerate(columns)]
    return {
        "title": printed_text(table.title),
        "note": printed_text(table.note),
        "columns": [
            {"heading": printed_text(column.heading), "number": column.kind in _NUMBERS, "width": width}
            for column, width in zip(columns, widths, strict=True)
        ],
        "rows": rows,
        "wide": sum(widths) > _WIDE,
    }


def _width(rows: list[list[str]], place: int) -> int:
    """How much of the room a column of text gets, beside others; 0 for numbers of members and such: as wide as it is."""
    cells = [row[place] for row in rows[:2_000]]
    if all(len(cell) <= 12 and " " not in cell for cell in cells):
        return 0
    longest = sorted(len(cell) for cell in cells)
    usual = longest[len(longest) * 9 // 10] if longest else 0
    unbroken = max((len(word) for cell in cells for word in cell.split()), default=0)
    return min(max(usual, unbroken + 2, 8), 40)
