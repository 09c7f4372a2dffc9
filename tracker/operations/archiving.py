"""A member takes everything that is kept about them: noted, and not more often than once a minute."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import AuditEntry, Member
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused

TAKEN = "take_archive"
_AGAIN = timedelta(minutes=1)


def note_archive(session: Session, member: Member, actor: Actor, *, now: datetime) -> None:
    """Write down that a member takes their archive, before it is made.

    Raises:
        Refused: ``too_soon``.
    """
    lock_member(session, member.member_id)
    last = session.scalar(
        select(AuditEntry.at)
        .where(AuditEntry.member_id == member.member_id, AuditEntry.action == TAKEN)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    if last is not None and now - last < _AGAIN:
        raise Refused("too_soon", _("An archive was made for you less than a minute ago. Wait a moment, then ask again."))
    audit(session, actor, TAKEN, object_kind="member", object_id=member.member_id, member_id=member.member_id, at=now)
