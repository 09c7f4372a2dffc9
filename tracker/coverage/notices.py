"""Mails that wait, that could not be sent, and that went out: so that somebody looks at an address, or the mail server."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.models import Notice

MOST_TRIES = 14  # with the waits between them (`operations.notices.sending`), about a day


class Waiting(NamedTuple):
    """What became of the notices that were not sent."""

    due: int  # to be sent, failed before or not
    failed: int  # of those, tried before without success
    given_up: int
    oldest_at: datetime | None  # since when the oldest of what is to be sent now waits


def is_given_up(notice: Notice) -> bool:
    """Whether a notice is tried no more."""
    return notice.sent_at is None and notice.attempts >= MOST_TRIES


def unsent_notices(session: Session, most: int | None = None) -> list[Notice]:
    """What waits to be sent, the oldest first; what failed before, and what was given up, too."""
    return list(session.scalars(select(Notice).where(Notice.sent_at.is_(None)).order_by(Notice.id).limit(most)))


def waiting(session: Session) -> Waiting:
    """How much waits."""
    tries = session.execute(
        select(Notice.attempts, func.count()).where(Notice.sent_at.is_(None)).group_by(Notice.attempts)
    ).all()
    return Waiting(
        due=sum(count for attempts, count in tries if attempts < MOST_TRIES),
        failed=sum(count for attempts, count in tries if 0 < attempts < MOST_TRIES),
        given_up=sum(count for attempts, count in tries if attempts >= MOST_TRIES),
        oldest_at=session.scalar(select(func.min(Notice.recorded_at)).where(Notice.sent_at.is_(None), Notice.attempts == 0)),
    )


def failing_notices(session: Session, most: int = 50) -> list[Notice]:
    """What was tried without success, the newest first."""
    failing = select(Notice).where(Notice.sent_at.is_(None), Notice.failure != "")
    return list(session.scalars(failing.order_by(Notice.id.desc()).limit(most)))


def last_sent(session: Session) -> datetime | None:
    """When mail last went out."""
    return session.scalar(select(func.max(Notice.sent_at)))


def notices_failed(session: Session) -> tuple[int, datetime | None]:
    """How many mails could not be sent and were not since, and of when the oldest is."""
    count, oldest = session.execute(
        select(func.count(), func.min(Notice.recorded_at)).where(Notice.sent_at.is_(None), Notice.failure != "")
    ).one()
    return count, oldest
