"""Who the people of a simulation's counts are, by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from tracker.coverage.exports.shapes import Column, Document, Table
from tracker.coverage.paging import Page
from tracker.language import _
from tracker.models import Member, Membership, Unit
from tracker.models.loading import in_chunks

PEOPLE_A_PAGE = 50
_AT_ONCE = 900  # more values than some databases take in one statement


class PersonLine(NamedTuple):
    """One person of a count, with the locals where they hold a card on the day."""

    member_id: int
    number: str
    name: str
    locals: str


def named_page(
    session: Session, member_ids: Sequence[int], day: date, *, after: str = "", size: int | None = PEOPLE_A_PAGE
) -> Page[PersonLine]:
    """The people in order of name, from the one after ``after`` (a member's id); of all of them where ``size`` is None."""
    people = [each for chunk in in_chunks(member_ids, _AT_ONCE) for each in _people(session, chunk)]
    people.sort(key=lambda each: (each.name_key, each.member_id))
    start = next((place + 1 for place, each in enumerate(people) if str(each.member_id) == after), 0)
    shown = people[start:] if size is None else people[start : start + size]
    cards = _locals_of(session, [each.member_id for each in shown], day)
    rows = [
        PersonLine(
            each.member_id,
            each.number or "",
            f"{each.first_name} {each.last_name}".strip() or _("Member %(number)s", number=each.number),
            ", ".join(sorted(cards.get(each.member_id, ()))),
        )
        for each in shown
    ]
    more = size is not None and start + size < len(people)
    return Page(rows, str(shown[-1].member_id) if more else None)


def names_document(title: str, facts: Sequence[tuple[str, str]], rows: Sequence[PersonLine]) -> Document:
    """The people of one count as a file."""
    columns = (Column("member_number"), Column("name"), Column("locals"))
    return Document(title, facts, [Table(columns, [(each.number, each.name, each.locals) for each in rows], _("People"))])


def _people(session: Session, member_ids: Collection[int]) -> Sequence[Row[int, str, str, str, str]]:
    columns = (Member.member_id, Member.number, Member.first_name, Member.last_name, Member.name_key)
    return session.execute(select(*columns).where(Member.member_id.in_(member_ids))).all()


def _locals_of(session: Session, member_ids: Sequence[int], day: date) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for chunk in in_chunks(member_ids, _AT_ONCE):
        cards = (
            select(Membership.member_id, Unit.number)
            .join(Unit, Unit.id == Membership.unit_id)
            .where(
                Membership.member_id.in_(chunk),
                Membership.voided_at.is_(None),
                Membership.from_on <= day,
                or_(Membership.until_on.is_(None), Membership.until_on > day),
            )
        )
        for member_id, number in session.execute(cards):
            found.setdefault(member_id, set()).add(number)
    return found
