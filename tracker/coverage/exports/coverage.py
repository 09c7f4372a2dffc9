"""A coverage report as a document, and in the fixed forms of `tracker coverage`: every form of the same object."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from tracker.coverage.exports.shapes import COVERAGE_DEFINITIONS, Chart, Column, Document, For, Kind, Table, facts_asked
from tracker.coverage.exports.text import safe_text, share_text
from tracker.coverage.figures import CoverageReport, CoverageRow
from tracker.coverage.saying import local_called, share_words
from tracker.curriculum.coverage import Figure
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.words import Assurance, UnitKind
from tracker.language import _, lazy, ngettext

COLUMNS = ("path", "unit", "unit_kind", "in_scope", "covered", "share", "claimed", "reviewed", "provider")

_LONG = 200  # rows; on paper a report so long is read as a map
_PATHS_ACROSS = 5
_KINDS = {UnitKind.INTERNATIONAL.value: 0, UnitKind.DISTRICT.value: 1}  # these first, then the locals

_TABLE = (
    Column("path", whom=For.PROGRAMS),
    Column("unit", whom=For.PROGRAMS),
    Column("unit_kind", whom=For.PROGRAMS),
    Column("in_scope", Kind.COUNT),
    Column("covered", Kind.COUNT),
    Column("share", Kind.SHARE),
    Column("claimed", Kind.COUNT, lazy("Claimed or surer")),
    Column("reviewed", Kind.COUNT, lazy("Reviewed or surer")),
    Column("provider", Kind.COUNT, lazy("By provider")),
    Column("path_title", title=lazy("Path"), whom=For.PEOPLE),
    Column("unit_title", title=lazy("Unit"), whom=For.PEOPLE),
)


def coverage_table(report: CoverageReport, title: str = "", note: str = "") -> Table:
    """The report's rows. Bare, they are those of `tracker coverage --format csv`."""
    rows = [(*_cells(report, row), row.path_title or row.path, _unit_title(row)) for row in report.rows]
    return Table(_TABLE, rows, title or _("Coverage"), note)


def coverage_document(
    report: CoverageReport,
    title: str,
    scope: str,
    *,
    tables: Sequence[Table] = (),
    charts: Sequence[Chart] = (),
    findings: Sequence[str] = (),
) -> Document:
    """A coverage report as a document.

    Args:
        scope: whom it tells of: "Local 80 · Studio Grips".
        tables: what follows its rows.
    """
    facts = facts_asked(scope, report.as_of, report.known, report.floor)
    whole = [coverage_table(report), *tables]
    paper = [*tables, *paper_tables(report)] if _is_long(report) else ()
    return Document(title, facts, whole, COVERAGE_DEFINITIONS, charts, findings, paper)


def _is_long(report: CoverageReport) -> bool:
    return len(report.rows) > _LONG and len({row.path for row in report.rows}) > 1


def paper_tables(report: CoverageReport) -> list[Table]:
    """Units × paths, some paths to a table: what a sheet of paper shows of thousands of rows.

    Only the units and paths with anyone in scope, in the order in which people read them.
    """
    asked = [row for row in report.rows if row.figure.in_scope]
    paths = sorted({(row.path_title or row.path, row.path) for row in asked})
    units = {row.unit: row for row in asked}
    cells = {(row.unit, row.path): row.figure for row in asked}
    order = sorted(units, key=lambda unit: (_KINDS.get(units[unit].unit_kind, 2), natural(unit)))
    rest = len({row.unit for row in report.rows}) - len(units)
    said = ngettext("In %(n)s more unit no one is in scope.", "In %(n)s more units no one is in scope.", rest)
    note = said if rest else ""
    tables = []
    for start in range(0, len(paths), _PATHS_ACROSS):
        across = paths[start : start + _PATHS_ACROSS]
        lines = [
            (_unit_title(units[unit]), *(_cell(cells.get((unit, code)), report.floor) for _, code in across))
            for unit in order
            if any((unit, code) in cells for _, code in across)
        ]
        told = _("Coverage")
        if len(paths) > _PATHS_ACROSS:
            told = _("Coverage, paths %(first)s to %(last)s", first=start + 1, last=start + len(across))
        columns = [Column("unit"), *(Column(code, title=title) for title, code in across)]
        tables.append(Table(columns, lines, told, note))
    return tables


def _cell(figure: Figure | None, floor: Assurance) -> str:
    """ "312 of 512 · 61 %", as the page tells it."""
    if figure is None:
        return "–"
    return share_words(figure, floor)


def _unit_title(row: CoverageRow) -> str:
    """How people call it, as its page does."""
    if row.unit_kind != UnitKind.LOCAL.value:
        return row.unit_title or row.unit
    called = local_called(row.unit)
    return f"{called} · {row.unit_title}" if row.unit_title not in ("", f"Local {row.unit}") else called


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
