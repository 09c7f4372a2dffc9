"""Whom an e-mail address belongs to, by what is on record; and the first sign-in of a member who has none yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key
from tracker.curriculum.words import Role
from tracker.models import Identifier, IdentifierKind, User
from tracker.operations.accounts.users import add_user, check_address, find_user
from tracker.operations.actor import Actor
from tracker.operations.notices import recipient_of
from tracker.operations.refused import Refused


@dataclass(frozen=True)
class Owner:
    """Whom an address belongs to: a user, or a member who has no sign-in yet."""

    address: str  # on record, to write to
    user: User | None
    member_id: int | None
    known_by: str  # the address on record by which they were found: perhaps another of theirs


def owner_of(session: Session, email: str, now: datetime) -> Owner | None:
    """Whom an address belongs to: who signs in with it, else the one member who is known by it. A member who signs in with
    another address is written to there. Nobody where two share it, or who has died or is suspended."""
    user = find_user(session, email)
    shown, member_id = user.email if user else "", user.member_id if user else None
    if user is None:
        holders = session.execute(
            select(Identifier.member_id, Identifier.shown)
            .where(Identifier.kind == IdentifierKind.EMAIL, Identifier.value == email_key(email))
            .limit(2)
        ).all()
        if len(holders) != 1:
            return None
        member_id, shown = holders[0]
        user = session.scalar(select(User).where(User.member_id == member_id))
    if user is not None and not user.is_active:
        return None
    if member_id is not None and recipient_of(session, member_id, now) is None:
        return None
    if user is not None:
        return Owner(user.email, user, member_id, shown)
    try:
        check_address(shown)
    except Refused:
        return None
    return Owner(shown.strip(), None, member_id, shown)


def user_of(session: Session, owner: Owner, language: str, today: date, now: datetime) -> User:
    """The sign-in of whom an address belongs to: made here, with the role member, for a member who has none yet."""
    if owner.user is not None:
        return owner.user
    actor = Actor(None, "self", owner.address)
    user = add_user(session, owner.address, Role.MEMBER, None, owner.member_id, actor, today, now=now)
    user.language = language or None
    session.flush()
    return user
