"""How far people have got, as CSV and XLSX. Names only for readers who may see them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

from tracker.coverage.access_funnel.report import AccessReport, PersonsAccess
from tracker.coverage.access_funnel.steps import Step, Who
from tracker.coverage.exports import safe_text
from tracker.coverage.people import MemberLine

COLUMNS = (
    *("path", "unit", "unit_kind", "in_scope", "with_account", "activated", "started", "complete"),
    *("cannot_get_in", "not_done", "complete_without_account"),
)
PEOPLE_COLUMNS = (
    *("member_number", "first_name", "last_name", "craft", "status"),
    *("access", "accounts", "invited_on", "activated_on", "state", "courses_to_go", "minutes_to_go", "due_on"),
)
_COUNTS = (Who.IN_SCOPE, Who.WITH_ACCOUNT, Who.ACTIVATED, Who.STARTED, Who.COMPLETE, Who.CANNOT_GET_IN, Who.NOT_DONE)
_WORDS = {
    Step.NO_ACCOUNT: "no account",
    Step.NOT_ACTIVATED: "not activated",
    Step.NOT_BEGUN: "not begun",
    Step.BEGUN: "begun",
    Step.COMPLETE: "complete",
}


def report_rows(report: AccessReport) -> list[tuple[Any, ...]]:
    """The report's rows in the order of :data:`COLUMNS`."""
    return [
        (
            *(row.path.code, row.unit.number, row.unit.kind.value),
            *(row.funnel.count(who) for who in _COUNTS),
            row.funnel.done_without,
        )
        for row in report.rows
    ]


def people_rows(people: Iterable[tuple[MemberLine, PersonsAccess]]) -> list[tuple[Any, ...]]:
    """People in the order of :data:`PEOPLE_COLUMNS`."""
    return [_person(line, theirs) for line, theirs in people]


def step_words(theirs: PersonsAccess) -> str:
    """How far someone got, in words."""
    return "account closed" if theirs.step is Step.NO_ACCOUNT and theirs.access.is_closed else _WORDS[theirs.step]


def _person(line: MemberLine, theirs: PersonsAccess) -> tuple[Any, ...]:
    member, access = line.member, theirs.access
    days = (access.invited_on, access.activated_on)
    to_go = ("", "") if line.missing is None else (line.missing, line.missing_minutes)
    return (
        *(member.number, member.first_name, member.last_name, ", ".join(line.crafts), ", ".join(line.statuses)),
        *(step_words(theirs), len(access.open_at), *(day.isoformat() if day else "" for day in days)),
        *(line.state.value, *to_go, line.due_on.isoformat() if line.due_on else ""),
    )


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(safe_text(cell) if isinstance(cell, str) else cell for cell in row)
    return out.getvalue()


def as_workbook(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """An XLSX file: numbers of members and locals as text, so that their zeros stay; counts as numbers."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(title)
        bold = book.add_format({"bold": True})
        for column, name in enumerate(columns):
            sheet.write_string(0, column, name, bold)
        for line, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, column, cell)
                else:
                    sheet.write_number(line, column, cell)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
    return out.getvalue()
