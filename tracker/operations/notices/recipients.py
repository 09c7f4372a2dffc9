"""Whom a mail about a member goes to, and in which language.

Their sign-in's address; failing that, the e-mail that is theirs alone. Nobody is written to who has died, whose rights or
whose sign-in are suspended, or who turned out to be somebody else on the roster.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from tracker.language import DEFAULT, language_named
from tracker.models import Identifier, IdentifierKind, Member, Membership, User

DECEASED, SUSPENDED = "deceased", "suspended"  # as the policy's statuses spell them

_others = [DEFAULT]


def write_to_others_in(language: str) -> None:
    """Say in which language people are written to who chose none. Whoever starts the application says so once."""
    _others[:] = [language_named(language) or DEFAULT]


def written_to_in(chosen: str | None) -> str:
    """The language someone is written to in: the one they chose, else the one for who chose none."""
    return language_named(chosen) or _others[0]


def written_in(language: str | None) -> str:
    """The language someone is written to in who chose this one, or None."""
    return language_named(language) or _others[0]


class Recipient(NamedTuple):
    """Where a mail goes, and its language's code."""

    address: str
    language: str


def recipient_of(session: Session, member_id: int, now: datetime | None = None) -> Recipient | None:
    """Whom a mail about this member goes to; None where nobody may be written to.

    Args:
        now: by whose day a card is held; None: every card that has not ended counts as held.
    """
    return recipients_among(session, member_id, member_id, now).get(member_id)


def recipients_among(session: Session, first: int, last: int, now: datetime | None = None) -> dict[int, Recipient]:
    """Whom mails about the members from ``first`` to ``last``, by id, go to; those are left out to whom none does."""
    members = select(Member.member_id).where(Member.member_id.between(first, last), Member.merged_into_id.is_(None))
    silent = _silent(session, first, last, now)
    emails = _emails_of_their_own(session, first, last)
    accounts = _accounts(session, first, last)
    told: dict[int, Recipient] = {}
    for member_id in session.scalars(members).all():
        if member_id in silent:
            continue
        if member_id in accounts:
            account = next((each for each in accounts[member_id] if each[2]), None)
            if account is not None:
                told[member_id] = Recipient(account[0], written_in(account[1]))
        elif member_id in emails:
            told[member_id] = Recipient(emails[member_id], _others[0])
    return told


def _accounts(session: Session, first: int, last: int) -> dict[int, list[tuple[str, str | None, bool]]]:
    """By member: the address, the language and whether it is open, of each sign-in."""
    found: dict[int, list[tuple[str, str | None, bool]]] = {}
    for member_id, email, language, is_active in session.execute(
        select(User.member_id, User.email, User.language, User.is_active)
        .where(User.member_id.between(first, last))
        .order_by(User.id)
    ):
        found.setdefault(int(member_id or 0), []).append((email, language, is_active))
    return found


def _emails_of_their_own(session: Session, first: int, last: int) -> dict[int, str]:
    """By member: the newest e-mail that nobody else is known by and nobody else signs in with."""
    other = aliased(Identifier)
    is_shared = (
        select(other.member_id)
        .where(other.kind == Identifier.kind, other.value == Identifier.value, other.member_id != Identifier.member_id)
        .exists()
    )
    rows = session.execute(
        select(Identifier.member_id, Identifier.value, Identifier.shown)
        .where(Identifier.kind == IdentifierKind.EMAIL, Identifier.member_id.between(first, last), ~is_shared)
        .order_by(Identifier.recorded_at.desc(), Identifier.value)
    ).all()
    taken = _signing_in(session, {value for _, value, _ in rows})
    found: dict[int, str] = {}
    for member_id, value, shown in rows:
        if taken.get(value, member_id) == member_id:
            found.setdefault(member_id, shown or value)
    return found


def _signing_in(session: Session, keys: set[str]) -> dict[str, int | None]:
    """By address: the member whose sign-in it is, None where it is nobody's on the roster."""
    wanted = select(User.email_key, User.member_id)
    if len(keys) <= 500:
        wanted = wanted.where(User.email_key.in_(keys))
    return {key: member_id for key, member_id in session.execute(wanted) if key in keys}


def _silent(session: Session, first: int, last: int, now: datetime | None) -> set[int]:
    """Who has died, and whose cards are all suspended."""
    cards = (Membership.member_id.between(first, last), Membership.voided_at.is_(None))
    statuses: dict[int, set[str]] = {}
    for member_id, status in session.execute(
        select(Membership.member_id, func.lower(Membership.status)).where(*cards, *_held(now)).distinct()
    ):
        statuses.setdefault(member_id, set()).add(status)
    died = session.scalars(select(Membership.member_id).where(*cards, func.lower(Membership.status) == DECEASED))
    return {*died} | {member_id for member_id, held in statuses.items() if held == {SUSPENDED}}


def _held(now: datetime | None) -> list[ColumnElement[bool]]:
    if now is None:
        return [Membership.until_on.is_(None)]
    day = now.date()
    return [Membership.from_on <= day, or_(Membership.until_on.is_(None), Membership.until_on > day)]
