"""Who sends what waits, and what became of it.

Several processes may send at once: each claims some notices for a while, and what it has claimed no other touches. Whoever
dies over them loses the claim with its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from tracker.coverage.notices import MOST_TRIES
from tracker.curriculum.keys import email_key
from tracker.models import Member, Notice, NoticeTold
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.notices.keeping import DIGEST, RETURNED, ROLL_UP
from tracker.operations.notices.recipients import recipient_of
from tracker.operations.notices.stopping import stopped_kinds

CLAIM = timedelta(hours=1)  # longer than an import may keep the writer of "sent" waiting
_LONGEST_WAIT = timedelta(hours=4)
_LONGEST_FAILURE = 500
_CLAIMED_AT_ONCE = 200
_OF_LEARNING = frozenset({DIGEST, RETURNED})  # all else was meant for the very address that it was kept for


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many tries: a minute, two, four … four hours."""
    minutes = 1 << min(max(attempts, 1) - 1, 12)
    return min(timedelta(minutes=minutes), _LONGEST_WAIT)


def has_due(session: Session, now: datetime) -> bool:
    """Whether anything is to be sent now."""
    return session.scalar(select(Notice.id).where(*_due(now)).limit(1)) is not None


def claim_notices(session: Session, now: datetime, most: int = _CLAIMED_AT_ONCE) -> list[Notice]:
    """Take the oldest notices that are due, for this process alone and for :data:`CLAIM`; the try counts at once.

    What is told at once goes before digests.
    """
    at_once = Notice.kind.in_((DIGEST, ROLL_UP))
    claimed = list(
        session.scalars(
            select(Notice).where(*_due(now)).order_by(at_once, Notice.id).limit(most).with_for_update(skip_locked=True)
        )
    )
    for notice in claimed:
        notice.attempts += 1
        notice.next_try_at = now + CLAIM
    session.flush()
    return claimed


def readdress(session: Session, notice: Notice, now: datetime) -> bool:
    """Let a claimed mail about a member's learning go to where they are written to by now, in the language it is written in.

    Args:
        now: in the zone by whose days cards are held.

    Returns:
        Whether it may be sent: not where nobody may be written to any more, nor to another address that wants none of its
        kind.
    """
    if notice.kind not in _OF_LEARNING or notice.member_id is None:
        return True
    member = session.get(Member, notice.member_id)
    while member is not None and member.merged_into_id is not None:
        member = session.get(Member, member.merged_into_id)
    recipient = recipient_of(session, member.member_id, now) if member is not None else None
    if recipient is None:
        return False
    if email_key(recipient.address) != email_key(notice.address):
        if notice.kind in stopped_kinds(session, recipient.address):
            return False
        notice.address, notice.failure = recipient.address, ""
    return True


def drop_notice(session: Session, notice: Notice) -> None:
    """Send a claimed mail to nobody. What a digest would have told counts as not told."""
    if notice.kind == DIGEST:
        session.execute(
            delete(NoticeTold).where(NoticeTold.member_id == notice.member_id, NoticeTold.notice_id == notice.id)
        )
    session.delete(notice)


def release_notices(session: Session, ids: Sequence[int]) -> None:
    """Give back what was claimed and not tried."""
    session.execute(
        update(Notice)
        .where(Notice.id.in_(ids), Notice.sent_at.is_(None))
        .values(attempts=Notice.attempts - 1, next_try_at=None)
    )


def retry_notices(session: Session, actor: Actor, now: datetime) -> int:
    """Let everything that failed be tried at once, as if for the first time; how many. What another process is just sending
    is left to it."""
    failed = select(Notice).where(Notice.sent_at.is_(None), Notice.failure != "")
    found = session.scalars(failed.order_by(Notice.id).with_for_update(skip_locked=True)).all()
    for notice in found:
        notice.attempts, notice.next_try_at = 0, None
    session.flush()
    if found:
        audit(session, actor, "retry_notices", object_kind="notice", detail={"notices": len(found)}, at=now)
    return len(found)


def mark_sent(session: Session, notice_id: int, now: datetime) -> None:
    """A notice was taken by the mail server."""
    session.execute(update(Notice).where(Notice.id == notice_id).values(sent_at=now, failure="", next_try_at=None))


def mark_failed(session: Session, notice_id: int, failure: str, now: datetime) -> None:
    """A claimed notice was not taken: it is tried again later, each time after a longer wait, and given up in the end."""
    attempts = session.scalar(select(Notice.attempts).where(Notice.id == notice_id)) or 1
    later = now + wait_after(attempts) if attempts < MOST_TRIES else None
    session.execute(
        update(Notice).where(Notice.id == notice_id).values(failure=failure[:_LONGEST_FAILURE], next_try_at=later)
    )


def note_trouble(session: Session, failure: str, now: datetime) -> None:
    """The mail server cannot be reached at all: told by the oldest notice that waits, which loses no try by it."""
    oldest = session.scalar(select(Notice.id).where(*_due(now)).order_by(Notice.id).limit(1))
    if oldest is not None:
        session.execute(update(Notice).where(Notice.id == oldest).values(failure=failure[:_LONGEST_FAILURE]))


def close_sending(session: Session, sent: int, failed: int, actor: Actor, now: datetime) -> None:
    """Put on record that notices were sent."""
    audit(session, actor, "send_notices", object_kind="notice", detail={"sent": sent, "failed": failed}, at=now)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    is_time = or_(Notice.next_try_at.is_(None), Notice.next_try_at <= now)
    return Notice.sent_at.is_(None), Notice.attempts < MOST_TRIES, is_time
