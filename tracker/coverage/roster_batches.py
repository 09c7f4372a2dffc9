"""What a recorded roster changed: read from its facts, and from what it changed besides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader, current_policy
from tracker.coverage.roster_changes import ChangeKind, RosterDiff, Who, compare
from tracker.language import _
from tracker.models import Batch, Unit
from tracker.models.loading import in_chunks, read_rows

_MEMBERS_AT_ONCE = 5_000


class _Card(NamedTuple):
    unit_id: int
    status: str
    from_on: date
    until_on: date | None


def roster_changes(session: Session, batch: Batch, day: date) -> RosterDiff:
    """Who changed by this roster, as its preview said it; the lines of cards are not kept.

    Args:
        day: the day on which it was recorded.
    """
    diff = RosterDiff()
    numbers = {unit.id: unit.number for unit in session.scalars(select(Unit))}
    counting = current_policy(session).counts
    members = (
        "SELECT DISTINCT member_id FROM"
        " (SELECT member_id FROM membership WHERE batch_id = ? UNION SELECT member_id FROM membership"
        " WHERE voided_batch_id = ?) AS touched ORDER BY member_id"
    )
    touched = [member for (member,) in read_rows(session, members, [batch.id, batch.id])]
    for chunk in in_chunks(touched, _MEMBERS_AT_ONCE):
        people = _people(session, chunk)
        before, after, units = _cards(session, batch, chunk)
        for member in chunk:
            compared = compare(before.get(member, ()), after.get(member, ()), counting, day)
            diff.add_cards(compared, people[member], dict.fromkeys(units.get(member, ()), 0), numbers)
    for change in _other_changes(session, batch):
        diff.add(change.kind, change.line, change.who, change.sentence)
    return diff.in_order()


class _Change(NamedTuple):
    who: Who
    line: int
    kind: ChangeKind
    before: str
    after: str

    def sentence(self) -> str:
        if self.kind is ChangeKind.EMAIL:
            return _("also %(address)s", address=self.after)
        was, now = (" ".join(filter(None, json.loads(text))) for text in (self.before, self.after))
        return _("%(before)s → %(now)s", before=was or _("no name"), now=now)


def _other_changes(session: Session, batch: Batch) -> Iterator[_Change]:
    """Another name, or a new e-mail, of the members who were there before; several e-mails are one change."""
    kinds = {"name": ChangeKind.NAME, "email": ChangeKind.EMAIL}
    sql = "SELECT member_id, what, line, before, after FROM batch_change WHERE batch_id = ? ORDER BY id"
    told: set[tuple[int, str]] = set()
    for chunk in in_chunks(read_rows(session, sql, [batch.id]), _MEMBERS_AT_ONCE):
        listed = ", ".join({str(row[0]) for row in chunk})
        older = f"SELECT member_id FROM member WHERE member_id IN ({listed}) AND created_at < ?"
        known = [member for (member,) in read_rows(session, older, [batch.recorded_at])]
        people = _people(session, known)
        for member, what, line, before, after in chunk:
            if what in kinds and member in people and (member, what) not in told:
                told.add((member, what))
                yield _Change(people[member], line, kinds[what], before, after)


def _people(session: Session, member_ids: list[int]) -> dict[int, Who]:
    read = FactReader(session, member_ids)
    return {
        member: Who(member, number, " ".join(filter(None, (first, last))))
        for member, number, first, last in read.derived("member", "number, first_name, last_name")
    }


def _cards(
    session: Session, batch: Batch, member_ids: list[int]
) -> tuple[dict[int, list[_Card]], dict[int, list[_Card]], dict[int, set[int]]]:
    """By member: the cards known before the batch, those known after, and the locals where it touched one.

    What was voided or recorded since counts for neither, an undoing of the batch included.
    """
    before: dict[int, list[_Card]] = {}
    after: dict[int, list[_Card]] = {}
    units: dict[int, set[int]] = {}
    read = FactReader(session, ())
    listed = ", ".join(map(str, member_ids))
    sql = (
        "SELECT member_id, unit_id, status, from_on, until_on, coalesce(batch_id, 0), coalesce(voided_batch_id, 0),"
        " recorded_at <= ? AND (voided_at IS NULL OR voided_at > ?)"
        f" FROM membership WHERE member_id IN ({listed}) ORDER BY id"
    )
    moment = [batch.recorded_at, batch.recorded_at]
    for member, unit, status, start, end, its_batch, voided_by, was_valid in read_rows(session, sql, moment):
        card = _Card(unit, status, read.day(start), None if end is None else read.day(end))
        is_own = its_batch == batch.id
        if is_own or voided_by == batch.id:
            units.setdefault(member, set()).add(unit)
        if not is_own and (voided_by == batch.id or was_valid):
            before.setdefault(member, []).append(card)
        if is_own or (was_valid and voided_by != batch.id):
            after.setdefault(member, []).append(card)
    return before, after, units
