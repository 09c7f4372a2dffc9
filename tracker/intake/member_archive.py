"""A member's own LinkedIn archive, ``Learning.csv``: what they opened and finished, in a file that names nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Assurance
from tracker.intake.cells import is_plain, shown, text_faults
from tracker.intake.day_columns import DayColumn
from tracker.intake.headings import heading_key
from tracker.intake.linkedin_detail import ZONE, kind_reason
from tracker.intake.reading import Reading
from tracker.intake.reports import EARLIEST, CompletionReader, Pick, day_fault
from tracker.intake.tables import HeadedTable
from tracker.language import _
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

PROFILE = "linkedin-member-archive"
SOURCE = "linkedin-archive"
WANTED = "Content Title, Content Type, Content Completed At (if completed)"

_TITLE, _KIND, _COMPLETED = "Content Title", "Content Type", "Content Completed At (if completed)"
_READ = (_TITLE, _KIND, _COMPLETED)
_IGNORED = (
    "Content Description",
    "Content Last Watched Date (if viewed)",
    "Content Saved",
    "Notes taken on videos (if taken)",
)
_NOTHING = ("", "n/a")


def fits(table: HeadedTable) -> bool:
    return set(map(heading_key, table.headers)).issuperset(map(heading_key, _READ))


def read(table: HeadedTable, today: date, reading: Reading) -> CompletionReader:
    """The courses completed in the archive, each on its Los Angeles day: the day of every LinkedIn report.

    Raises:
        Refused: ``member_missing``, where the reading does not say whose archive it is.
    """
    if not reading.member:
        raise Refused(
            "member_missing",
            _(
                "%(file_name)s is a member’s own LinkedIn archive, which does not say whose. Say it: "
                "--member with their member number or e-mail address.",
                file_name=table.file_name,
            ),
            field="member",
        )
    known = {heading_key(column) for column in (*_READ, *_IGNORED)}
    dropped = [header for header in table.headers if header and heading_key(header) not in known]
    rows = _rows(table, table.pick(_READ), today, reading)
    return CompletionReader(PROFILE, SOURCE, dropped, rows, table.headers, reading)


def _rows(
    table: HeadedTable, pick: Pick, today: date, reading: Reading
) -> Iterator[CompletionRow | NotACompletion | RowFaults]:
    email = reading.member.strip() if "@" in reading.member else ""
    number = "" if email else reading.member.strip()
    assurance = reading.assurance or Assurance.CLAIMED
    days = DayColumn(_COMPLETED, 1990, today, "ymd", ZONE)
    for row in table.rows:
        if isinstance(row, RowFaults):
            yield row
            continue
        line, cells = row
        title, kind, completed_at = values = pick(cells)
        if kind and kind.lower() != "course":
            yield NotACompletion(line, kind_reason(shown(kind)))
            continue
        if completed_at.lower() in _NOTHING:
            yield NotACompletion(line, "not completed")
            continue
        day = days.day(completed_at)
        if not kind or not title or day is None or not EARLIEST <= day <= today or not is_plain(values):
            if faults := tuple(_faults(line, values, day, days, today)):
                yield RowFaults(line, faults)
                continue
            assert day is not None
        yield CompletionRow(line, number, "", email, "", "", title, day, assurance, "", "")


def _faults(line: int, values: tuple[str, ...], day: date | None, days: DayColumn, today: date) -> Iterator[Fault]:
    title, kind, completed_at = values
    yield from text_faults(line, _READ, values)
    if not kind:
        yield Fault(line, _KIND, "", _("is missing"))
    if not title:
        yield Fault(line, _TITLE, "", _("is missing"))
    if day is None:
        yield Fault(line, _COMPLETED, shown(completed_at), days.why_not(completed_at))
    elif early_or_late := day_fault(day, today):
        yield Fault(line, _COMPLETED, shown(completed_at), early_or_late)
