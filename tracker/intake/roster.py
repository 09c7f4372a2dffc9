"""Memberships from a headed table, one row each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import MembershipKind
from tracker.intake import mapped_roster
from tracker.intake.cells import NOT_A_DAY, is_address, is_plain, iso_day, shown, text_faults
from tracker.intake.fields import still_wanted
from tracker.intake.headings import heading_key
from tracker.intake.reading import AS_FOUND, Reading
from tracker.intake.reports import Pick, RosterReader
from tracker.intake.saved import fitting, named, refuse_unknown_table
from tracker.intake.tables import Content, HeadedTable, read_table, unknown_table
from tracker.language import _
from tracker.operations.profiles import SavedProfile
from tracker.operations.rows import RosterRow, RowFaults

PROFILE = "canonical"
SOURCE = "table"
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

WANTED = f"{', '.join(COLUMNS)} (at least {' and '.join(REQUIRED)})"

_HOME = {"": None, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_KINDS = frozenset(("", *MembershipKind))


def read_roster(
    content: Content, file_name: str, reading: Reading = AS_FOUND, profiles: Sequence[SavedProfile] = ()
) -> RosterReader:
    """The memberships a roster states. Whether a status or a local exists is for the import to judge, not the reader.

    The reading's columns come first, then its profile; else the headings choose: the canonical columns, or a saved profile.

    Raises:
        Refused: ``unknown_profile``, ``ambiguous_profile``, ``unknown_table`` with the guessed mapping to use; or what
            ``read_table`` and ``open_mapped`` refuse.
    """
    is_named = reading.profile == PROFILE
    found = None if is_named else named("roster", reading, profiles, (PROFILE,))
    if found is None:
        table = read_table(content, file_name)
        keys = set(map(heading_key, table.headers))
        columns = {field: field for field in COLUMNS if heading_key(field) in keys} | dict(reading.columns)
        if reading.is_particular and not still_wanted("roster", {*columns, *reading.constants}):
            return mapped_roster.read(content, file_name, replace(reading, columns=columns), PROFILE)
        if keys.issuperset(map(heading_key, REQUIRED)):
            rows = _rows(table, table.pick(COLUMNS))
            return RosterReader(PROFILE, SOURCE, table.others(COLUMNS), rows, table.headers, reading)
        if is_named:
            raise unknown_table(table, WANTED)
        found = fitting(content, table, "roster", reading, profiles)
        if found is None:
            raise refuse_unknown_table(table, "roster", reading, WANTED)
    return mapped_roster.read(content, file_name, found.reading, found.name, found.source)


def _rows(table: HeadedTable, pick: Pick) -> Iterator[RosterRow | RowFaults]:
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
        yield RowFaults(line, faults, (number, email, local)) if faults else membership


def _faults(row: RosterRow, values: tuple[str, ...]) -> Iterator[Fault]:
    """Everything wrong with a row; ``values`` are the cells it was read from."""
    line, kind, from_on, until_on, home = row.line, *values[-4:]
    if not is_plain(values):
        yield from text_faults(line, COLUMNS, values)
    if not row.member_number:
        yield Fault(line, "member_number", "", _("is missing"))
    if not row.local:
        yield Fault(line, "local", "", _("is missing"))
    if row.email and not is_address(row.email):
        yield Fault(line, "email", shown(row.email), _("is no e-mail address"))
    if row.kind not in _KINDS:
        yield Fault(
            line,
            "kind",
            shown(kind),
            _("is no kind of membership: use %(names)s, or leave it blank", names=" or ".join(MembershipKind)),
        )
    if from_on and row.from_on is None:
        yield Fault(line, "from_on", shown(from_on), str(NOT_A_DAY))
    if until_on and row.until_on is None:
        yield Fault(line, "until_on", shown(until_on), str(NOT_A_DAY))
    if row.from_on and row.until_on and row.until_on <= row.from_on:
        yield Fault(
            line,
            "until_on",
            until_on,
            _("is not after from_on, %(from_on)s: it is the first day no longer held", from_on=from_on),
        )
    if home and row.home is None:
        yield Fault(line, "home", shown(home), _("is neither yes nor no"))
