"""Mails that could not be sent, so that somebody looks at the address or at the mail server."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.models import Notice


def notices_failed(session: Session) -> tuple[int, datetime | None]:
    """How many mails could not be sent and were not since, and of when the oldest is."""
    count, oldest = session.execute(
        select(func.count(), func.min(Notice.recorded_at)).where(Notice.sent_at.is_(None), Notice.failure != "")
    ).one()
    return count, oldest
