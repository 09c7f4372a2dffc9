"""What the site does again and again, and how each errand went last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import Errand


def errands(session: Session) -> dict[str, Errand]:
    """Every errand that was ever taken or noted, by its name."""
    return {errand.name: errand for errand in session.scalars(select(Errand).order_by(Errand.name))}


def is_due(session: Session, name: str, now: datetime) -> bool:
    """Whether it is worth to try to take an errand: most looks find that it is not, and then nothing is written."""
    next_at = session.scalar(select(Errand.next_at).where(Errand.name == name))
    return next_at is None or next_at <= now
