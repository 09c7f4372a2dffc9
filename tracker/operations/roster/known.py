"""What the database knows of a roster's members, some thousand at a time."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader
from tracker.models import UnitClosure
from tracker.models.loading import in_chunks, read_rows
from tracker.operations.assignments.leaving import ENDED_BY_HAND
from tracker.operations.roster.cards import ABSENT, Card, Person, Reopening

_AT_ONCE = 5_000


def read_people(session: Session, member_ids: Sequence[int], *, with_ends: bool) -> dict[int, Person]:
    """These members with their names, e-mails and valid cards.

    Args:
        with_ends: also the days on which persons ended what rules ask through their cards.
    """
    people: dict[int, Person] = {}
    if not member_ids:
        return people
    read = FactReader(session, member_ids)
    for member, number, first, last in read.derived("member", "number, first_name, last_name"):
        people[member] = Person(member, number, (first, last), is_new=False)
    listed = ", ".join(map(str, member_ids))
    emails = f"SELECT member_id, value, shown FROM identifier WHERE kind = 'email' AND member_id IN ({listed})"
    for member, value, shown in read_rows(session, emails):
        people[member].emails[value] = shown
    for member, card_id, unit, craft, status, kind, home, start, end in read.rows(
        "membership", "id, unit_id, craft_id, status, kind, is_home, from_on, until_on"
    ):
        until = None if end is None else read.day(end)
        people[member].hold(Card(card_id, unit, craft, status, kind, bool(home), read.day(start), until))
    if with_ends:
        ended = (
            "SELECT a.member_id, a.rule_id, a.membership_id, a.until_on FROM assignment a"
            " JOIN assignment_rule r ON r.id = a.rule_id"
            " JOIN membership m ON m.member_id = a.member_id AND m.id = a.membership_id"
            f" WHERE a.member_id IN ({listed}) AND a.voided_at IS NULL AND {ENDED_BY_HAND}"
        )
        for member, rule, card_id, end in read_rows(session, ended):
            people[member].ends.setdefault(card_id, {})[rule] = read.day(end)
    return people


def email_holders(session: Session, emails: Iterable[str]) -> dict[str, set[int]]:
    """The members that each of these e-mails is known of."""
    holders: dict[str, set[int]] = {}
    for chunk in in_chunks(sorted(emails), _AT_ONCE):
        marks = ", ".join("?" * len(chunk))
        sql = f"SELECT value, member_id FROM identifier WHERE kind = 'email' AND value IN ({marks})"
        for value, member in read_rows(session, sql, chunk):
            holders.setdefault(value, set()).add(member)
    return holders


def closed_by_absence(session: Session, member_ids: Collection[int]) -> dict[int, Reopening]:
    """By its id, each card that a complete roster closed because it did not name it, with the end it had before."""
    read = FactReader(session, ())
    listed = ", ".join(map(str, member_ids)) or "NULL"
    sql = (
        "SELECT now.id, was.until_on FROM membership was JOIN membership now ON now.member_id = was.member_id"
        " AND now.unit_id = was.unit_id AND now.craft_id = was.craft_id AND now.from_on = was.from_on"
        " AND now.recorded_at = was.voided_at AND now.voided_at IS NULL"
        f" WHERE was.member_id IN ({listed}) AND was.void_reason = ?"
    )
    rows = read_rows(session, sql, [ABSENT])
    return {card_id: Reopening(None if end is None else read.day(end)) for card_id, end in rows}


def holders_of_cards(session: Session, extent: Collection[int] | None, today: date) -> array[int]:
    """Who holds a card today in these locals (None: in any)."""
    sql = (
        "SELECT DISTINCT member_id FROM membership"
        " WHERE voided_at IS NULL AND from_on <= ? AND (until_on IS NULL OR until_on > ?)"
    )
    if extent is not None:
        sql += f" AND unit_id IN ({', '.join(map(str, sorted(extent))) or 'NULL'})"
    return array("q", (member for (member,) in read_rows(session, sql, [today, today])))


def locals_under(session: Session, unit_ids: Collection[int] | None) -> frozenset[int] | None:
    """The units themselves and all that stands under them; None for None: all there are."""
    if unit_ids is None:
        return None
    under = select(UnitClosure.descendant_id).where(UnitClosure.ancestor_id.in_(unit_ids))
    return frozenset(session.scalars(under))
