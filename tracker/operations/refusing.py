"""Noting that someone signed in was refused what is not theirs: seldom enough that nobody can fill the disk by asking."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import AuditEntry
from tracker.operations.actor import Actor
from tracker.operations.audit import audit

ACTION = "refused"
SELDOM = timedelta(minutes=1)
MOST = 20  # of one person within that time, over all kinds of page


def note_refusal(
    session: Session,
    actor: Actor,
    page: str,
    *,
    asked: dict[str, Any],
    now: datetime,
    member_id: int | None = None,
    unit_id: int | None = None,
) -> bool:
    """Write down that ``actor`` was refused a page: once a minute for each kind of page, and twenty times at most.

    Args:
        page: the kind of page, by its own name.
        asked: what was asked of it, such as the ids in its address. No token, and nothing that was sent.
        member_id: about whom it is, where that is a member.
        unit_id: of which unit it is, where that is one.

    Returns:
        Whether it was written.
    """
    recent = select(AuditEntry.detail).where(
        AuditEntry.at > now - SELDOM, AuditEntry.action == ACTION, AuditEntry.actor_id == actor.user_id
    )
    known = list(session.scalars(recent.limit(MOST)))
    if len(known) >= MOST or any(each.get("page") == page for each in known):
        return False
    detail = {"page": page, **asked}
    audit(session, actor, ACTION, object_kind="page", member_id=member_id, unit_id=unit_id, detail=detail, at=now)
    return True
