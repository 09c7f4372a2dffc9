"""Whether a member was erased: what is left under their name says nothing of who they were."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import Erasure


def erasure_of(session: Session, member_id: int) -> Erasure | None:
    """A member's erasure; None where they were not erased."""
    return session.scalar(select(Erasure).where(Erasure.member_id == member_id))
