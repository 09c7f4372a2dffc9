"""A document as XLSX: what was asked and what the words mean, then a sheet a table, numbers as numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from tracker.coverage.exports.shapes import Cell, Document, Kind, Table
from tracker.coverage.exports.text import heading, plain_line
from tracker.coverage.exports.watching import Watch, unwatched
from tracker.language import _, mark

_FEW = 5_000  # rows up to which a workbook is made in memory; more are put on disk row by row
_SHEET = 1_048_576  # rows that a spreadsheet shows: what is longer goes on on another sheet
_CELL = 32_767  # characters that it keeps of a cell
_WIDEST = 60


def document_workbook(document: Document) -> bytes:
    """An XLSX file. Text is always written as text: no cell is a formula or a link."""
    out = io.BytesIO()
    write_workbook(document, out)
    return out.getvalue()


def write_workbook(document: Document, out: BinaryIO, *, folder: Path | None = None, watch: Watch = unwatched) -> None:
    """The same into a file.

    Args:
        folder: where a long one is laid out on its way; by default where the system keeps such files.
    """
    is_long = document.rows > _FEW
    options = {
        "in_memory": not is_long,
        "constant_memory": is_long,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(folder) if folder is not None and is_long else None,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": plain_line(document.title)})
        formats = {
            Kind.SHARE: book.add_format({"num_format": "0.0%"}),
            Kind.COUNT: book.add_format({"num_format": "#,##0"}),
            Kind.DAY: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        bold = book.add_format({"bold": True})
        names: set[str] = set()
        for place, table in enumerate(document.tables):
            top = list(heading(document)) if place == 0 else []
            top += [(table.note,)] if table.note else []
            rows: Sequence[Sequence[Cell]] = table.rows
            room = _SHEET - len(top) - 2
            for start in range(0, max(len(rows), 1), room):
                sheet = book.add_worksheet(_sheet_name(table.title or document.title, names))
                part = rows if len(rows) <= room else rows[start : start + room]
                _write(sheet, table, part, top, bold, formats, watch)


def _write(
    sheet: Any,
    table: Table,
    rows: Sequence[Sequence[Cell]],
    top: Sequence[tuple[str, ...]],
    bold: Any,
    formats: dict[Kind, Any],
    watch: Watch,
) -> None:
    for place, width in enumerate(_widths(table, rows)):
        sheet.set_column(place, place, width)
    for line, cells in enumerate(top):
        is_head = line == 0 or len(cells) > 1
        sheet.write_string(line, 0, _text(cells[0]), bold if is_head else None)
        if len(cells) > 1:
            sheet.write_string(line, 1, _text(cells[1]))
    head = len(top) + 1 if top else 0
    for place, column in enumerate(table.columns):
        sheet.write_string(head, place, column.name, bold)
    for line, row in enumerate(watch(mark("Writing the rows"), rows, len(rows)), start=head + 1):
        for place, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            if cell is None:
                continue
            if isinstance(cell, str):
                sheet.write_string(line, place, _text(cell))
            elif isinstance(cell, date):
                _write_day(sheet, line, place, cell, formats[Kind.DAY])
            else:
                sheet.write_number(line, place, cell, formats.get(column.kind))
    sheet.freeze_panes(head + 1, 1)
    sheet.autofilter(head, 0, head + max(len(rows), 1), max(len(table.columns) - 1, 0))
    sheet.repeat_rows(head)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _write_day(sheet: Any, line: int, place: int, day: date, look: Any) -> None:
    """A day as a day; spreadsheets know none before 1900, so such a one stays text."""
    if day.year < 1900:
        sheet.write_string(line, place, day.isoformat())
    else:
        sheet.write_datetime(line, place, day, look)


def _text(value: str) -> str:
    line = plain_line(value)
    if len(line) <= _CELL:
        return line
    cut = " … " + _("(cut: the CSV file holds all of it)")
    return line[: _CELL - len(cut)] + cut


def _widths(table: Table, rows: Sequence[Sequence[Cell]]) -> Iterator[int]:
    """How wide each column is to be, by the first rows."""
    for place, column in enumerate(table.columns):
        longest = max((len(str(row[place])) for row in rows[:200] if isinstance(row[place], str)), default=0)
        yield min(max(longest, len(column.name), 9) + 2, _WIDEST)


def _sheet_name(title: str, names: set[str]) -> str:
    """What a spreadsheet takes for a sheet's name: short, without its own signs, and not twice the same."""
    plain = re.sub(r"[\[\]:*?/\\'\s]+", " ", plain_line(title)).strip()[:27].strip() or _("Report")[:27]
    name, number = plain, 1
    while name.casefold() in names or name.casefold() == "history":  # a name that spreadsheets keep for themselves
        number += 1
        name = f"{plain[: 26 - len(str(number))]} {number}"
    names.add(name.casefold())
    return name
