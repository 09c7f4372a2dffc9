"""Signing in by a link that is sent to one's own address.

Asking only writes a wish down, alike for every address: who it belongs to is looked up when the mail is made, by whoever
sends mail. The link itself is in that mail alone; only its SHA-256 is kept.

Where the mail goes is the address that is on record, never the one that was typed: two spellings that count as one here
may be two mailboxes elsewhere.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key
from tracker.language import _, ngettext
from tracker.models import SignInLink, User, new_id
from tracker.operations.accounts.limits import (
    FAILURES_WINDOW,
    account_key,
    address_key,
    count_failures,
    drop_old_failures,
    forget_failures,
    hold,
    is_over_limit,
    too_many_attempts,
)
from tracker.operations.accounts.owners import Owner, owner_of, user_of
from tracker.operations.accounts.signing_in import SignIn, came_in
from tracker.operations.actor import ANYONE, Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused

LINK_PATH = "/login/link/"  # then the token: where a link leads, after the address of the pages
LASTS = timedelta(minutes=30)
LINKS_PER_ADDRESS = 5
LINKS_PER_ADDRESS_A_DAY = 20  # each is a mail in somebody's box, wanted or not; past them one at a time: 48 more at most
LINKS_PER_NETWORK = 50  # a whole union hall may share one network address

_STALE = timedelta(hours=1)  # nobody waits that long for a mail: it is not sent any more
_KEPT = timedelta(days=1)
_CLAIM = timedelta(minutes=5)  # how long whoever makes a link has for sending it, before another tries
_MOST_TRIES = 5
_LONGEST_ADDRESS = 254
_LONGEST_PATH = 2_000
_LONGEST_FAILURE = 500

_MAILER = Actor(None, "operator", "the mail")


@dataclass(frozen=True)
class MadeLink:
    """A link to be sent: to which address, in which language, and whether it gives its reader their first sign-in."""

    token: str = field(repr=False)  # after `LINK_PATH`; kept nowhere else
    address: str
    language: str
    is_new_account: bool


class LinksTold(NamedTuple):
    """How it goes with the mails that hold links; none of it says whose."""

    waiting: int  # to be sent still
    failed: int  # tried without success, and not sent since
    failure: str  # why the newest of them was not taken
    sent_at: datetime | None  # when the last one was made that went out


def ask_for_link(session: Session, email: str, address: str, language: str, next_path: str, now: datetime) -> SignInLink:
    """Write down that someone wants to sign in by a link. The same is done whoever's the address is, and if it is nobody's.

    Args:
        email: as it was typed.
        address: the network address it was asked from.
        language: in which the page was read.
        next_path: where to go once signed in; "" where their work is.

    Raises:
        Refused: ``bad_email`` (it can be no address at all), ``too_many_links``.
    """
    typed = email.strip()
    name, at, domain = typed.rpartition("@")
    if not (name and at and domain) or not typed.isprintable() or " " in typed or len(typed) > _LONGEST_ADDRESS:
        raise Refused("bad_email", _("Write your e-mail address like name@example.org."), field="address")
    wanted, asked_from = account_key(typed), _hash(address_key(address))
    hold(session, [f"link {wanted}", f"link {asked_from}"])
    session.execute(delete(SignInLink).where(SignInLink.asked_at <= now - _KEPT))
    today, newest = _asked_today(session, wanted, now)
    # Past the day's links one holds at any time, and no more: whoever asks, from wherever, neither floods a mailbox nor
    # keeps its owner out. By when it was asked for, not made or used: that would tell whose address is known.
    if today >= LINKS_PER_ADDRESS_A_DAY and newest is not None and now < newest + LASTS:
        minutes = math.ceil((newest + LASTS - now) / timedelta(minutes=1))
        message = ngettext(
            "Too many links were asked for today. Open the newest one that came by mail, or try again in %(n)s minute.",
            "Too many links were asked for today. Open the newest one that came by mail, or try again in %(n)s minutes.",
            minutes,
        )
        raise Refused("too_many_links", message)
    if _asked(session, wanted, asked_from, now):
        minutes = int(FAILURES_WINDOW.total_seconds() // 60)
        message = ngettext(
            "Too many links were asked for. Wait %(n)s minute, then try again.",
            "Too many links were asked for. Wait %(n)s minutes, then try again.",
            minutes,
        )
        raise Refused("too_many_links", message)
    link = SignInLink(
        id=new_id(),
        address=typed,
        address_key=wanted,
        asked_from=asked_from,
        language=language,
        next_path=next_path[:_LONGEST_PATH] if len(next_path) <= _LONGEST_PATH else "",
        asked_at=now,
        next_try_at=now,
        attempts=0,
        failure="",
    )
    session.add(link)
    session.flush()
    audit(
        session, ANYONE, "ask_for_link", object_kind="sign_in_link", object_id=link.id, detail={"address": address}, at=now
    )
    return link


def _asked(session: Session, wanted: str, asked_from: str, now: datetime) -> bool:
    """Whether too many were asked for within the window: for this address, or from this network."""
    since = SignInLink.asked_at > now - FAILURES_WINDOW
    for_it, from_there = session.execute(
        select(
            select(func.count()).where(SignInLink.address_key == wanted, since).scalar_subquery(),
            select(func.count()).where(SignInLink.asked_from == asked_from, since).scalar_subquery(),
        )
    ).one()
    return bool(for_it >= LINKS_PER_ADDRESS or from_there >= LINKS_PER_NETWORK)


def _asked_today(session: Session, wanted: str, now: datetime) -> tuple[int, datetime | None]:
    """How many were asked for this address within a day, and so how many mails it brought at most; and the newest."""
    today = (SignInLink.address_key == wanted, SignInLink.asked_at > now - timedelta(days=1))
    asked, newest = session.execute(select(func.count(), func.max(SignInLink.asked_at)).where(*today)).one()
    return asked, newest


def due_links(session: Session, now: datetime) -> list[SignInLink]:
    """The wishes for a link that wait to be answered, the oldest first. Give each to :func:`make_link`."""
    waiting = (SignInLink.next_try_at <= now, SignInLink.asked_at > now - _STALE)
    return list(session.scalars(select(SignInLink).where(*waiting).order_by(SignInLink.asked_at, SignInLink.id)))


def make_link(session: Session, link: SignInLink, now: datetime) -> MadeLink | None:
    """Make the link that someone asked for, if the address is anyone's: to be sent at once, after this transaction.

    The try is counted and the wish claimed for five minutes, so that no other process sends it too. Say with
    :func:`mark_link_sent` or :func:`mark_link_failed` what became of it. Older links of the same person end.

    Returns:
        None where there is nothing to send; the wish is closed then, and so nobody learns why.
    """
    found = session.scalar(
        select(SignInLink).where(SignInLink.id == link.id).with_for_update().execution_options(populate_existing=True)
    )
    if found is None or found.next_try_at is None or found.next_try_at > now:
        return None
    owner = None if _is_overtaken(session, found) else owner_of(session, found.address, now)
    if owner is None:
        found.next_try_at, found.token_hash, found.failure = None, None, ""
        found.address = ""  # nobody's: no reason to keep what was typed
        session.flush()
        return None
    user, token = owner.user, secrets.token_urlsafe(16)
    found.user_id, found.member_id = (user.id, None) if user else (None, owner.member_id)
    _end_others(session, found, now)
    found.token_hash, found.expires_at = _hash(token), now + LASTS
    found.attempts, found.next_try_at = found.attempts + 1, now + _CLAIM
    session.flush()
    object_kind, object_id = ("user", user.id) if user else ("member", None)
    audit(session, _MAILER, "make_link", object_kind=object_kind, object_id=object_id, member_id=owner.member_id, at=now)
    language = (user.language if user else None) or found.language
    return MadeLink(token, owner.address, language, is_new_account=user is None)


def mark_link_sent(session: Session, link_id: int) -> None:
    """The mail with a link was taken by the mail server."""
    session.execute(update(SignInLink).where(SignInLink.id == link_id).values(next_try_at=None, failure=""))


def mark_link_failed(session: Session, link_id: int, failure: str, now: datetime) -> None:
    """The mail with a link was not taken: another is made after a minute, a few times."""
    attempts = session.scalar(select(SignInLink.attempts).where(SignInLink.id == link_id)) or 1
    later = now + timedelta(minutes=1) * attempts if attempts < _MOST_TRIES else None
    session.execute(
        update(SignInLink).where(SignInLink.id == link_id).values(next_try_at=later, failure=failure[:_LONGEST_FAILURE])
    )


def note_link_trouble(session: Session, failure: str, now: datetime) -> None:
    """The mail server cannot be reached at all: told by the wish that waits longest, which loses no try by it."""
    if waiting := due_links(session, now):
        waiting[0].failure = failure[:_LONGEST_FAILURE]
        session.flush()


def links_told(session: Session, now: datetime) -> LinksTold:
    """What became of the links that people asked for within a day."""
    today = SignInLink.asked_at > now - _KEPT
    waits = (SignInLink.next_try_at.is_not(None), SignInLink.asked_at > now - _STALE)
    failures = list(
        session.scalars(
            select(SignInLink.failure)
            .where(today, SignInLink.failure != "", SignInLink.used_at.is_(None))
            .order_by(SignInLink.asked_at.desc(), SignInLink.id.desc())
        )
    )
    # one that a newer one ended looks older than it is; the newer one went out after it
    was_sent = (SignInLink.token_hash.is_not(None), SignInLink.next_try_at.is_(None), SignInLink.failure == "")
    expires_at = session.scalar(select(func.max(SignInLink.expires_at)).where(*was_sent))
    return LinksTold(
        waiting=session.scalar(select(func.count()).select_from(SignInLink).where(*waits)) or 0,
        failed=len(failures),
        failure=failures[0] if failures else "",
        sent_at=expires_at - LASTS if expires_at is not None else None,
    )


def address_of_link(session: Session, token: str, now: datetime) -> str | None:
    """Whom a link that still holds signs in, by their address; None for one that is used, too old or nobody's. Only reads:
    programs that look at mails open links too."""
    link = session.scalar(select(SignInLink).where(SignInLink.token_hash == _hash(token)))
    if link is None or not _holds(link, now):
        return None
    owner = owner_of(session, link.address, now)
    return owner.address if owner is not None and _is_the_same(owner, link) else None


def use_link(session: Session, token: str, address: str, *, today: date, now: datetime) -> SignIn:
    """Sign in by a link: once. A member without a sign-in gets one, with the role member.

    The door commits whatever comes back, for a failure counts once kept. Unknown, used and expired are one answer.

    Args:
        address: the network address it is used from.
    """
    network = address_key(address)
    drop_old_failures(session, now)
    if is_over_limit(session, ["", network], now):
        return SignIn(None, too_many_attempts())
    # of two at once, the second waits here for the first, and then finds it used
    link = session.scalar(
        select(SignInLink)
        .where(SignInLink.token_hash == _hash(token))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    user = _user_by(session, link, today, now) if link is not None and _holds(link, now) else None
    if link is None or user is None:
        count_failures(session, [network], now)
        detail = {"address": address, "by": "link"}
        audit(session, ANYONE, "sign_in_failed", object_kind="user", detail=detail, at=now)
        return SignIn(None, Refused("link_over", _("This link signs nobody in any more.")))
    link.used_at, link.next_try_at = now, None
    forget_failures(session, user.email)
    session.flush()
    return came_in(session, user, {"address": address, "by": "link"}, now, next_path=link.next_path)


def _is_overtaken(session: Session, link: SignInLink) -> bool:
    """Whether a later wish of the same address waits: the mail for that one would end this one's link."""
    later = select(SignInLink.id).where(
        SignInLink.address_key == link.address_key, SignInLink.id > link.id, SignInLink.next_try_at.is_not(None)
    )
    return session.scalar(later.limit(1)) is not None


