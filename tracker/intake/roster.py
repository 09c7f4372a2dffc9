"""Memberships from a headed table, one row each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import MembershipKind
from tracker.intake.cells import NOT_A_DAY, is_address, is_plain, iso_day, shown, text_faults
from tracker.intake.tables import Content, HeadedTable, read_table, unknown_table
from tracker.operations.rows import RosterRow, RowFaults

REQUIRED = ("member_number", "local")
COLUMNS = (
    "member_number",
    "first_name",
    "last_name",
    "email",
    "local",
    "craft",
    "status",
    "kind",
    "from_on",
    "until_on",
    "home",
)

_HOME = {"": None, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_KINDS = frozenset(("", *MembershipKind))


@dataclass
class RosterReader:
    """The rows of one roster, to be walked once. ``dropped`` are the headings of columns that are not kept."""

    dropped: list[str]
    rows: Iterator[RosterRow | RowFaults]

    def __iter__(self) -> Iterator[RosterRow | RowFaults]:
        return self.rows


def read_roster(content: Content, file_name: str) -> RosterReader:
    """The memberships a roster states. Whether a status or a local exists is for the import to judge, not the reader.

    Raises:
        Refused: ``unknown_table`` without the columns ``member_number`` and ``local``; or what ``read_table`` refuses.
    """
    table = read_table(content, file_name)
    if table.lacking(REQUIRED):
        raise unknown_table(table, f"{', '.join(COLUMNS)} (at least {' and '.join(REQUIRED)})")
    return RosterReader(table.others(COLUMNS), _rows(table))


def _rows(table: HeadedTable) -> Iterator[RosterRow | RowFaults]:
    pick = table.pick(COLUMNS)
    for row in table.rows:
        if isinstance(row, RowFaults):
            yield row
            continue
        line, cells = row
        values = pick(cells)
        number, first_name, last_name, email, local, craft, status, kind, from_on, until_on, home = values
        membership = RosterRow(
            line,
            number,
            first_name,
            last_name,
            email,
            local,
            craft,
            status.lower(),
            kind.lower(),
            iso_day(from_on),
            iso_day(until_on),
            _HOME.get(home.lower()),
        )
        faults = tuple(_faults(membership, values))
        yield RowFaults(line, faults) if faults else membership


def _faults(row: RosterRow, values: tuple[str, ...]) -> Iterator[Fault]:
    """Everything wrong with a row; ``values`` are the cells it was read from."""
    line, kind, from_on, until_on, home = row.line, *values[-4:]
    if not is_plain(values):
        yield from text_faults(line, COLUMNS, values)
    if not row.member_number:
        yield Fault(line, "member_number", "", "is missing")
    if not row.local:
        yield Fault(line, "local", "", "is missing")
    if row.email and not is_address(row.email):
        yield Fault(line, "email", shown(row.email), "is no e-mail address")
    if row.kind not in _KINDS:
        yield Fault(
            line, "kind", shown(kind), f"is no kind of membership: use {' or '.join(MembershipKind)}, or leave it blank"
        )
    if from_on and row.from_on is None:
        yield Fault(line, "from_on", shown(from_on), NOT_A_DAY)
    if until_on and row.until_on is None:
        yield Fault(line, "until_on", shown(until_on), NOT_A_DAY)
    if row.from_on and row.until_on and row.until_on <= row.from_on:
        yield Fault(line, "until_on", until_on, f"is not after from_on, {from_on}: it is the first day no longer held")
    if home and row.home is None:
        yield Fault(line, "home", shown(home), "is neither yes nor no")
