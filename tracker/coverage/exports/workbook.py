"""A document as XLSX: what was asked and what the words mean, then a sheet a table, numbers as numbers."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import xlsxwriter

from tracker.coverage.exports.shapes import Document, Kind, Table


def document_workbook(document: Document) -> bytes:
    """An XLSX file. Text is always written as text: no cell is a formula or a link."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        formats = {
            Kind.SHARE: book.add_format({"num_format": "0.0%"}),
            Kind.COUNT: book.add_format({"num_format": "#,##0"}),
            Kind.DAY: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for place, table in enumerate(document.tables):
            sheet = book.add_worksheet(_sheet_name(table.title or document.title, place))
            line = _head(sheet, document, table, bold) if place == 0 else 0
            _write(sheet, table, line, bold, formats)
    return out.getvalue()


def _head(sheet: Any, document: Document, table: Table, bold: Any) -> int:
    """What was asked; returns the line on which the table begins."""
    sheet.write_string(0, 0, document.title, bold)
    line = 1
    for name, value in document.facts:
        sheet.write_string(line, 0, name, bold)
        sheet.write_string(line, 1, value)
        line += 1
    for sentence in document.definitions:
        sheet.write_string(line, 0, sentence)
        line += 1
    return line + 1


def _write(sheet: Any, table: Table, top: int, bold: Any, formats: dict[Kind, Any]) -> None:
    for place, column in enumerate(table.columns):
        sheet.write_string(top, place, column.name, bold)
    for line, row in enumerate(table.rows, start=top + 1):
        for place, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            if cell is None:
                continue
            if isinstance(cell, str):
                sheet.write_string(line, place, cell)
            elif isinstance(cell, date):
                sheet.write_datetime(line, place, cell, formats[Kind.DAY])
            else:
                sheet.write_number(line, place, cell, formats.get(column.kind))
    sheet.freeze_panes(top + 1, 1)
    sheet.autofilter(top, 0, top + max(len(table.rows), 1), max(len(table.columns) - 1, 0))
    sheet.set_column(0, 0, 44)


def _sheet_name(title: str, place: int) -> str:
    """What a spreadsheet takes for a sheet's name: short, without its own signs, and not twice the same."""
    plain = re.sub(r"[\[\]:*?/\\']+", " ", title).strip()[:28] or "Report"
    return plain if place == 0 else f"{plain[:25]} {place + 1}"
