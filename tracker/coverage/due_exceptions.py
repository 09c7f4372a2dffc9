"""Due days that could not be met: they had passed before the member was asked, and nobody has decided of them yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader
from tracker.coverage.paging import Page
from tracker.coverage.rules import RuleLine, lines_of
from tracker.models.loading import read_rows

_PAGE = 100
# Of today: an open assignment a of rule r through card m, asked too late for the rule's day, of which nothing is decided.
# What is required but not in scope (a status that does not count, an exemption) waits for nobody.
_EXCEPTIONS = (
    "assignment_rule r JOIN assignment a ON a.rule_id = r.id AND a.assigned_on > r.due_on AND a.due_on IS NULL"
    " AND a.voided_at IS NULL AND a.kind = r.kind AND (a.until_on IS NULL OR a.until_on > ?)"
    " JOIN membership m ON m.member_id = a.member_id AND m.id = a.membership_id"
    " WHERE r.due_on IS NOT NULL AND r.undone_at IS NULL AND (r.kind <> 'required' OR EXISTS (SELECT 1 FROM scope s"
    " WHERE s.member_id = a.member_id AND s.membership_id = a.membership_id AND s.path_id = a.path_id"
    " AND s.from_on <= ? AND s.until_on > ?))"
    " AND NOT EXISTS (SELECT 1 FROM due_decision d JOIN membership o ON o.member_id = d.member_id AND o.id = d.membership_id"
    " WHERE d.member_id = a.member_id AND d.rule_id = r.id AND d.voided_at IS NULL"
    " AND o.unit_id = m.unit_id AND o.craft_id = m.craft_id AND o.from_on = m.from_on)"
)


def due_exceptions_waiting(session: Session, today: date) -> tuple[int, date | None]:
    """How many members wait for a due day that can be met, and since when the one that waits longest is asked."""
    sql = f"SELECT count(DISTINCT a.member_id), min(a.assigned_on) FROM {_EXCEPTIONS}"
    ((count, oldest),) = read_rows(session, sql, [today, today, today])
    return count, None if oldest is None else FactReader(session, ()).day(oldest)


class DueGroup(NamedTuple):
    """The members of one rule who wait for a due day that can be met."""

    line: RuleLine
    members: int
    oldest: date  # since when the one that waits longest is asked


def due_groups(session: Session, today: date) -> list[DueGroup]:
    """By rule, who waits longest first."""
    sql = f"SELECT r.id, count(DISTINCT a.member_id), min(a.assigned_on) FROM {_EXCEPTIONS} GROUP BY r.id"
    read = FactReader(session, ())
    found = {rule: (count, read.day(oldest)) for rule, count, oldest in read_rows(session, sql, [today, today, today])}
    groups = [DueGroup(line, *found[line.rule.id]) for line in lines_of(session, found.keys())]
    return sorted(groups, key=lambda group: (group.oldest, group.line.rule.id))


class LateAsk(NamedTuple):
    """One assignment whose due day had passed before it began."""

    assignment_id: int
    member_id: int
    name: str
    number: str
    unit: str
    assigned_on: date


def late_asks(session: Session, rule_id: int, today: date, after: int | None = None) -> Page[LateAsk]:
    """Those of one rule, the longest known first, a page at a time."""
    sql = (
        "SELECT a.id, a.member_id, p.first_name, p.last_name, p.number, u.number, a.assigned_on"
        f" FROM {_EXCEPTIONS.replace(' WHERE ', _NAMED, 1)} AND r.id = ?{' AND a.id > ?' if after is not None else ''}"
        " ORDER BY a.id LIMIT ?"
    )
    values = [today, today, today, rule_id, *([after] if after is not None else []), _PAGE + 1]
    read = FactReader(session, ())
    asks = [
        LateAsk(its_id, member, f"{first} {last}".strip(), number, unit, read.day(assigned))
        for its_id, member, first, last, number, unit, assigned in read_rows(session, sql, values)
    ]
    return Page(asks[:_PAGE], str(asks[_PAGE - 1].assignment_id) if len(asks) > _PAGE else None)


_NAMED = " JOIN member p ON p.member_id = a.member_id JOIN unit u ON u.id = m.unit_id WHERE "


def late_rows(session: Session, rule_id: int, today: date, assignment_ids: Sequence[int] | None) -> list[tuple[Any, ...]]:
    """Those of one rule (of these ids, if any are given) as they are recorded: member, id, path, version, kind, first day,
    first day no more, card; then the last days of the rule and of the card."""
    which = (
        "" if assignment_ids is None else f" AND a.id IN ({', '.join(str(int(each)) for each in assignment_ids) or 'NULL'})"
    )
    sql = (
        "SELECT a.member_id, a.id, a.path_id, a.version_id, a.kind, a.assigned_on, a.until_on, a.membership_id,"
        f" r.until_on, m.until_on FROM {_EXCEPTIONS} AND r.id = ?{which} ORDER BY a.member_id, a.id"
    )
    return list(read_rows(session, sql, [today, today, today, rule_id]))
