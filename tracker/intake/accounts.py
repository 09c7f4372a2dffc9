"""Who has an account with a provider, from the provider's list of people, by a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from tracker.curriculum.faults import Fault
from tracker.curriculum.keys import plain_text
from tracker.intake.cells import is_plain, listed, shown, text_faults
from tracker.intake.fields import KINDS, missing
from tracker.intake.mapping import MappedTable, open_mapped
from tracker.intake.names import first_name_first
from tracker.intake.reading import AS_FOUND, Reading
from tracker.intake.reports import AccountReader
from tracker.intake.saved import fitting, named, refuse_unknown_table
from tracker.intake.tables import Content, read_table
from tracker.language import _
from tracker.operations.profiles import SavedProfile
from tracker.operations.rows import AccountRow, RowFaults

_FIELDS = KINDS["accounts"].fields
_YEARS = range(1990, 2200)

# English, French and Spanish, as ``plain_text`` writes them. An invited person may use the account, so it is open.
_OPEN = """
active|activated|enabled|open|yes|y|true|1|licensed|licenced|invited|pending|registered|assigned|granted|current
actif|active|activee|ouvert|ouverte|oui|vrai|invite|invitee|en attente|activo|activa|habilitado|habilitada|abierto|si
"""
_CLOSED = """
inactive|deactivated|disabled|closed|no|n|false|0|unlicensed|not licensed|suspended|revoked|removed|deleted|withdrawn|expired
archived|blocked|inactif|inactif|desactive|desactivee|ferme|fermee|non|faux|supprime|supprimee|suspendu|suspendue|expire
inactivo|inactiva|desactivado|deshabilitado|cerrado|cerrada|falso|eliminado|suspendido
"""
_IS_OPEN = {**dict.fromkeys(listed(_OPEN), True), **dict.fromkeys(listed(_CLOSED), False)}


def read_accounts(
    content: Content, file_name: str, reading: Reading = AS_FOUND, profiles: Sequence[SavedProfile] = ()
) -> AccountReader:
    """The accounts that a provider's list of people names: by the reading's mapping, or by the saved profile that fits.

    Raises:
        Refused: ``unknown_profile``, ``ambiguous_profile``, ``unknown_table`` with the guessed mapping to use; or what
            ``open_mapped`` refuses.
    """
    found = named("accounts", reading, profiles)
    if found is None:
        table = read_table(content, file_name)
        found = fitting(content, table, "accounts", reading, profiles)
        if found is None:
            raise refuse_unknown_table(table, "accounts", reading)
    mapped = open_mapped(content, file_name, "accounts", found.reading)
    return AccountReader(found.name, found.source, mapped.dropped, _rows(mapped), mapped.table.headers, mapped.reading)


def _rows(mapped: MappedTable) -> Iterator[AccountRow | RowFaults]:
    values_of, days = mapped.values, mapped.days
    has_status = "status" in {*mapped.reading.columns, *mapped.reading.constants}
    for row in mapped.table.rows:
        if isinstance(row, RowFaults):
            yield row
            continue
        line, cells = row
        values = values_of(cells)
        number, email, learner_id, name, first_name, last_name, status, invited_on, activated_on = values
        account = AccountRow(
            line,
            number,
            learner_id,
            email,
            f"{first_name} {last_name}".strip() or first_name_first(name),
            _IS_OPEN.get(plain_text(status), not has_status),
            days["invited_on"].day(invited_on) if invited_on else None,
            days["activated_on"].day(activated_on) if activated_on else None,
        )
        faults = tuple(_faults(account, mapped, values, has_status))
        yield RowFaults(line, faults) if faults else account


def _faults(row: AccountRow, mapped: MappedTable, values: Sequence[str], has_status: bool) -> Iterator[Fault]:
    """Everything wrong with a row, under the file's own headings."""
    line, labels = row.line, mapped.labels
    status, invited_on, activated_on = values[-3:]
    if not is_plain(values):
        yield from text_faults(line, tuple(labels[field] for field in _FIELDS), values)
    if not (row.member_number or row.email or row.provider_id):
        headings = mapped.headings_of(KINDS["accounts"].wanted[0].fields)
        yield Fault(line, headings[0], "", missing(headings, KINDS["accounts"].wanted[0].what))
    if has_status and plain_text(status) not in _IS_OPEN:
        option = f"(--value 'status:{shown(status)}=active', or =inactive)"  # for a terminal: a page cuts it off
        reason = (
            _("is no word known for an open or a closed account: say what it means")
            if status
            else _("is missing: say what it means")
        )
        reason = f"{reason} {option}"
        yield Fault(line, labels["status"], shown(status), reason)
    for field, text, day in (("invited_on", invited_on, row.invited_on), ("activated_on", activated_on, row.activated_on)):
        yield from _day_faults(line, field, text, day, mapped)


def _day_faults(line: int, field: str, text: str, day: date | None, mapped: MappedTable) -> Iterator[Fault]:
    if text and day is None:
        yield Fault(line, mapped.labels[field], shown(text), mapped.days[field].why_not(text))
    elif day is not None and day.year not in _YEARS:
        yield Fault(line, mapped.labels[field], shown(text), _("is in the year %(year)s: look at the year", year=day.year))
