"""A local's members on one path as a file: whom to call, and about what. Only for readers who may see names."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from tracker.coverage.exports import safe_text
from tracker.coverage.people import MemberLine

COLUMNS = (
    *("member_number", "first_name", "last_name", "craft", "status"),
    *("state", "courses_to_go", "minutes_to_go", "due_on"),
)


def _cells(line: MemberLine) -> tuple[Any, ...]:
    member = line.member
    names = (member.number, member.first_name, member.last_name, ", ".join(line.crafts), ", ".join(line.statuses))
    to_go = ("", "") if line.missing is None else (line.missing, line.missing_minutes)
    return (*names, line.state.value, *to_go, line.due_on.isoformat() if line.due_on else "")


def call_list_csv(lines: Sequence[MemberLine]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow(safe_text(cell) if isinstance(cell, str) else cell for cell in _cells(line))
    return out.getvalue()


def call_list_workbook(lines: Sequence[MemberLine]) -> bytes:
    """An XLSX file: member numbers as text, so that their zeros stay; counts as numbers."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("Members")
        bold = book.add_format({"bold": True})
        for column, name in enumerate(COLUMNS):
            sheet.write_string(0, column, name, bold)
        for row, line in enumerate(lines, start=1):
            for column, cell in enumerate(_cells(line)):
                if isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                else:
                    sheet.write_number(row, column, cell)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(lines), 1), len(COLUMNS) - 1)
    return out.getvalue()