def _end_others(session: Session, link: SignInLink, now: datetime) -> None:
    """Let only the newest link of a person hold, and answer an address's earlier wishes by it."""
    is_theirs = SignInLink.user_id == link.user_id if link.user_id else SignInLink.member_id == link.member_id
    ends = or_(
        and_(is_theirs, SignInLink.expires_at > now),
        and_(SignInLink.address_key == link.address_key, SignInLink.next_try_at.is_not(None)),
    )
    session.execute(
        update(SignInLink)
        .where(SignInLink.id != link.id, SignInLink.used_at.is_(None), ends)
        .values(expires_at=now, next_try_at=None, failure="")
        .execution_options(synchronize_session=False)
    )


def _holds(link: SignInLink, now: datetime) -> bool:
    return link.used_at is None and link.expires_at is not None and now < link.expires_at


def _is_the_same(owner: Owner, link: SignInLink) -> bool:
    """Whether the address still belongs to whom the link was made for. That of a member without a sign-in went to this very
    address: it opens none that they were given with another since, where a link of today would go."""
    if link.user_id is not None:
        return owner.user is not None and owner.user.id == link.user_id
    return owner.member_id == link.member_id and email_key(owner.address) == email_key(link.address)


def _user_by(session: Session, link: SignInLink, today: date, now: datetime) -> User | None:
    """The user whom a link signs in: made here for a member who has none yet."""
    owner = owner_of(session, link.address, now)
    if owner is None or not _is_the_same(owner, link):
        return None
    return user_of(session, owner, link.language, today, now)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
