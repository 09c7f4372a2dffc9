"""A coverage report as a table, CSV, JSON or a workbook: every form of the same object."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import xlsxwriter

from tracker.coverage.exports.text import safe_text, share_text
from tracker.coverage.figures import CoverageReport, CoverageRow

COLUMNS = ("path", "unit", "unit_kind", "in_scope", "covered", "share", "claimed", "reviewed", "provider")


def _cells(report: CoverageReport, row: CoverageRow) -> tuple[Any, ...]:
    figure = row.figure
    share = figure.share(report.floor)
    counts = (figure.in_scope, figure.covered(report.floor), share, figure.claimed, figure.reviewed, figure.provider)
    return (row.path, row.unit, row.unit_kind, *counts)


def as_csv(report: CoverageReport) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    names = {name: safe_text(name) for row in report.rows for name in (row.path, row.unit)}
    floor = report.floor
    writer.writerows(
        (names[path], names[unit], kind, counts.in_scope, counts[floor], share_text(counts.share(floor)), *counts[1:])
        for path, unit, kind, counts, *_ in report.rows
    )
    return out.getvalue()


def as_json(report: CoverageReport) -> str:
    text = json.dumps(
        {
            "as_of": report.as_of.isoformat(),
            "known": report.known.isoformat() if report.known else None,
            "floor": report.floor.word,
            "rows": [dict(zip(COLUMNS, _cells(report, row), strict=True)) for row in report.rows],
        },
        indent=2,
        ensure_ascii=False,
    )
    return f"{text}\n"


def as_table(report: CoverageReport) -> str:
    """For a terminal: aligned columns, shares in percent."""
    head = ("path", "unit", "covered", "in scope", "share", "claimed", "reviewed", "provider")
    lines: list[tuple[str, ...]] = [head]
    for row in report.rows:
        path, unit, _, in_scope, covered, share, *floors = _cells(report, row)
        shown = "no one in scope" if share is None else f"{share:.1%}"
        lines.append((path, unit, str(covered), str(in_scope), shown, *map(str, floors)))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = [
        "  ".join(cell.ljust(width) if place < 2 else cell.rjust(width) for place, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    ]
    known = f", as known on {report.known}" if report.known else ""
    return "\n".join([f"Coverage as of {report.as_of}{known}, floor: {report.floor.word}", "", *text, ""])


def as_workbook(report: CoverageReport) -> bytes:
    """An XLSX file: what was asked, then the rows, numbers as numbers."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("Coverage")
        bold, percent = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
        asked = (
            ("As of", report.as_of.isoformat()),
            ("As known on", report.known.isoformat() if report.known else "today"),
            ("Floor", report.floor.word),
            ("Share", "covered at the floor ÷ in scope; empty where no one is in scope"),
        )
        for line, (name, value) in enumerate(asked):
            sheet.write_string(line, 0, name, bold)
            sheet.write_string(line, 1, value)
        top = len(asked) + 1
        for column, name in enumerate(COLUMNS):
            sheet.write_string(top, column, name, bold)
        for line, row in enumerate(report.rows, start=top + 1):
            for column, value in enumerate(_cells(report, row)):
                if value is None:
                    continue
                if isinstance(value, str):
                    sheet.write_string(line, column, value)
                else:
                    sheet.write_number(line, column, value, percent if COLUMNS[column] == "share" else None)
        sheet.freeze_panes(top + 1, 2)
        sheet.autofilter(top, 0, top + max(len(report.rows), 1), len(COLUMNS) - 1)
        sheet.set_column(0, 0, 44)
    return out.getvalue()
