"""What the site does again and again, and how each errand went last."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import Errand

_SKEW = timedelta(minutes=1)  # by so much the clocks of two servers may differ


def errands(session: Session) -> dict[str, Errand]:
    """Every errand that was ever taken or noted, by its name."""
    return {errand.name: errand for errand in session.scalars(select(Errand).order_by(Errand.name))}


def furthest(now: datetime, every: timedelta) -> datetime:
    """Until when an errand may be put off: a row that lies further ahead was written by a clock that was wrong, and keeps
    the errand from nobody."""
    return now + 2 * every + _SKEW


def is_due(session: Session, name: str, now: datetime, every: timedelta) -> bool:
    """Whether it is worth to try to take an errand: most looks find that it is not, and then nothing is written.

    Args:
        every: how long from one to the next.
    """
    next_at = session.scalar(select(Errand.next_at).where(Errand.name == name))
    return next_at is None or next_at <= now or next_at > furthest(now, every)
