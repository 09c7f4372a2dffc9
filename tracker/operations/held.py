"""Changes that a roster asks for and that could give someone's account away: held until a person decides.

A new e-mail for someone who signs in, an e-mail of theirs for somebody else, a new number that comes with their e-mail. The
old address is told each time, so that whoever reads it can object.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key, member_key
from tracker.language import _, speaking
from tracker.models import HeldChange, Identifier, IdentifierKind, User, WaitingCompletion, new_ids
from tracker.models.loading import in_chunks, load
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.completions.waiting import settle_rows
from tracker.operations.notices import notify
from tracker.operations.notices.keeping import letter, sign_in_stays
from tracker.operations.notices.recipients import written_in
from tracker.operations.own_record import refuse_own
from tracker.operations.refused import Refused

EMAIL, NUMBER = "email", "number"


class Hold(NamedTuple):
    """One change to be held.

    ``told`` are the sign-in addresses that hear of it, each with its member: the member's own, and those of whoever else
    signs in and is known by the e-mail.
    """

    member_id: int
    line: int
    what: str  # EMAIL or NUMBER
    before: str
    after: str
    told: tuple[tuple[str, int], ...]


def hold_changes(session: Session, holds: Sequence[Hold], batch_id: int, now: datetime) -> None:
    """Hold these changes, none of which is held yet, and tell the old addresses."""
    load(
        session,
        "held_change",
        ("id", "batch_id", "member_id", "line", "what", "before", "after", "recorded_at"),
        (
            (its_id, batch_id, hold.member_id, hold.line, hold.what, hold.before, hold.after, now)
            for its_id, hold in zip(new_ids(len(holds)), holds, strict=True)
        ),
    )
    spoken = _languages(session, [address for hold in holds for address, _member in hold.told])
    for hold in holds:
        for address, member_id in hold.told:
            language = spoken.get(email_key(address))
            with speaking(language):
                subject, body = _asked(hold, is_own=member_id == hold.member_id, address=address)
            notify(session, address, member_id, subject, body, now, language=language)


def _languages(session: Session, addresses: Sequence[str]) -> dict[str, str]:
    """By sign-in address: the language of who signs in with it."""
    found: dict[str, str] = {}
    for some in in_chunks(addresses, 500):
        keys = [email_key(each) for each in some]
        rows = session.execute(select(User.email_key, User.language).where(User.email_key.in_(keys)))
        found.update((key, written_in(language)) for key, language in rows)
    return found


def decide_held(session: Session, held: HeldChange, *, accept: bool, actor: Actor, today: date, now: datetime) -> int:
    """Accept a held change, or refuse it; the old address is told.

    An accepted e-mail or number is added to what the member is known by, and reported completions that waited for it count
    at once. The sign-in address never changes here. A refused change is not asked again.

    Returns:
        How many completions had waited for it.

    Raises:
        Refused: ``already_decided``; ``number_taken``, where somebody else has that number by now; ``own_record``: nobody
            says what they themselves are known by.
    """
    session.refresh(held, with_for_update=True)
    if held.decided_at is not None:
        raise Refused("already_decided", _("This was decided already."))
    refuse_own(session, held.member_id, actor)
    if accept:
        _add_identifier(session, held, now)
    held.decided_at, held.decided_by, held.is_accepted = now, actor.user_id, accept
    session.flush()
    settled = _settle(session, held, actor, today, now) if accept else 0
    user = session.scalar(select(User).where(User.member_id == held.member_id).order_by(User.id).limit(1))
    if user is not None:
        language = written_in(user.language)
        with speaking(language):
            subject, body = _decided(held, accept)
        notify(session, user.email, held.member_id, subject, body, now, language=language)
    audit(
        session,
        actor,
        "accept_held_change" if accept else "refuse_held_change",
        object_kind="held_change",
        object_id=held.id,
        member_id=held.member_id,
        detail={"what": held.what, "before": held.before, "after": held.after},
        at=now,
    )
    return settled


def _add_identifier(session: Session, held: HeldChange, now: datetime) -> None:
    is_email = held.what == EMAIL
    kind = IdentifierKind.EMAIL if is_email else IdentifierKind.NUMBER
    value = email_key(held.after) if is_email else member_key(held.after)
    holders = session.scalars(select(Identifier.member_id).where(Identifier.kind == kind, Identifier.value == value)).all()
    if held.member_id in holders:
        return
    if holders and not is_email:
        raise Refused(
            "number_taken",
            _(
                "%(after)s is the number of another member by now. If they are one person, merge the "
                "two; if not, refuse this.",
                after=held.after,
            ),
        )
    session.add(Identifier(kind=kind, value=value, member_id=held.member_id, shown=held.after, recorded_at=now))
    session.flush()


def _settle(session: Session, held: HeldChange, actor: Actor, today: date, now: datetime) -> int:
    """Let reported completions count that had waited for this e-mail or number."""
    rows = select(WaitingCompletion).where(WaitingCompletion.settled_at.is_(None), WaitingCompletion.is_set_aside.is_(False))
    if held.what == EMAIL:
        rows = rows.where(func.lower(WaitingCompletion.email) == email_key(held.after))
    else:
        key = member_key(held.after)
        rows = rows.where(func.lower(func.ltrim(WaitingCompletion.member_number, "0")) == ("" if key == "0" else key))
        rows = rows.where(WaitingCompletion.member_number != "")
    waiting = session.scalars(rows).all()
    if not waiting:
        return 0
    settle_rows(session, waiting, by=actor, today=today, now=now)
    return sum(row.settled_at is not None for row in waiting)


def _asked(hold: Hold, *, is_own: bool, address: str) -> tuple[str, str]:
    """Subject and body of the mail that tells an address what was asked."""
    if hold.what == NUMBER:
        subject = _("A roster gives another member number for you")
        what = _(
            "a roster that your union loaded into the training tracker names %(address)s with the member number %(after)s. "
            "You are known there by the number %(before)s.",
            address=address,
            after=hold.after,
            before=hold.before,
        )
    elif is_own:
        subject = _("A roster gives another e-mail address for you")
        what = _(
            "a roster that your union loaded into the training tracker gives this e-mail address for you: %(after)s. You "
            "sign in as %(address)s.",
            address=address,
            after=hold.after,
        )
    else:
        subject = _("A roster gives your e-mail address for somebody else")
        what = _(
            "a roster that your union loaded into the training tracker gives an address of yours for another member: "
            "%(after)s",
            after=hold.after,
        )
    waits = _("Nothing has changed yet: it waits for the training department to decide.")
    closing = _(
        "If this is right, you need not do anything. If it is not, answer this mail or tell your local: nothing changes "
        "before the training department has looked at it."
    )
    return subject, letter(what, waits, closing, _("Your sign-in address and your password stay as they are."))


def _decided(held: HeldChange, accept: bool) -> tuple[str, str]:
    """Subject and body of the mail that tells what became of it."""
    is_email = held.what == EMAIL
    if is_email:
        gave = _("a roster gave another e-mail address for you: %(after)s", after=held.after)
    else:
        gave = _("a roster gave another member number for you: %(after)s", after=held.after)
    if not accept:
        refused = _("The training department refused it. Nothing has changed.")
        subject = _("The other e-mail address was refused") if is_email else _("The other member number was refused")
        return subject, letter(gave, refused)
    subject = _("Another e-mail address was added for you") if is_email else _("Another member number was added for you")
    accepted = _("The training department accepted it: courses reported with it now count for you.")
    return subject, letter(gave, accepted, sign_in_stays())
