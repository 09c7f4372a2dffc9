"""Signing in as a sign-in provider says: who that is here, and that it stays the same person.

The first time, an address that the provider has confirmed leads to a sign-in, just as a link sent to it would. From then on
the provider's own name for the person does, whatever becomes of the address: so neither a new address at the provider nor a
new holder of an old one hands an account over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import OutsideIdentity, User, new_id
from tracker.operations.accounts.limits import account_key, hold
from tracker.operations.accounts.owners import owner_of, user_of
from tracker.operations.accounts.signing_in import SignIn, came_in
from tracker.operations.actor import ANYONE, Actor
from tracker.operations.audit import audit
from tracker.operations.notices import recipient_of
from tracker.operations.refused import Refused
from tracker.operations.telling import tell_user


@dataclass(frozen=True)
class OutsidePerson:
    """Who a provider says that someone is, after all that it signed was checked."""

    issuer: str
    subject: str  # the provider's own name for them, which it gives to nobody else
    email: str
    is_confirmed: bool  # whether the provider says that the address is theirs
    provider: str  # as people call the provider


def sign_in_from_outside(
    session: Session, person: OutsidePerson, address: str, language: str, *, today: date, now: datetime
) -> SignIn:
    """Sign in whom a provider names. The door commits whatever comes back.

    Unknown, suspended and unconfirmed are one answer: it tells nothing of who is known here.

    Args:
        address: the network address they come from.
        language: in which they read the page: whoever signs in for the first time is spoken to in it.
    """
    hold(session, [f"{person.issuer} {person.subject}", account_key(person.email)])
    known = select(OutsideIdentity.user_id).where(
        OutsideIdentity.issuer == person.issuer, OutsideIdentity.subject == person.subject
    )
    user_id = session.scalar(known)
    user = _still_let_in(session, user_id, now) if user_id is not None else None
    if user_id is None:
        user = _by_address(session, person, language, today, now)
    if user is None:
        detail = {"address": address, "by": "provider"}
        audit(session, ANYONE, "sign_in_failed", object_kind="user", object_id=user_id, detail=detail, at=now)
        return SignIn(None, Refused("not_known_here", _not_known(person.provider)))
    return came_in(session, user, {"address": address, "by": "provider"}, now)


def _still_let_in(session: Session, user_id: int, now: datetime) -> User | None:
    """A user who was linked before, unless a link by mail would not reach them either."""
    user = session.get(User, user_id, populate_existing=True)
    if user is None or not user.is_active:
        return None
    if user.member_id is not None and recipient_of(session, user.member_id, now) is None:
        return None
    return user


def _by_address(session: Session, person: OutsidePerson, language: str, today: date, now: datetime) -> User | None:
    """Whose address it is, where the provider has confirmed it; linked from now on."""
    if not person.is_confirmed or not person.email.isascii():
        return None
    owner = owner_of(session, person.email, now)
    # addresses that count as one here may be two mailboxes elsewhere: beyond ASCII, case is no matter of spelling alone
    if owner is None or owner.known_by.strip().lower() != person.email.strip().lower():
        return None
    if owner.user is not None and not _is_theirs(session, owner.user, person):
        return None
    user = user_of(session, owner, language, today, now)
    session.add(OutsideIdentity(id=new_id(), issuer=person.issuer, subject=person.subject, user_id=user.id, linked_at=now))
    session.flush()
    themselves, detail = Actor(user.id, "self", user.email), {"issuer": person.issuer}
    audit(session, themselves, "link_provider", object_kind="user", object_id=user.id, detail=detail, at=now)
    tell_user(session, user, lambda: _about_linking(person.provider), now)
    return user


def _is_theirs(session: Session, user: User, person: OutsidePerson) -> bool:
    """Whether this may be who signs in here, by the address that signs in: a link asked for by another address that a
    roster or a report gives for them is sent to that one too, so whoever holds only the other gets in by neither.
    """
    if user.email.strip().lower() != person.email.strip().lower():
        return False
    linked = select(OutsideIdentity.id).where(OutsideIdentity.user_id == user.id, OutsideIdentity.issuer == person.issuer)
    # linked already: the provider has given their address to somebody else, or made them a second account
    return session.scalar(linked.limit(1)) is None


def _not_known(provider: str) -> str:
    return _(
        "%(provider)s says who you are, but that leads to no sign-in here: either it has not confirmed your e-mail address, "
        "or your local has another one for you. Sign in another way, or ask your local’s training lead.",
        provider=provider,
    )


def _about_linking(provider: str) -> tuple[str, str]:
    return _("You signed in with %(provider)s", provider=provider), _(
        "You signed in to the training tracker with %(provider)s for the first time. From now on that account of yours "
        "there signs you in here, even if your address changes.",
        provider=provider,
    )
