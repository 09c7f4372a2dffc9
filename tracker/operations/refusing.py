"""Noting that someone signed in was refused what is not theirs: seldom enough that nobody can fill the disk by asking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import AuditEntry, Member, Unit
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
    asked: Mapping[str, str],
    now: datetime,
) -> bool:
    """Write down that ``actor`` was refused a page: once a minute for each kind of page, and twenty times at most.

    Args:
        page: the kind of page, by its own name.
        asked: what was asked of it, such as the ids in its address; whose record or unit ``member_id`` and ``number`` name
            is looked up. No token, and nothing that was sent.

    Returns:
        Whether it was written.
    """
    recent = select(AuditEntry.detail).where(
        AuditEntry.at > now - SELDOM, AuditEntry.action == ACTION, AuditEntry.actor_id == actor.user_id
    )
    if actor.user_id is None:  # a program, told from others by its role
        recent = recent.where(AuditEntry.actor_role == actor.role)
    known = list(session.scalars(recent.limit(MOST)))
    if len(known) >= MOST or any(each.get("page") == page for each in known):
        return False
    detail = {"page": page, **asked}
    member_id, unit_id = _member(session, asked.get("member_id", "")), _unit(session, asked.get("number", ""))
    audit(session, actor, ACTION, object_kind="page", member_id=member_id, unit_id=unit_id, detail=detail, at=now)
    return True


def _member(session: Session, written: str) -> int | None:
    if not written.isdecimal() or int(written) >= 2**63:
        return None
    return session.scalar(select(Member.member_id).where(Member.member_id == int(written)))


def _unit(session: Session, number: str) -> int | None:
    return session.scalar(select(Unit.id).where(Unit.number == number)) if number else None
