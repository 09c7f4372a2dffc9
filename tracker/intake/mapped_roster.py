"""Memberships from any headed table, by a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracker.curriculum.faults import Fault
from tracker.curriculum.keys import unit_key
from tracker.curriculum.words import MembershipKind
from tracker.intake.cells import is_address, is_plain, shown, text_faults
from tracker.intake.fields import KINDS
from tracker.intake.mapping import PROFILE, SOURCE, MappedTable, open_mapped
from tracker.intake.names import first_and_last
from tracker.intake.reading import Reading
from tracker.intake.reports import RosterReader
from tracker.intake.tables import Content
from tracker.language import _
from tracker.operations.rows import RosterRow, RowFaults

_FIELDS = KINDS["roster"].fields
_KINDS = frozenset(("", *MembershipKind))
_YEARS = range(1893, 2200)  # from the union's founding; beyond it a year is a slip of the finger
_HOME = {
    "": None,
    **dict.fromkeys(("yes", "y", "true", "1", "x", "oui", "o", "vrai", "sí", "si", "verdadero"), True),
    **dict.fromkeys(("no", "n", "false", "0", "non", "faux", "falso"), False),
}


def read(content: Content, file_name: str, reading: Reading, profile: str = PROFILE, source: str = SOURCE) -> RosterReader:
    """The memberships of a table, by the reading's mapping.

    Raises:
        Refused: what ``open_mapped`` refuses.
    """
    mapped = open_mapped(content, file_name, "roster", reading)
    return RosterReader(profile, source, mapped.dropped, _rows(mapped), mapped.table.headers, mapped.reading)


def _rows(mapped: MappedTable) -> Iterator[RosterRow | RowFaults]:
    values_of = mapped.values
    from_days, until_days = mapped.days["from_on"], mapped.days["until_on"]
    for row in mapped.table.rows:
        if isinstance(row, RowFaults):
            yield row
            continue
        line, cells = row
        values = values_of(cells)
        number, first_name, last_name, name, email, local, craft, status, kind = values[:9]
        from_on, until_on, home, home_local = values[9:]
        if name and not (first_name or last_name):
            first_name, last_name = first_and_last(name)
        is_home = _HOME.get(home.lower())
        if is_home is None and home_local:
            is_home = unit_key(home_local) == unit_key(local)
        membership = RosterRow(
            *(line, number, first_name, last_name, email, local, craft, status.lower(), kind.lower()),
            from_days.day(from_on) if from_on else None,
            until_days.day(until_on) if until_on else None,
            is_home,
        )
        faults = tuple(_faults(membership, mapped, values))
        yield RowFaults(line, faults, (number, email, local)) if faults else membership


def _faults(row: RosterRow, mapped: MappedTable, values: Sequence[str]) -> Iterator[Fault]:
    """Everything wrong with a row, under the file's own headings."""
    line, labels = row.line, mapped.labels
    kind, from_on, until_on, home, _unused = values[-5:]
    if not is_plain(values):
        yield from text_faults(line, tuple(labels[field] for field in _FIELDS), values)
    if not row.member_number:
        yield Fault(line, labels["member_number"], "", _("is missing"))
    if not row.local:
        yield Fault(line, labels["local"], "", _("is missing"))
    if row.email and not is_address(row.email):
        yield Fault(line, labels["email"], shown(row.email), _("is no e-mail address"))
    if row.kind not in _KINDS:
        words = " or ".join(MembershipKind)
        reason = _(
            "is no kind of membership: say whether it means %(words)s (--value 'kind:%(kind)s=member')",
            words=words,
            kind=shown(kind),
        )
        yield Fault(line, labels["kind"], shown(kind), reason)
    for field, text, day in (("from_on", from_on, row.from_on), ("until_on", until_on, row.until_on)):
        if text and day is None:
            yield Fault(line, labels[field], shown(text), mapped.days[field].why_not(text))
        elif day is not None and day.year not in _YEARS:
            yield Fault(line, labels[field], shown(text), _("is in the year %(year)s: look at the year", year=day.year))
    if row.from_on and row.until_on and row.until_on <= row.from_on:
        reason = _(
            "is not after %(labels)s, %(from_on)s: it is the first day no longer held",
            labels=labels["from_on"],
            from_on=from_on,
        )
        yield Fault(line, labels["until_on"], until_on, reason)
    if home and home.lower() not in _HOME:
        reason = _("is neither yes nor no: say what it means (--value 'home:%(home)s=yes')", home=shown(home))
        yield Fault(line, labels["home"], shown(home), reason)
